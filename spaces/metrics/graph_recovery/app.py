"""A page to try the metric on."""

# Written by `make spaces` from `spaces/metric_sources/graph_recovery.yaml`.

import os

import evaluate
import gradio as gr

metric = evaluate.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "graph_recovery.py"))
EXAMPLE = [["1", ""], ["0.9 0.1", "0"], ["0.3 0.6 0.1", "0"], ["0.1 0.1 0.7 0.1", "2"]]
COLUMNS = ("weights", "parents")


def score(rows: list[list]) -> dict:
    """Scores the attention of one head on one graph.

    Args:
        rows: One list for each position: its weights on the positions up to itself, and its parents, both with spaces
            between them.
    """
    try:
        filled = [row for row in rows if row and row[0] not in (None, "")]
        weights = [[float(value) for value in str(row[0]).split()] for row in filled]
        parents = [[int(value) for value in str(row[1] if row[1] is not None else "").split()] for row in filled]
        padded = [row + [0.0] * (len(filled) - len(row)) for row in weights]
        return metric.compute(predictions=[[padded]], references=[parents])
    except (ValueError, TypeError) as error:
        raise gr.Error(f"The table cannot be scored: {error}") from error


demo = gr.Interface(
    fn=score,
    inputs=gr.Dataframe(headers=list(COLUMNS), value=EXAMPLE, type="array", label="Positions from 0 on"),
    outputs=gr.JSON(label="Scores"),
    title="Graph recovery",
    description=(
        "How much of a latent causal graph an attention map holds: weight on the true parents, and "
        "precision, recall, F1 and Hamming distance of the edges that can be read from it."
    ),
)

if __name__ == "__main__":
    demo.launch()
