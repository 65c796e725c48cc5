"""The command line: each command reads its arguments, calls one public function and prints what it returned."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from hf_causal.demo.command import DEMO_HELP, demo
from hf_causal.hardware import share_the_cpu
from hf_causal.hub.commands import app as publish_app

app = typer.Typer(
    name="hf-causal",
    help="Teach transformers causal reasoning from text, and measure exactly how far it generalizes.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.add_typer(publish_app, name="publish")

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""

NumProc = Annotated[
    int | None, typer.Option(help="Processes; all cores when not given. The bytes are the same for any number.")
]
DataDir = Annotated[str | None, typer.Option(help="Folder that `hf-causal build` wrote, or a data set on the Hub.")]
Device = Annotated[str | None, typer.Option(help="For example `cuda` or `cpu`; a GPU where there is one.")]

BUILD_HELP = """
Write a corpus as Parquet with its data set card; `load_dataset(OUT, CONFIG)` loads it.

A build that was interrupted goes on when the same command is given again: finished files stay as they are.

Examples:

    hf-causal build axiomatic --out data/axiomatic

    hf-causal build axiomatic --config transitivity_ts2 --rows 10000000 --out data/large

    hf-causal build axiomatic --config transitivity_generalization --nodes 10,30,60 --seed 7 --out data/other

    hf-causal build corr2cause --config default --config paraphrased --out data/corr2cause

    hf-causal build axiomatic --config transitivity_ts2 --rows 1000000000 --out /shared/large \\
        --engine ray --ray-address auto
"""
TRAIN_HELP = """
Train a recipe in this process and write a complete model folder.

RECIPE is the name of a shipped recipe (see `hf-causal info`) or a YAML file. Every field of a recipe can be
overridden: `--seed 1 --learning-rate 3e-4 --model.num-hidden-layers 6`.

Examples:

    hf-causal train axiom-looped --output-dir runs/looped

    hf-causal train axiom-cpu --output-dir runs/cpu --resume-from-checkpoint latest

    hf-causal train axiom-looped --output-dir runs/looped --push-to-hub --hub-model-id my-lab/axiom-looped

    hf-causal train axiom-looped --output-dir runs/fresh --fresh-rows true

    accelerate launch --multi_gpu --num_processes 8 -m hf_causal.training --recipe axiom-67m-none --output-dir OUT
"""
EVALUATE_HELP = """
Score a model on every generalization split, beside shortcut baselines, and on files of your own.

MODEL is a folder or a model on the Hub: any causal language model, or a sequence classifier with labels No and Yes.
A data file is what `hf-causal verify` reads: JSON lines, JSON, CSV or Parquet with, say, `prompt` and `completion`.

With `--lm` any causal language model is a baseline: by the likelihood of Yes against No, with `--generate` by what it
writes after the paper's instruction, with `--endpoint` by what an OpenAI-compatible server answers. Replies are kept
as they come, so that the same command goes on where it was and pays for no answer twice. The token of an endpoint is
read from `HF_CAUSAL_ENDPOINT_TOKEN`; the stored one goes to Hugging Face's own hosts alone.

Examples:

    hf-causal evaluate runs/cpu --json runs/cpu/generalization.json

    hf-causal evaluate runs/cpu --config none --data questions.jsonl --data more.jsonl

    hf-causal evaluate runs/cpu --limit 50

    hf-causal evaluate runs/separation --config d_separation_generalization

    hf-causal evaluate ORGANIZATION/NAME --corpus corr2cause --config default

    hf-causal evaluate --lm ORGANIZATION/NAME --json likelihood.json

    hf-causal evaluate --lm ORGANIZATION/NAME --generate --shots 4 --limit 50 --report runs/baseline

    hf-causal evaluate --lm NAME --endpoint http://localhost:8000/v1 --concurrency 16 --requests-per-minute 500
"""
VERIFY_HELP = """
Prove or refute every row of any data set in the package's grammars, from nothing but the row's own text.

SOURCE is a Parquet, JSONL, JSON or CSV file, a folder of them, or a data set on the Hub. Rows have a text (`prompt`,
`input`, or `premise` with `question` or `hypothesis`) and a label (`completion`, `label`, `answer`, `relation` or
`output`: Yes/No, 1/0, true/false, entailment/non-entailment).

