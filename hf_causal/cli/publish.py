"""`hf-causal publish`: one command for each artifact, and one for all of them."""

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
The token is the one that `hf auth login` stored, or `HF_TOKEN`. An interrupted publish can be repeated: nothing of it
is visible, and uploaded files are not sent again.
"""
DATASET_HELP = f"""
Publish a corpus that `hf-causal build` wrote; `load_dataset(REPO_ID, CONFIG)` then loads it.

The card is rendered again, with REPO_ID in its examples. Configs and shards that are gone from PATH are removed from
the repository by the same commit; other files there stay.
{_TOKEN}
Examples:

    hf-causal publish dataset data/axiomatic --repo-id my-lab/axiomatic

    hf-causal publish dataset data/axiomatic --repo-id my-lab/axiomatic --dry-run look
"""
MODEL_HELP = f"""
Publish a model folder; `from_pretrained(REPO_ID, trust_remote_code=True)` then loads it, with or without hf_causal.

Adapters and models that `hf-causal finetune` made load by PEFT or by their Auto class.

One commit has weights, config, code, tokenizer, recipe, log, report, plots, `.eval_results/` and a card. Those that
are gone from PATH are removed from the repository; other files there stay.
{_TOKEN}
Examples:

    hf-causal publish model runs/looped --repo-id my-lab/axiom-looped --private

    hf-causal publish model runs/cpu --repo-id my-lab/axiom-cpu --dataset-id my-lab/axiomatic --create-pr
"""
METRIC_HELP = f"""
Publish a metric as a Space; `evaluate.load(REPO_ID)` then loads it.

NAME in REPO_ID must be the metric's name. Files that are gone from PATH are removed from the Space.
{_TOKEN}
Example:

    hf-causal publish metric spaces/metrics/generalization_accuracy --repo-id my-lab/generalization_accuracy
"""
SPACE_HELP = f"""
Publish a Space: PATH without caches and hidden files. Files that are gone from PATH are removed from the Space.

Data sets and models that its card names without a namespace are linked under that of REPO_ID.
{_TOKEN}
Example:

    hf-causal publish space spaces/demo --repo-id my-lab/demo
"""
ALL_HELP = f"""
Publish every corpus, released model, metric and Space of a checkout, linked to each other, and collect them.

Each gets one commit, or none when it is up to date; the command can be repeated at any time.
{_TOKEN}
Examples:

    hf-causal build axiomatic --out data/axiomatic && hf-causal publish all --org my-lab

    hf-causal publish all --org my-lab --dry-run look
"""


Folder = Annotated[Path, typer.Argument(help="Folder to publish.")]
DatasetId = Annotated[
    str | None, typer.Option(help="Its data on the Hub; the corpus under the same namespace by default.")
]
BaseModel = Annotated[str | None, typer.Option(help="Id of the model that was fine-tuned; the recipe's by default.")]


@app.command("dataset", help=DATASET_HELP)
@app.command("metric", help=METRIC_HELP)
@app.command("space", help=SPACE_HELP)
def publish_folder(
    context: typer.Context,
    path: Folder,
    repo_id: RepoId,
    private: Private = False,
    revision: Revision = None,
    create_pr: CreatePr = False,
    dry_run: DryRun = None,
) -> None:
    settings = {"private": private, "revision": revision, "create_pr": create_pr}
    _publish(str(context.info_name), path, repo_id, dry_run, settings)


@app.command("model", help=MODEL_HELP)
def publish_model(
    path: Folder,
    repo_id: RepoId,
    dataset_id: DatasetId = None,
    base_model: BaseModel = None,
    private: Private = False,
    revision: Revision = None,
    create_pr: CreatePr = False,
    dry_run: DryRun = None,
) -> None:
    settings = {"private": private, "revision": revision, "create_pr": create_pr}
    _publish("model", path, repo_id, dry_run, settings, dataset_id=dataset_id, base_model=base_model)


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
        for item, paths in write_dry_run_of_all(org, dry_run, root, data_dir):
            typer.echo(f"{item.artifact} {item.repo_id}: {len(paths)} files")
        typer.echo(f"Nothing was published; see {dry_run}.")
        return
    for publication in publish_all(org, root, data_dir, private=private):
        typer.echo(str(publication))


def _publish(
    artifact: str, path: Path, repo_id: str, dry_run: Path | None, settings: dict[str, Any], **options: Any
) -> None:
    from hf_causal.hub.publish import publish, write_dry_run

    if dry_run:
        paths = write_dry_run(artifact, path, repo_id, dry_run, **options)
        typer.echo(f"Nothing was published; the {len(paths)} files of {artifact} {repo_id} are in {dry_run}.")
        return
    typer.echo(str(publish(artifact, path, repo_id, **settings, **options)))
