"""A page to try the metric on."""

# Written by `make spaces` from `spaces/metric_sources/invariance.yaml`.

import json
import os

import evaluate
import gradio as gr

metric = evaluate.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "invariance.py"))
EXAMPLE = [
    "[[1.1, 0, 0], [0, 0.2, 0], [0, 0, 0]]",
    "[[1, 0, 0], [0, 0, 0], [0, 0, 0]]",
    "[[[0, 0, 0], [0, 3, 0], [0, 0, 0]], [[0, 0, 0], [0, -1, 0], [0, 0, 0]]]",
]


def score(estimate: str, invariant: str, spurious: str) -> dict:
    """Scores one estimated matrix.

    Args:
        estimate: The estimate, a symmetric matrix as JSON.
        invariant: The matrix that is the same in all environments, as JSON.
        spurious: The list of the matrices that the environments add to it, as JSON.
    """
    try:
        return metric.compute(
            predictions=[json.loads(estimate)], references=[json.loads(invariant)], spurious=[json.loads(spurious)]
        )
    except (ValueError, TypeError) as error:
        raise gr.Error(f"The matrices cannot be scored: {error}") from error


demo = gr.Interface(
    fn=score,
    inputs=[
        gr.Textbox(EXAMPLE[0], label="Estimate"),
        gr.Textbox(EXAMPLE[1], label="Invariant matrix"),
        gr.Textbox(EXAMPLE[2], label="Spurious matrices, one for each environment"),
    ],
    outputs=gr.JSON(label="Scores"),
    title="Invariance",
    description=(
        "Distances of an estimated matrix to the invariant one and to what pooling the environments estimates."
    ),
)

if __name__ == "__main__":
    demo.launch()
