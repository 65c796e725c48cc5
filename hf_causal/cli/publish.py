"""`hf-causal publish …`: each command reads its arguments, calls one public function and prints what it returned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="publish",
    help="Put data sets, models, metrics and Spaces on the Hub: one commit each, none when nothing changed.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

RepoId = Annotated[str, typer.Option(help="`NAMESPACE/NAME` on the Hub; created when it does not exist.")]
Private = Annotated[bool, typer.Option("--private", help="Make a new repository private.")]
Revision = Annotated[str | None, typer.Option(help="Branch instead of `main`; created when it does not exist.")]
CreatePr = Annotated[bool, typer.Option("--create-pr", help="Open a pull request instead of committing.")]
DryRun = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Write what would be committed to this folder; ask no Hub.")
]

_TOKEN = """
The token is the one that `hf auth login` stored, or `HF_TOKEN`. A publish that was cut off can be repeated: nothing
of it is visible, and what has arrived is not sent again.
"""
DATASET_HELP = f"""
Publish a corpus that `hf-causal build` wrote; `load_dataset(REPO_ID, CONFIG)` then loads it.

The card is made anew, with REPO_ID in its examples. Configs and shards that are gone from PATH are removed from the
repository by the same commit; other files there stay.
{_TOKEN}
Examples:

    hf-causal publish dataset data/axiomatic --repo-id my-lab/axiomatic

    hf-causal publish dataset data/axiomatic --repo-id my-lab/axiomatic --dry-run look
"""
MODEL_HELP = f"""
Publish a model folder; `from_pretrained(REPO_ID, trust_remote_code=True)` then loads it, with or without hf_causal.

Adapters and models that `hf-causal finetune` made load by PEFT or by their Auto class.

Weights, config, code, tokenizer, recipe, log, report, plots, `.eval_results/` and a card made of them go in one
commit. Such files that are gone from PATH are removed from the repository; other files there stay.
{_TOKEN}
Examples:

    hf-causal publish model runs/looped --repo-id my-lab/axiom-looped --private

    hf-causal publish model runs/cpu --repo-id my-lab/axiom-cpu --dataset-id my-lab/axiomatic --create-pr
"""
METRIC_HELP = f"""
Publish a metric as a Space; `evaluate.load(REPO_ID)` then loads it.

NAME in REPO_ID must be the metric's name. What is gone from PATH is removed from the Space.
{_TOKEN}
Example:

    hf-causal publish metric spaces/metrics/generalization_accuracy --repo-id my-lab/generalization_accuracy
"""
SPACE_HELP = f"""
Publish a Space: PATH as it is, without caches and hidden files; what is gone from it is removed.

Data sets and models that its card names without a namespace are linked under that of REPO_ID.
{_TOKEN}
Example:

    hf-causal publish space spaces/demo --repo-id my-lab/demo
"""
ALL_HELP = f"""
Publish every corpus, released model, metric and Space of a checkout, linked to each other, and collect them.

Each gets one commit, or none when it is up to date, so the command can be repeated at any time.
{_TOKEN}
Examples:

    hf-causal build axiomatic --out data/axiomatic && hf-causal publish all --org my-lab

    hf-causal publish all --org my-lab --dry-run look
"""


@app.command(help=DATASET_HELP)
def dataset(
    path: Annotated[Path, typer.Argument(help="Folder that `hf-causal build` wrote.")],
    repo_id: RepoId,
    private: Private = False,
    revision: Revision = None,
    create_pr: CreatePr = False,
    dry_run: DryRun = None,
) -> None:
    _publish("dataset", path, repo_id, dry_run, {}, private=private, revision=revision, create_pr=create_pr)


@app.command(help=MODEL_HELP)
def model(
    path: Annotated[Path, typer.Argument(help="Model folder.")],
    repo_id: RepoId,
    dataset_id: Annotated[
        str | None, typer.Option(help="Its data on the Hub; the corpus under the same namespace when not given.")
    ] = None,
    base_model: Annotated[
        str | None,
        typer.Option(help="Of a fine-tuned model, the id of what it was made from; the recipe's if not given."),
    ] = None,
    private: Private = False,
    revision: Revision = None,
    create_pr: CreatePr = False,
    dry_run: DryRun = None,
) -> None:
    given = {"dataset_id": dataset_id, "base_model": base_model}
    _publish("model", path, repo_id, dry_run, given, private=private, revision=revision, create_pr=create_pr)


@app.command(help=METRIC_HELP)
def metric(
    path: Annotated[Path, typer.Argument(help="Folder of the metric, named as it.")],
    repo_id: RepoId,
    private: Private = False,
    revision: Revision = None,
    create_pr: CreatePr = False,
    dry_run: DryRun = None,
) -> None:
    _publish("metric", path, repo_id, dry_run, {}, private=private, revision=revision, create_pr=create_pr)


@app.command(help=SPACE_HELP)
def space(
    path: Annotated[Path, typer.Argument(help="Folder with `README.md` and the app.")],
    repo_id: RepoId,
    private: Private = False,
    revision: Revision = None,
    create_pr: CreatePr = False,
    dry_run: DryRun = None,
) -> None:
    _publish("space", path, repo_id, dry_run, {}, private=private, revision=revision, create_pr=create_pr)


@app.command("all", help=ALL_HELP)
def everything(
    org: Annotated[str, typer.Option(help="Namespace on the Hub, yours or an organization's.")],
    root: Annotated[Path, typer.Option(help="Checkout of hf_causal, with `model_cards/` and `spaces/`.")] = Path("."),
    data_dir: Annotated[Path, typer.Option(help="Folder that holds a built folder for each corpus.")] = Path("data"),
    private: Private = False,
    dry_run: DryRun = None,
) -> None:
    from hf_causal.hub.publish_all import publish_all, write_dry_run_of_all

    if dry_run:
        for part, paths in write_dry_run_of_all(org, dry_run, root, data_dir):
            typer.echo(f"{part.kind} {part.repo_id}: {len(paths)} files")
        typer.echo(f"Nothing was published; see {dry_run}.")
        return
    for publication in publish_all(org, root, data_dir, private=private):
        typer.echo(f"{publication}")


def _publish(kind: str, path: Path, repo_id: str, dry_run: Path | None, given: dict[str, Any], **options: Any) -> None:
    from hf_causal.hub.publish import PUBLISHERS, write_dry_run

    if dry_run:
        paths = write_dry_run(kind, path, repo_id, dry_run, **given)
        typer.echo(f"Nothing was published; the {len(paths)} files of {kind} {repo_id} are in {dry_run}.")
        return
    typer.echo(f"{PUBLISHERS[kind](path, repo_id, **given, **options)}")
