from pathlib import Path

import evaluate
import pytest

METRIC = Path(__file__).resolve().parents[2] / "spaces" / "metrics" / "generalization_accuracy"
CELLS = {
    "split": ["sequential", "sequential", "branching"],
    "structure": ["sequential", "sequential", "branching"],
    "num_nodes": [7, 7, 12],
    "branching_factor": [None, None, 1.4],
}


@pytest.fixture(scope="module")
def metric():
    return evaluate.load(str(METRIC))


def test_the_metric_loads_by_path_and_scores_cells(metric):
    scores = metric.compute(predictions=[1, 0, 0], references=[1, 0, 1], **CELLS)
    assert (scores["n"], scores["accuracy"]) == (3, pytest.approx(2 / 3))
    cell = scores["splits"]["branching"]["cells"][0]
    assert (cell["num_nodes"], cell["branching_factor"], cell["accuracy"]) == (12, 1.4, 0.0)
    assert scores["splits"]["sequential"]["cells"][0]["branching_factor"] is None


def test_batches_add_up(metric):
    for index in range(3):
        row = {name: [values[index]] for name, values in CELLS.items()}
        metric.add_batch(predictions=[1], references=[index % 2], **row)
    assert metric.compute()["splits"]["sequential"]["accuracy"] == 0.5


def test_a_refusal_to_answer_is_wrong(metric):
    assert metric.compute(predictions=[-1, -1, -1], references=[0, 1, 0], **CELLS)["accuracy"] == 0


def test_the_folder_is_a_space():
    names = {path.name for path in METRIC.iterdir()}
    assert {"README.md", "app.py", "requirements.txt", "generalization_accuracy.py"} <= names
    assert "sdk: gradio" in (METRIC / "README.md").read_text()
