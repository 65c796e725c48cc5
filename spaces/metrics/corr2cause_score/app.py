"""A page to try the metric on."""

import os

import evaluate
import gradio as gr

metric = evaluate.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "corr2cause_score.py"))
COLUMNS = ["predictions", "references", "relation", "num_nodes"]
EXAMPLE = [
    [1, 1, "parent", 3],
    [1, 0, "child", 4],
    [0, 1, "has_collider", 4],
    [0, 0, "has_confounder", 5],
]


def score(rows: list[list]) -> dict:
    """Scores a table of answers.

    Args:
        rows: One list for each question: prediction, reference, relation, number of variables.
    """
    try:
        columns = list(zip(*(row for row in rows if row and row[0] not in (None, "")), strict=True))
        predictions, references, relation, nodes = columns
        return metric.compute(
            predictions=[int(value) for value in predictions],
            references=[int(value) for value in references],
            relation=[str(value) for value in relation],
            num_nodes=[int(value) for value in nodes],
        )
    except (ValueError, TypeError) as error:
        raise gr.Error(f"The table cannot be scored: {error}") from error


demo = gr.Interface(
    fn=score,
    inputs=gr.Dataframe(headers=COLUMNS, value=EXAMPLE, type="array", label="Answers, 0 for No and 1 for Yes"),
    outputs=gr.JSON(label="Scores"),
    title="Corr2Cause score",
    description="Accuracy, and precision, recall and F1 of Yes, over everything, per relation and per number of "
    "variables, each with its standard error.",
)

if __name__ == "__main__":
    demo.launch()