Defects, which make the exit status 1: labels that the text refutes; rows and labels that cannot be read; certificates
that do not prove their label; columns that contradict each other; the same statements and question with both labels;
cyclic premises and self-loops; questions about a node and itself.

Notes, which leave every row true: questions about nodes that the premise does not name; statements made twice; paths
that come back to a name; names that differ in case alone; duplicate prompts; the balance of labels and the number of
premises. `--strict` counts all notes but the last two as defects.

Examples:

    hf-causal verify data/axiomatic

    hf-causal verify questions.jsonl more.csv --json verified.json

    hf-causal verify questions.jsonl --fix corrected.jsonl

    hf-causal verify tasksource/corr2cause --split test
"""
REPORT_HELP = """
Write the generalization report and its plots into a model folder, and renew the model's card.

Examples:

    hf-causal evaluate runs/cpu --json runs/cpu/generalization.json && hf-causal report runs/cpu

    hf-causal report runs/cpu --scores elsewhere.json

    hf-causal report runs/cpu --beside llama.json
"""
REPRODUCE_HELP = """
The main job: build the corpora, train a recipe, score every generalization split, write the report.

It takes a few minutes on two cores and goes on where it was when it was interrupted.

Examples:

    hf-causal reproduce

    hf-causal reproduce --out runs/decoder --recipe axiom-cpu --seed 1
"""

HARNESS_HELP = """
Print where the tasks for another evaluation harness are: a folder for lm-evaluation-harness, a module for lighteval.

Their rows are those of folders that `hf-causal build` wrote or of data sets on the Hub, named as below. Without a name
lm-evaluation-harness gets the published rows, generated here, and lighteval looks for `data/axiomatic` and
`data/corr2cause`.

Examples:

    lm_eval --include_path "$(hf-causal harness lm-eval)" --tasks hf_causal_transitivity \\
        --model hf --model_args pretrained=MODEL --metadata '{"axiomatic": "data/axiomatic"}'

    HF_CAUSAL_AXIOMATIC=data/axiomatic lighteval accelerate model_name=MODEL \\
        hf_causal_transitivity --custom-tasks "$(hf-causal harness lighteval)"
