"""lm-evaluation-harness runs the task files, and its scores are ours."""

import pytest
from tiny_language_model import log_likelihoods, save_tiny_language_model

from hf_causal.corpora.build import build
from hf_causal.corpora.load import load_corpus
from hf_causal.evaluation import predictors as predict
from hf_causal.evaluation.metrics import BinaryMetrics
from hf_causal.harnesses import harness_path
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.shared.replies import parse_answer

lm_eval = pytest.importorskip("lm_eval", reason="lm-eval is not installed: pip install 'hf-causal[harness]'")

TASKS = {
    "hf_causal_transitivity_branching": ("axiomatic", "transitivity_generalization", "branching"),
    "hf_causal_d_separation_flipped": ("axiomatic", "d_separation_generalization", "flipped"),
    "hf_causal_corr2cause_paraphrased": ("corr2cause", "paraphrased", "test"),
    "hf_causal_co_occurrence_test": ("co_occurrence", "co_occurrence", "test"),
}
GENERATED = "hf_causal_transitivity_sequential_generate"
PROOF = "hf_causal_transitivity_sequential_proof"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_tiny_language_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Where the rows are, as `--metadata` says it."""
    folder = tmp_path_factory.mktemp("data")
    axes = ("transitivity_generalization", "transitivity_further_generalization", "d_separation_generalization")
    for config in axes:
        build("axiomatic", folder / "axiomatic", [config], rows_per_cell=6, nodes=(5, 6))
    build("corr2cause", folder / "corr2cause", ["paraphrased"], nodes=(2, 3, 4))
    small = {"rows": 360, "validation_rows": 180, "rows_per_cell": 2, "nodes": (5,)}
    build("co_occurrence", folder / "co_occurrence", **small)
    return {corpus: str(folder / corpus) for corpus in ("axiomatic", "corr2cause", "co_occurrence")}


def evaluate(model, sources, tasks, **options):
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(harness_path("lm-eval")), include_defaults=False, metadata=sources)
    asked = HFLM(pretrained=str(model), device="cpu", dtype="float32", batch_size=8)
    return lm_eval.simple_evaluate(model=asked, tasks=tasks, task_manager=manager, bootstrap_iters=0, **options)


@pytest.fixture(scope="module")
def results(model, sources):
    return evaluate(model, sources, [*TASKS, GENERATED])


@pytest.mark.parametrize("task", TASKS)
def test_likelihoods_and_scores_are_ours(task, results, model, sources, monkeypatch):
    corpus, config, split = TASKS[task]
    rows = load_corpus(corpus, config, split, sources[corpus]).to_pydict()
    samples = sorted(results["samples"][task], key=lambda sample: sample["doc_id"])
    assert [sample["doc"]["prompt"] for sample in samples] == rows["prompt"]
    ours = log_likelihoods(model, rows["prompt"])
    theirs = [[answer[0] for answer in sample["filtered_resps"]] for sample in samples]
    for mine, other in zip(ours, theirs, strict=True):
        assert other == pytest.approx(mine, abs=1e-3)
    monkeypatch.setattr(predict, "has_bf16", lambda device: False)
    predictions = predict.load_predictor(model, "cpu").predict(rows["prompt"])
    scores = BinaryMetrics.of(predictions, rows["label"])
    assert 0 < sum(predictions) < len(predictions)
    assert results["results"][task]["acc,none"] == pytest.approx(scores.accuracy)
    assert results["results"][task]["f1,none"] == pytest.approx(scores.f1)
    assert results["versions"][task] == 1.0


def test_what_is_written_is_read(results, sources):
    rows = load_corpus("axiomatic", "transitivity_generalization", "sequential", sources["axiomatic"]).to_pydict()
    samples = results["samples"][GENERATED]
    assert len(samples) == len(rows["prompt"])
    answers = [parse_answer(sample["filtered_resps"][0]) for sample in samples]
    hits = [answer == sample["doc"]["label"] for answer, sample in zip(answers, samples, strict=True)]
    assert results["results"][GENERATED]["acc,none"] == pytest.approx(sum(hits) / len(hits))
    assert results["results"][GENERATED]["unanswered,none"] == pytest.approx(answers.count(-1) / len(answers))
    prompt = samples[0]["arguments"][0][0]
    assert prompt.startswith("Answer the following question with ONLY 'Yes' or 'No'.\n\n")
    assert prompt.endswith("?")


def test_a_group_runs_every_axis_with_examples(model, sources):
    found = evaluate(model, sources, ["hf_causal_transitivity"], num_fewshot=8, limit=2)
    assert len(found["group_subtasks"]["hf_causal_transitivity"]) == 8
    assert str(found["versions"]["hf_causal_transitivity"]) == "1.2"
    assert 0 <= found["results"]["hf_causal_transitivity"]["acc,none"] <= 1
    sample = found["samples"]["hf_causal_transitivity_flipped"][0]
    assert sample["arguments"][0][0].count("\n\n") == 8


def test_answers_with_proofs_get_our_score(sources, monkeypatch):
    from lm_eval.api.model import LM

    class Solver(LM):
        """Writes the exact answer to every other question."""

        def generate_until(self, requests, **options):
            assert {request.args[1]["max_gen_toks"] for request in requests} == {256}
            docs = [request.doc for request in requests]
            return [doc["answer"] if index % 2 else "No idea." for index, doc in enumerate(docs)]

        def loglikelihood(self, requests, **options):
            raise NotImplementedError

        loglikelihood_rolling = loglikelihood

    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(harness_path("lm-eval")), include_defaults=False, metadata=sources)
    options = {"num_fewshot": 2, "limit": 6, "bootstrap_iters": 0}
    found = lm_eval.simple_evaluate(model=Solver(), tasks=[PROOF], task_manager=manager, **options)
    scores = {name: found["results"][PROOF][f"{name},none"] for name in ("score", "proof_valid", "unreadable")}
    assert scores == {"score": 0.5, "proof_valid": 0.5, "unreadable": 0.5}
    text = found["samples"][PROOF][0]["arguments"][0][0]
    assert text.startswith(get_task("transitivity").forms["proof"].instruction)
    assert text.count("\n\n=====\n\n") == 2 and text.count("Path: ") + text.count("Reached: ") >= 2
