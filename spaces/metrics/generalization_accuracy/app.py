"""A page to try the metric on."""

# Written by `make spaces` from `spaces/metric_sources/generalization_accuracy.yaml`.

import os

import evaluate
import gradio as gr

metric = evaluate.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "generalization_accuracy.py"))
EXAMPLE = [
    [1, 1, "sequential", "sequential", 7, None],
    [0, 0, "sequential", "sequential", 7, None],
    [0, 1, "branching", "branching", 12, 1.4],
]


def number_or_none(value):
    """Reads a cell of the table that may be empty."""
    return None if value in (None, "") else float(value)


COLUMNS = {
    "predictions": int,
    "references": int,
    "split": str,
    "structure": str,
    "num_nodes": int,
    "branching_factor": number_or_none,
}
"""Columns of the table, and how to read their cells."""


def score(rows: list[list]) -> dict:
    """Scores a table.

    Args:
        rows: One list for each question: prediction, reference, split, structure, number of nodes, branching factor.
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
    inputs=gr.Dataframe(headers=list(COLUMNS), value=EXAMPLE, type="array", label="Answers, 0 for No and 1 for Yes"),
    outputs=gr.JSON(label="Scores"),
    title="Generalization accuracy",
    description="Accuracy per cell, per split and overall, each with n, standard error and chance-centred accuracy.",
)

if __name__ == "__main__":
    demo.launch()