"""


@app.command(help=BUILD_HELP)
def build(
    corpus: Annotated[str, typer.Argument(help="`axiomatic` or `corr2cause`.")],
    out: Annotated[
        str, typer.Option(help="Folder to write, or a URL such as `hf://datasets/ORG/NAME`; other configs in it stay.")
    ],
    config: Annotated[
        list[str] | None, typer.Option(help="Config to build, may be repeated; all when not given.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the random numbers.")] = 0,
    rows: Annotated[int | None, typer.Option(help="Rows of `train`, for training configs and `balanced`.")] = None,
    validation_rows: Annotated[int | None, typer.Option(help="Rows of `validation`, for training configs.")] = None,
    rows_per_cell: Annotated[
        int | None, typer.Option(help="Questions of each cell, for generalization configs and `balanced`.")
    ] = None,
    nodes: Annotated[str | None, typer.Option(help="Graph sizes instead of the published ones, as `7,15,30`.")] = None,
    name_lengths: Annotated[
        str | None, typer.Option(help="Shortest and longest name, as `1,3`, for training configs.")
    ] = None,
    rows_per_shard: Annotated[int | None, typer.Option(help="Rows of one Parquet file.")] = None,
    num_proc: NumProc = None,
    engine: Annotated[
        str, typer.Option(help="`local`, or `ray` to spread the shards over a Ray cluster. The bytes are the same.")
    ] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option(help="Running Ray cluster to join, `auto` on one of its machines; Ray starts here otherwise."),
    ] = None,
) -> None:
    from functools import partial

    from rich.console import Console
    from rich.table import Table

    from hf_causal.dataset_builders import build as build_corpus

    options = {
        "rows": rows,
        "validation_rows": validation_rows,
        "rows_per_cell": rows_per_cell,
        "nodes": _integers("--nodes", nodes),
        "name_lengths": _integers("--name-lengths", name_lengths, count=2),
        "rows_per_shard": rows_per_shard,
    }
    given = {name: value for name, value in options.items() if value is not None}
    written = build_corpus(
        corpus,
        out,
        config,
        num_proc or _cores(),
        partial(_bar, unit=" rows"),
        engine,
        ray_address,
        seed=seed,
        **given,
    )
    table = Table("config", "split", "rows", "files", "SHA-256 of the rows", title=f"{corpus} in {out}")
    for name, splits in written.items():
        for split, summary in splits.items():
            table.add_row(name, split, f"{summary.rows:,}", str(summary.shards), summary.sha256[:16] + "…")
    Console().print(table)


@app.command(help=TRAIN_HELP, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def train(
    context: typer.Context,
    recipe: Annotated[str, typer.Argument(help="Name of a shipped recipe, or a YAML file.")],
    output_dir: Annotated[Path, typer.Option(help="Folder for the model and its checkpoints.")],
    data_dir: DataDir = None,
    resume_from_checkpoint: Annotated[str | None, typer.Option(help="`latest`, or a checkpoint folder.")] = None,
    report_to: Annotated[str, typer.Option(help="`none` or `trackio`.")] = "none",
    stop_at_step: Annotated[int | None, typer.Option(help="Save and stop after this step, to go on later.")] = None,
    push_to_hub: Annotated[bool, typer.Option("--push-to-hub", help="Publish the trained model.")] = False,
    hub_model_id: Annotated[str | None, typer.Option(help="`NAMESPACE/NAME` to publish it as.")] = None,
    hub_private_repo: Annotated[
        bool, typer.Option("--hub-private-repo", help="Make a new repository private.")
    ] = False,
) -> None:
    from hf_causal.training.recipes import load_recipe, parse_overrides

    if push_to_hub:
        from hf_causal.hub.publish import check_destination

        check_destination(hub_model_id)
    chosen = load_recipe(recipe, parse_overrides(context.args))
    from hf_causal.training.loop import train as train_recipe

    result = train_recipe(chosen, output_dir, data_dir, resume_from_checkpoint, report_to, stop_at_step)
    if result.steps < result.total_steps:
        typer.echo(
            f"Stopped at step {result.steps} of {result.total_steps}; go on with --resume-from-checkpoint latest."
        )
    else:
        typer.echo(
            f"Model in {result.output_dir}: in-family validation accuracy {result.best_accuracy:.4f} "
            f"(step {result.best_step} of {result.total_steps}, {result.seconds / 60:.1f} min of training)."
        )
        if push_to_hub and hub_model_id:
            from hf_causal.hub.publish import publish_model

            typer.echo(f"{publish_model(output_dir, hub_model_id, private=hub_private_repo)}")


@app.command(help=EVALUATE_HELP)
def evaluate(
    model: Annotated[str | None, typer.Argument(help="Model folder, or model on the Hub.")] = None,
    corpus: Annotated[str, typer.Option(help="`axiomatic` or `corr2cause`.")] = "axiomatic",
    config: Annotated[str, typer.Option(help="Config to score, or `none`.")] = "transitivity_generalization",
    data: Annotated[list[Path] | None, typer.Option(help="File to score, may be repeated.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="File for the scores of every cell.")] = None,
    report_out: Annotated[Path | None, typer.Option("--report", help="Folder for a report with its plots.")] = None,
    data_dir: DataDir = None,
    limit: Annotated[int | None, typer.Option(help="At most this many questions of each cell.")] = None,
    device: Device = None,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Let a model from the Hub bring its own code.")
    ] = False,
    lm: Annotated[
        str | None, typer.Option(help="Any causal language model, or the name that an endpoint has for it.")
    ] = None,
    endpoint: Annotated[str | None, typer.Option(help="URL of an OpenAI-compatible server to ask `--lm` at.")] = None,
    generate: Annotated[bool, typer.Option("--generate", help="Read what `--lm` writes, not likelihoods.")] = False,
    shots: Annotated[int, typer.Option(help="Examples from the training split before each question of `--lm`.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the choice of examples.")] = 0,
    chat_template: Annotated[bool, typer.Option(help="Use the chat template where the tokenizer has one.")] = True,
    max_new_tokens: Annotated[int, typer.Option(help="Of a written answer.")] = 16,
    answers: Annotated[Path | None, typer.Option(help="Folder that keeps the replies of `--lm`.")] = None,
    concurrency: Annotated[int, typer.Option(help="Questions that an endpoint is asked at the same time.")] = 8,
    requests_per_minute: Annotated[float | None, typer.Option(help="Most requests to an endpoint.")] = None,
) -> None:
    from functools import partial

    from hf_causal.evaluation.console import print_scores
    from hf_causal.files import write_json

    if (model is None) == (lm is None):
        raise ValueError("give either MODEL, which was trained on these questions, or `--lm`, any language model")
    if endpoint and lm is None:
        raise ValueError("`--endpoint` needs `--lm`, the name that the server has for the model")
    if lm is None:
        from hf_causal.evaluation.evaluate import evaluate_model

        run = partial(evaluate_model, str(model))
    else:
        from hf_causal.evaluation.language_models import evaluate_language_model

        run = partial(
            evaluate_language_model,
            lm,
            endpoint=endpoint,
            generate=generate,
            shots=shots,
            seed=seed,
            chat_template=chat_template,
            max_new_tokens=max_new_tokens,
            answers=answers,
            concurrency=concurrency,
            requests_per_minute=requests_per_minute,
        )
    scores = run(
        corpus=corpus,
        config=None if config == "none" else config,
        data_dir=data_dir,
        files=data or (),
        limit=limit,
        device=device,
        trust_remote_code=trust_remote_code,
        progress=_bar,
    )
    if json_out:
        write_json(json_out, scores)
    print_scores(scores)
    if report_out:
        from hf_causal.evaluation.report import write_page

        typer.echo(f"Report in {write_page(report_out, scores)}.")


@app.command(help=VERIFY_HELP)
def verify(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE…", help="Files, folders or data sets on the Hub.")],
    config: Annotated[str | None, typer.Option(help="Only this config of a folder or data set.")] = None,
    split: Annotated[str | None, typer.Option(help="Only this split of a folder or data set.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="File for everything that was found.")] = None,
    fix: Annotated[
        Path | None,
        typer.Option(help="File or folder for a corrected twin; its column `verify_change` says what was changed."),
    ] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Leave rows that cannot be mended out of the twin.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with status 1 for notes, too.")] = False,
) -> int:
    from hf_causal.files import write_json
    from hf_causal.verification import fix as write_twins
    from hf_causal.verification import verify as run
    from hf_causal.verification.console import print_report

    if drop and not fix:
        raise ValueError("`--drop` leaves rows out of the twin that `--fix` writes: give `--fix` too")
    # First, since a target that cannot be written is a mistake to be told before anything else.
    twins = write_twins(sources, fix, config, split, drop, progress=_slow_bar) if fix else []
    report = run(sources, config, split, progress=_slow_bar)
    if json_out:
        write_json(json_out, report.to_dict())
    print_report(report)
    for twin in twins:
        counts = (
            f"{twin.num_changed:,} corrected, {twin.num_marked:,} marked as defective, {twin.num_dropped:,} left out"
        )
        typer.echo(f"{twin.path}: {twin.num_rows:,} rows, {counts}.")
    return 0 if report.is_clean and not (strict and report.has_notes) else 1


@app.command(help=REPORT_HELP)
def report(
    model: Annotated[Path, typer.Argument(help="Model folder.")],
    scores: Annotated[
        Path | None, typer.Option(help="What `evaluate --json` wrote; the folder's own otherwise.")
    ] = None,
    beside: Annotated[
        list[Path] | None,
        typer.Option(help="What `evaluate --lm … --json` wrote, for rows beside the published ones; may be repeated."),
    ] = None,
) -> None:
    import json

    from hf_causal.evaluation.report import write_report

    def read(path: Path) -> dict:
        if not path.is_file():
            raise FileNotFoundError(f"no scores file {str(path)!r}")
        return json.loads(path.read_text(encoding="utf-8"))

    written = write_report(model, read(scores) if scores else None, [read(path) for path in beside or ()])
    typer.echo(f"Report in {written}, pictures beside it, card renewed.")


@app.command(help=REPRODUCE_HELP, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def reproduce(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for the data set, the model and the report.")] = Path(
        "runs/reproduce"
    ),
    recipe: Annotated[str, typer.Option(help="Recipe to train.")] = "axiom-looped",
    rows_per_cell: Annotated[int | None, typer.Option(help="Questions of each generalization cell.")] = None,
    num_proc: NumProc = None,
) -> None:
    from hf_causal.evaluation.console import print_scores
    from hf_causal.reproduce import reproduce as run
    from hf_causal.training.recipes import load_recipe, parse_overrides

    chosen = load_recipe(recipe, parse_overrides(context.args))
    scores = run(chosen, out, rows_per_cell, num_proc or _cores(), progress=_bar, say=typer.echo)
    print_scores(scores)
    typer.echo(
        f"Model and card in {out / 'model'}, report in {out / 'model' / 'report.md'}, data set in {out / 'data'}."
    )


@app.command(help=HARNESS_HELP)
def harness(name: Annotated[str, typer.Argument(help="`lm-eval` or `lighteval`.")]) -> None:
    from hf_causal.harnesses import harness_path

    typer.echo(harness_path(name))


@app.command()
def info() -> None:
    """Show versions, hardware, recipes and corpora.

    Example:

        hf-causal info
    """
    from importlib.metadata import version

    from rich.console import Console
    from rich.table import Table

    from hf_causal.corpora import CORPORA, config_names, get_config
    from hf_causal.hardware import describe_hardware
    from hf_causal.training.recipes import load_recipe, recipe_names

    packages = (
        "hf-causal",
        "torch",
        "transformers",
        "datasets",
        "accelerate",
        "evaluate",
        "tokenizers",
        "numpy",
        "pyarrow",
    )
    table = Table("what", "name", "detail", title="hf_causal")
    table.add_row("hardware", "", describe_hardware())
    for package in packages:
        table.add_row("version", package, version(package))
    for name in recipe_names():
        table.add_row("recipe", name, load_recipe(name).description)
    for corpus in CORPORA:
        for name in config_names(corpus):
            table.add_row(f"corpus {corpus}", name, get_config(corpus, name).description)
    Console().print(table)


app.command(help=DEMO_HELP)(demo)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns its exit status: 0, 1 for a failed check, 2 for a user's mistake."""
    # Progress bars of the libraries underneath would fight with the ones shown here.
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    share_the_cpu()
    command = typer.main.get_command(app)
    try:
        status = command.main(args=arguments, prog_name="hf-causal", standalone_mode=False)
        if status == INTERRUPTED:  # typer ends an interrupted command without a word
            again = "`build`, `reproduce` and `evaluate --lm` go on where they were"
            again = f"{again}, `train` with --resume-from-checkpoint latest"
            typer.echo(f"\ninterrupted: {again}", err=True)
        return status if isinstance(status, int) else 0
    except (ValueError, FileNotFoundError, NotADirectoryError, PermissionError) as error:
        return _fail(str(error), 2)
    except (ArithmeticError, ConnectionError) as error:
        return _fail(str(error), 1)
    except Exception as error:
        # Click's own usage errors; typer vendors click, so they are known by what they carry.
        if hasattr(error, "format_message"):
            return _fail(error.format_message(), 2)
        raise


def _fail(message: str, status: int) -> int:
    typer.echo(f"error: {' '.join(message.split())}", err=True)
    return status


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _integers(option: str, text: str | None, count: int | None = None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        values = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"`{option}` must be whole numbers separated by commas, got {text!r}") from None
    if count is not None and len(values) != count:
        raise ValueError(f"`{option}` must be {count} numbers, got {text!r}")
    return values


def _bar(what: str, total: int, unit: str = "it"):
    from tqdm.auto import tqdm

    return tqdm(total=total, desc=what, unit=unit, unit_scale=True).update


def _slow_bar(what: str, total: int | None):
    from tqdm.auto import tqdm

    return tqdm(total=total, desc=what, unit=" rows", unit_scale=True, delay=2).update


if __name__ == "__main__":
    sys.exit(main())
