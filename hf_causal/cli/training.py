"""`hf-causal train` and `hf-causal reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_causal.cli.options import DataDir, NumProc, bar, cores

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

REPRODUCE_HELP = """
The main job: build the corpora, train a recipe, score every generalization split, write the report.

It takes a few minutes on two cores and goes on where it was when it was interrupted.

Examples:

    hf-causal reproduce

    hf-causal reproduce --out runs/decoder --recipe axiom-cpu --seed 1
"""


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
    scores = run(chosen, out, rows_per_cell, num_proc or cores(), progress=bar, say=typer.echo)
    print_scores(scores)
    typer.echo(
        f"Model and card in {out / 'model'}, report in {out / 'model' / 'report.md'}, data set in {out / 'data'}."
    )
