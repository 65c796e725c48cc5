"""A page to try the metric on."""

import os

import evaluate
import gradio as gr

metric = evaluate.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "generalization_accuracy.py"))
COLUMNS = ["predictions", "references", "split", "structure", "num_nodes", "branching_factor"]
EXAMPLE = [
    [1, 1, "sequential", "sequential", 7, None],
    [0, 0, "sequential", "sequential", 7, None],
    [0, 1, "branching", "branching", 12, 1.4],
]


def score(rows: list[list]) -> dict:
    """Scores a table of answers.

    Args:
        rows: One list for each question: prediction, reference, split, structure, number of nodes, branching factor.
    """
    try:
        columns = list(zip(*(row for row in rows if row and row[0] not in (None, "")), strict=True))
        predictions, references, split, structure, nodes, factors = columns
        return metric.compute(
            predictions=[int(value) for value in predictions],
            references=[int(value) for value in references],
            split=list(split),
            structure=list(structure),
            num_nodes=[int(value) for value in nodes],
            branching_factor=[float(value) if value not in (None, "") else None for value in factors],
        )
    except (ValueError, TypeError) as error:
        raise gr.Error(f"The table cannot be scored: {error}") from error


demo = gr.Interface(
    fn=score,
    inputs=gr.Dataframe(headers=COLUMNS, value=EXAMPLE, type="array", label="Answers, 0 for No and 1 for Yes"),
    outputs=gr.JSON(label="Scores"),
    title="Generalization accuracy",
    description="Accuracy per cell, per split and overall, each with n, standard error and chance-centred accuracy.",
)

if __name__ == "__main__":
    demo.launch()
