"""A page to try the metric on."""

# Written by `make spaces` from `spaces/metric_sources/corr2cause_score.yaml`.

import os

import evaluate
import gradio as gr

metric = evaluate.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "corr2cause_score.py"))
EXAMPLE = [[1, 1, "parent", 3], [1, 0, "child", 4], [0, 1, "has_collider", 4], [0, 0, "has_confounder", 5]]


COLUMNS = {
    "predictions": int,
    "references": int,
    "relation": str,
    "num_nodes": int,
}
"""Columns of the table, and how to read their cells."""


def score(rows: list[list]) -> dict:
    """Scores a table.

    Args:
        rows: One list for each question: prediction, reference, relation, number of variables.
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
    title="Corr2Cause score",
    description=(
        "Accuracy, and precision, recall and F1 of Yes, over everything, per relation and per number of "
        "variables, each with its standard error."
    ),
)

if __name__ == "__main__":
    demo.launch()
