"""`hf-causal reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_causal.cli.options import NumProc, bar

REPRODUCE_HELP = """
The main job: build the corpora, train a recipe, score every generalization split, write the report.

It takes a minute and a half on two cores and resumes after an interruption.

Examples:

    hf-causal reproduce

    hf-causal reproduce --out runs/decoder --recipe axiom-cpu --seed 1
"""


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
    from hf_causal.training.recipe import load_recipe, parse_overrides
    from hf_causal.utils.hardware import cores

    loaded = load_recipe(recipe, parse_overrides(context.args))
    scores = run(loaded, out, rows_per_cell, num_proc or cores(), progress=bar, say=typer.echo)
    print_scores(scores)
    typer.echo(
        f"Model and card in {out / 'model'}, report in {out / 'model' / 'report.md'}, data set in {out / 'data'}."
    )
