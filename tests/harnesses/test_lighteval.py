"""lighteval runs the custom tasks, and its scores are ours."""

import json
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest
from tiny_language_model import log_likelihoods, save_tiny_language_model

from hf_causal.corpora.build import build
from hf_causal.corpora.load import load_corpus
from hf_causal.harnesses import harness_path

lighteval = pytest.importorskip("lighteval", reason="lighteval is not installed: pip install 'lighteval>=0.13'")

TASK, GENERATED = "hf_causal_transitivity:branching", "hf_causal_corr2cause_generate:default"


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    build("axiomatic", folder / "axiomatic", ["transitivity_generalization"], rows_per_cell=6, nodes=(5, 6))
    build("corr2cause", folder / "corr2cause", ["default"], nodes=(2, 3))
    return folder


@pytest.fixture
def offline(monkeypatch, sources):
    """When it starts, lighteval fetches a file for one of its own tasks, and asks the Hub for a model with an argument
    that huggingface_hub 2 no longer knows; here it is answered at once."""
    import requests
    from huggingface_hub import HfApi

    monkeypatch.setattr(requests, "get", lambda *args, **options: SimpleNamespace(status_code=404))
    monkeypatch.setattr(HfApi, "list_models", lambda self, **options: [options])
    for corpus in ("axiomatic", "corr2cause"):
        monkeypatch.setenv(f"HF_CAUSAL_{corpus.upper()}", str(sources / corpus))


def test_scores_are_ours(offline, sources, tmp_path):
    from lighteval.logging.evaluation_tracker import EvaluationTracker
    from lighteval.models.transformers.transformers_model import TransformersModelConfig
    from lighteval.pipeline import ParallelismManager, Pipeline, PipelineParameters

    model = save_tiny_language_model(tmp_path / "model")
    parameters = PipelineParameters(
        launcher_type=ParallelismManager.ACCELERATE, custom_tasks_directory=str(harness_path("lighteval"))
    )
    pipeline = Pipeline(
        tasks=f"{TASK},{GENERATED}",
        pipeline_parameters=parameters,
        evaluation_tracker=EvaluationTracker(output_dir=str(tmp_path / "out"), save_details=True),
        model_config=TransformersModelConfig(model_name=str(model), dtype="float32", batch_size=4, device="cpu"),
    )
    pipeline.evaluate()
    pipeline.save_and_push_results()
    (file,) = (tmp_path / "out").rglob("results_*.json")
    results = json.loads(file.read_text())["results"]
    rows = load_corpus("axiomatic", "transitivity_generalization", "branching", sources / "axiomatic").to_pydict()
    answers = [int(yes > no) for no, yes in log_likelihoods(model, rows["prompt"])]
    hits = [answer == label for answer, label in zip(answers, rows["label"], strict=True)]
    assert results[f"{TASK}|0"]["acc"] == pytest.approx(sum(hits) / len(hits))
    assert 0 <= results[f"{GENERATED}|0"]["acc"] <= 1
    (details,) = (tmp_path / "out").rglob(f"details_{TASK}*.parquet")
    asked = sorted(doc["query"] for doc in pq.read_table(details)["doc"].to_pylist())
    assert asked == sorted(rows["prompt"])
