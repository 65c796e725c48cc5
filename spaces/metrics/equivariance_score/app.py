"""A page to try the metric on."""

import os

import evaluate
import gradio as gr

metric = evaluate.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "equivariance_score.py"))
COLUMNS = ["c0_i0", "c1_i0", "c0_i1", "c1_i1", "kind"]
EXAMPLE = [
    [0.9, 0.2, 0.1, 0.8, "color"],
    [0.9, 0.95, 0.7, 0.96, "count"],
    [0.5, 0.6, 0.7, 0.4, "relation"],
]


def score(rows: list[list]) -> dict:
    """Scores a table of similarities.

    Args:
        rows: One list for each pair: the similarities of caption and image 0 and 0, 1 and 0, 0 and 1, 1 and 1, and the
            kind of change.
    """
    try:
        columns = list(zip(*(row for row in rows if row and row[0] not in (None, "")), strict=True))
        *similarities, kind = columns
        numbers = {
            name: [float(value) for value in values] for name, values in zip(COLUMNS, similarities, strict=False)
        }
        return metric.compute(**numbers, kind=[str(value) for value in kind])
    except (ValueError, TypeError) as error:
        raise gr.Error(f"The table cannot be scored: {error}") from error


demo = gr.Interface(
    fn=score,
    inputs=gr.Dataframe(headers=COLUMNS, value=EXAMPLE, type="array", label="Similarities of captions c and images i"),
    outputs=gr.JSON(label="Scores"),
    title="Equivariance score",
    description="Text, image and group score over everything and per kind of change, each with its standard error. "
    "Chance is 1/4, 1/4 and 1/6.",
)

if __name__ == "__main__":
    demo.launch()
