"""`hf-causal report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

REPORT_HELP = """
Write the generalization report and its plots into a model folder, and renew the model's card.

Examples:

    hf-causal evaluate runs/cpu --json runs/cpu/generalization.json && hf-causal report runs/cpu

    hf-causal report runs/cpu --scores elsewhere.json

    hf-causal report runs/cpu --beside llama.json
"""


def report(
    model: Annotated[Path, typer.Argument(help="Model folder.")],
    scores: Annotated[
        Path | None, typer.Option(help="File that `evaluate --json` wrote; that of the folder if left out.")
    ] = None,
    beside: Annotated[
        list[Path] | None,
        typer.Option(help="File of another model on the same config, for rows of the tables; may be repeated."),
    ] = None,
) -> None:
    from hf_causal.evaluation.report_files import parse_scores, write_model_report
    from hf_causal.evaluation.scores import Scores, read_scores

    own = parse_scores(read_scores(scores)) if scores else None
    others = [Scores.from_json(read_scores(path)) for path in beside or ()]
    typer.echo(f"Report in {write_model_report(model, own, others)}, with its figures; card renewed.")
