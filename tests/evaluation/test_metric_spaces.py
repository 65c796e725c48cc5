"""Metric Spaces: whole folders whose own cases hold, and whose page starts as it is published."""

import os
import re
import runpy
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import evaluate
import pytest
import yaml

from hf_causal.hub.publish import write_dry_run

ROOT = Path(__file__).resolve().parents[2]


def imports_here(metric: Path) -> bool:
    """Returns whether the modules that a metric needs are in this checkout: a sister system's may be gone."""
    modules = re.findall(r"^from (hf_causal\S*) import", (metric / f"{metric.name}.py").read_text(), re.MULTILINE)
    return all((ROOT / f"{module.replace('.', '/')}.py").is_file() for module in modules)


METRICS = sorted(path for path in (ROOT / "spaces" / "metrics").iterdir() if path.is_dir() and imports_here(path))
each_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda path: path.name)
START_SECONDS = 120
TABLES = {
    "generalization_accuracy": (
        ["predictions", "references", "split", "structure", "num_nodes", "branching_factor"],
        [[1, 1, "sequential", "sequential", 7, None], [0, 1, "branching", "branching", 12, 1.4]],
    ),
    "corr2cause_score": (
        ["predictions", "references", "relation", "num_nodes"],
        [[1, 1, "parent", 4], [0, 1, "child", 5]],
    ),
    "intervention_effect": (["predictions", "references", "observed"], [[0.3, 0.3, 0.1], [0.2, 0.4, 0.3]]),
    "equivariance_score": (
        ["c0_i0", "c1_i0", "c0_i1", "c1_i1", "kind"],
        [[0.9, 0.2, 0.1, 0.8, "color"], [0.5, 0.6, 0.4, 0.9, "count"]],
    ),
    "graph_recovery": (["weights", "parents"], [["1", ""], ["0.9 0.1", "0"], ["0.3 0.6 0.1", "0"]]),
}
"""What is typed into the page of each metric: two answers, pairs or edges, the second of them wrong."""


@each_metric
def test_a_metric_space_is_complete(metric):
    files = {path.name for path in metric.iterdir()}
    assert {"README.md", "app.py", "requirements.txt", "tests.py", f"{metric.name}.py"} <= files
    card = yaml.safe_load((metric / "README.md").read_text().split("---")[1])
    assert (card["sdk"], card["app_file"]) == ("gradio", "app.py") and "metric" in card["tags"]
    required = (metric / "requirements.txt").read_text()
    assert "gradio" in required and "evaluate" in required


@each_metric
def test_its_cases_hold(metric):
    cases = runpy.run_path(str(metric / "tests.py"))["test_cases"]
    assert cases
    module = evaluate.load(str(metric))
    for case in cases:
        scores = module.compute(**case["inputs"])
        assert {name: scores[name] for name in case["result"]} == pytest.approx(case["result"])
        for split, accuracy in case.get("splits", {}).items():
            assert scores["splits"][split]["accuracy"] == pytest.approx(accuracy)


@each_metric
def test_an_empty_input_is_an_error_that_says_so(metric):
    module = evaluate.load(str(metric))
    with pytest.raises(ValueError, match="at least"):
        module.compute(**{name: [] for name in module.features})


@pytest.mark.parametrize("rows", [[], [["", None]], [[None] * 6], [[1, 1]], [[1] * 7]])
@each_metric
def test_the_page_refuses_an_empty_or_ragged_table(metric, rows):
    gradio = pytest.importorskip("gradio")
    if metric.name in ("invariance", "graph_recovery"):
        score, arguments = runpy.run_path(str(metric / "app.py"))["score"], ["[]"] * 3
        if metric.name == "graph_recovery":
            arguments = [rows]
    else:
        score, arguments = runpy.run_path(str(metric / "app.py"))["score"], [rows]
    with pytest.raises(gradio.Error, match="cannot be scored"):
        score(*arguments)


@pytest.fixture
def app(metric, tmp_path, monkeypatch):
    """The `app.py` of a metric, among the files that would be published."""
    pytest.importorskip("gradio")
    write_dry_run("metric", metric, f"causal-lab/{metric.name}", tmp_path / metric.name)
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    return tmp_path / metric.name / "app.py"


@pytest.fixture
def page(app, monkeypatch):
    """The address of a metric's page, which runs in this process."""
    import gradio

    monkeypatch.setattr(gradio.Blocks, "block_thread", lambda self: None)  # would wait until the server ends
    demo = runpy.run_path(str(app), run_name="__main__")["demo"]
    yield demo.local_url
    demo.close()


@pytest.mark.parametrize("metric", METRICS[:1], ids=lambda path: path.name)
def test_its_page_starts_in_a_process_that_has_imported_nothing(app, tmp_path):
    environment = {**os.environ, "HF_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    log = tmp_path / "app.log"
    with log.open("w") as stream:
        process = subprocess.Popen([sys.executable, app.name], cwd=app.parent, env=environment, stdout=stream,
                                   stderr=stream)  # fmt: skip
    try:
        deadline = time.monotonic() + START_SECONDS
        while "http://" not in log.read_text():
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        page = next(word for word in log.read_text().split() if word.startswith("http://"))
        with urllib.request.urlopen(page, timeout=30) as answer:
            assert answer.status == 200
    finally:
        process.terminate()
        process.wait(30)


@each_metric
def test_its_page_answers(metric, page):
    with urllib.request.urlopen(page, timeout=30) as answer:
        assert answer.status == 200
    from gradio_client import Client

    client = Client(page, verbose=False)
    if metric.name == "invariance":  # what pooling finds is farther from A* than from itself
        cause, habit, pooled = ("[[1, 0], [0, 0]]", "[[[0, 0], [0, 2]]]", "[[1, 0], [0, 2]]")
        scores = client.predict(pooled, cause, habit, api_name="/score")
        assert (scores["n"], scores["to_invariant"], scores["to_pooled"], scores["rank"]) == (1, 2, 0, 2)
        return
    columns, rows = TABLES[metric.name]
    scores = client.predict({"headers": columns, "data": rows, "metadata": None}, api_name="/score")
    if metric.name == "graph_recovery":
        assert (scores["num_edges"], scores["recall"]) == (2, 0.5)
        return
    assert (scores["n"], scores.get("accuracy", scores.get("group", scores.get("sign_agreement")))) == (2, 0.5)
    if metric.name == "generalization_accuracy":
        assert scores["splits"]["branching"]["cells"][0]["branching_factor"] == 1.4
    elif metric.name == "equivariance_score":
        assert (scores["image"], scores["by_kind"][1]["text"]) == (1.0, 0.0)
    elif metric.name == "intervention_effect":
        assert (scores["mean_absolute_error"], scores["naive_mean_absolute_error"]) == (0.1, 0.15)
    else:
        assert (scores["recall"], scores["by_num_nodes"][1]["f1_stderr"]) == (0.5, 0)
