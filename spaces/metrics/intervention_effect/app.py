"""A page to try the metric on."""

# Written by `make spaces` from `spaces/metric_sources/intervention_effect.yaml`.

import os

import evaluate
import gradio as gr

metric = evaluate.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "intervention_effect.py"))
EXAMPLE = [[0.29, 0.3, 0.12], [0.41, 0.39, 0.56], [0.2, 0.25, 0.24]]


COLUMNS = {
    "predictions": float,
    "references": float,
    "observed": float,
}
"""Columns of the table, and how to read their cells."""


def score(rows: list[list]) -> dict:
    """Scores a table.

    Args:
        rows: One list for each pair: predicted P(Y | do X), true P(Y | do X), P(Y | X).
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
        headers=list(COLUMNS), value=EXAMPLE, type="array", label="Probabilities of Y, one row a pair"
    ),
    outputs=gr.JSON(label="Scores"),
    title="Intervention effect",
    description=(
        "Predicted P(Y | do X) against the true one: mean absolute error, and whether the change from P(Y "
        "| X) has the right sign."
    ),
)

if __name__ == "__main__":
    demo.launch()
