"""A page to try the metric on."""

# Written by `make spaces` from `spaces/metric_sources/equivariance_score.yaml`.

import os

import evaluate
import gradio as gr

metric = evaluate.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "equivariance_score.py"))
EXAMPLE = [[0.9, 0.2, 0.1, 0.8, "color"], [0.9, 0.95, 0.7, 0.96, "count"], [0.5, 0.6, 0.7, 0.4, "relation"]]


COLUMNS = {
    "c0_i0": float,
    "c1_i0": float,
    "c0_i1": float,
    "c1_i1": float,
    "kind": str,
}
"""Columns of the table, and how to read their cells."""


def score(rows: list[list]) -> dict:
    """Scores a table.

    Args:
        rows: One list for each pair: the similarities of caption and image 0 and 0, 1 and 0, 0 and 1, 1 and 1, and the
            kind of change.
    """
    try:
        filled = [row for row in rows if row and row[0] not in (None, "")]
        if not filled or {len(row) for row in filled} != {len(COLUMNS)}:
            raise ValueError(f"it must have at least one row, and rows of {len(COLUMNS)} cells")
        columns = {
            name: [read(value) for value in column]
            for (name, read), column in zip(COLUMNS.items(), zip(*filled, strict=True), strict=True)
        }
        return metric.compute(**columns)
    except (ValueError, TypeError) as error:
        raise gr.Error(f"The table cannot be scored: {error}") from error


demo = gr.Interface(
    fn=score,
    inputs=gr.Dataframe(
        headers=list(COLUMNS), value=EXAMPLE, type="array", label="Similarities of captions c and images i"
    ),
    outputs=gr.JSON(label="Scores"),
    title="Equivariance score",
    description=(
        "Text, image and group score over everything and per kind of change, each with its standard "
        "error. Chance is 1/4, 1/4 and 1/6."
    ),
)

if __name__ == "__main__":
    demo.launch()
