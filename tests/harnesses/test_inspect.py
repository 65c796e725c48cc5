"""The task for Inspect, evaluated with its model of given replies. `make harnesses` runs this file."""

import pytest

inspect_ai = pytest.importorskip("inspect_ai", reason="Inspect is not installed: run `make harnesses`")

from inspect_ai.model import ModelOutput, ModelUsage, get_model  # noqa: E402

from hf_causal.harnesses import harness_path  # noqa: E402
from hf_causal.harnesses.inspect_tasks import hf_causal  # noqa: E402
from hf_causal.tasks.answering import form_names  # noqa: E402
from hf_causal.tasks.registry import tasks  # noqa: E402

pytestmark = pytest.mark.slow
FORMS = [(task.name, form) for task in tasks().values() for form in form_names(task)]


def run(task, replies, folder, **options):
    """Returns the log of an evaluation of a model that gives these replies, one after the other."""
    outputs = [ModelOutput.from_content("mockllm/model", reply) for reply in replies]
    for output in outputs:
        output.usage = ModelUsage()  # else Inspect counts tokens with a file from the network
    model = get_model("mockllm/model", custom_outputs=outputs)
    (log,) = inspect_ai.eval(task, model=model, log_dir=str(folder), display="none", max_samples=1, **options)
    assert log.status == "success", log.error
    return log


def test_exact_answers_score_one_and_others_nothing(tmp_path):
    task = hf_causal("transitivity", form="proof", level=2, rows=4)
    answers = [sample.target for sample in task.dataset]
    log = run(task, [*answers[:2], answers[2].splitlines()[0], ""], tmp_path)
    metrics = log.results.scores[0].metrics
    assert metrics["mean"].value == 0.5 and metrics["stderr"].value > 0
    scores = [sample.scores["proof_scorer"] for sample in log.samples]
    assert [score.value for score in scores] == [1.0, 1.0, 0.0, 0.0]
    assert scores[2].metadata["answer_right"] and not scores[2].metadata["proof_valid"]
    assert not scores[3].metadata["readable"] and scores[3].explanation == "the reply is empty"


@pytest.mark.parametrize("task, form", FORMS)
def test_every_task_and_form(task, form):
    samples = hf_causal(task, form=form, rows=3).dataset
    assert len({sample.id for sample in samples}) == 3
    assert all(sample.metadata["form"] == form and sample.target for sample in samples)


def test_published_splits(tmp_path):
    task = hf_causal("co_occurrence", config="co_occurrence", split="test", rows=5)
    assert [sample.id for sample in task.dataset] == [f"co_occurrence/test/{number}" for number in range(5)]
    log = run(task, [sample.target for sample in task.dataset], tmp_path)
    assert log.results.scores[0].metrics["mean"].value == 1.0


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="`level` of transitivity must lie in 1"):
        hf_causal(level=9)


def test_the_path_of_the_command_has_the_task(tmp_path):
    options = {"task": "d_separation", "form": "proof", "rows": 3}
    log = run(f"{harness_path('inspect')}@hf_causal", ["?"] * 3, tmp_path, task_args=options)
    assert log.eval.task.endswith("hf_causal") and len(log.samples) == 3
    assert log.results.scores[0].metrics["mean"].value == 0.0
