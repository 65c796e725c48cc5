"""Prints a comparison on the command line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hf_causal.systems.interventions.comparison import Interval, PairRow
from hf_causal.systems.interventions.sources import Source


def print_pairs(source: Source, rows: Sequence[PairRow], weights: str = "normalised") -> None:
    """Prints the rows, the confounder, and remarks on rows that need care."""
    console, observations = Console(), source.observations
    known = any(row.relation is not None for row in rows)
    table = Table(
        *("X → Y", "P(Y | X)", "P(Y | do X)", "change"),
        *(["true", "effect"] if known else []),
        box=SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
        title=f"{source.name}: {len(observations.present):,} images, adjusted for {_confounder_text(source)}",
        title_justify="left",
    )
    for row in rows:
        cells = [
            f"{row.cause} → {row.effect}",
            _with_ends(row.observed, row.observed_interval),
            _with_ends(row.intervened, row.intervened_interval),
            _with_ends(row.change, row.change_interval, "+"),
        ]
        if known:
            cells += ["–", "–"] if row.true_intervened is None else [_short(row.true_intervened), str(row.relation)]
        table.add_row(*cells)
    console.print(table)
    for remark in remarks(rows, weights):
        console.print(remark, markup=False, highlight=False, soft_wrap=True)


def remarks(rows: Sequence[PairRow], weights: str = "normalised") -> list[str]:
    """Returns one sentence for each row, or type of row, that needs care."""
    sentences = []
    for row in rows:
        if row.empty:
            low, high = row.bounds
            strata = f"{', '.join(row.empty[:4])}{f' and {len(row.empty) - 4} more' if len(row.empty) > 4 else ''}"
            sentences.append(
                f"{row.cause} → {row.effect}: {row.cause} was never seen with {strata}; left out, and whatever is so "
                f"there P(Y | do X) lies in {low:.2f} … {high:.2f}."
            )
    if any(row.relation == "reversed" for row in rows):
        sentences.append(
            "reversed: Y has an effect on X in this system, which no counts can tell; adjusting does not give the "
            "true value then."
        )
    if weights == "published":
        sentences.append("Weights as published: they need not sum to one, so P(Y | do X) may exceed one.")
    return sentences


def _confounder_text(source: Source) -> str:
    strata = len(source.observations.strata)
    if (source.observations.own >= 0).any():
        return f"the other objects ({strata} kinds)"
    return f"{source.confounder} ({strata} of them)"


def _with_ends(value: float, ends: Interval, sign: str = "") -> str:
    return f"{_short(value, sign)} ({_short(ends[0], sign)} {_short(ends[1], sign)})"


def _short(value: float, sign: str = "") -> str:
    """Formats with two decimals and without the leading zero, so that a row fits into 80 columns."""
    return f"{value:{sign}.2f}".replace("0.", ".", 1) if abs(value) < 0.995 else f"{value:{sign}.2f}"
