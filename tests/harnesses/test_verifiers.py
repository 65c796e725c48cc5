"""The tasks as a taskset of verifiers, checked by its own validation. `make harnesses` runs this file."""

import asyncio
import json

import pytest

vf = pytest.importorskip("verifiers.v1", reason="verifiers needs another version of mcp: run `make harnesses`")

from verifiers.v1.cli.validate import main  # noqa: E402

from hf_causal.tasks.answering import form_names  # noqa: E402
from hf_causal.tasks.registry import tasks  # noqa: E402
from hf_causal_taskset import CausalTask, CausalTaskset, CausalTasksetConfig  # noqa: E402

pytestmark = pytest.mark.slow
FORMS = [(task.name, form) for task in tasks().values() for form in form_names(task)]


def make_trace(task, reply):
    """Returns the trace of a rollout in which the model gave one reply."""
    from verifiers.v1.state import state_cls
    from verifiers.v1.trace import Trace, TraceTask

    trace = Trace(
        task=TraceTask(type=type(task).__name__, data=task.data, key=task.key, hash=task.hash),
        state=state_cls(type(task))(),
        agent=vf.AgentInfo(config=vf.AgentConfig(), name="test", trainable=False),
    )
    trace.root_reply = reply
    return trace


@pytest.mark.parametrize("task, form", FORMS)
def test_gold_answers_are_valid(task, form):
    taskset = CausalTaskset(CausalTasksetConfig(causal_task=task, form=form, num_tasks=3))
    for one in taskset:
        assert isinstance(one, CausalTask) and one.data.form == form
        assert asyncio.run(one.validate(None)) is True
        assert one.judge("").value == 0.0
    assert len({one.key for one in taskset}) == 3 == len(list(taskset.shuffle(seed=1)))


def test_rewards_and_metrics_of_a_rollout():
    one = next(iter(CausalTaskset(CausalTasksetConfig(form="proof", level=2))))
    for reply, reward, valid in ((one.data.answer, 1.0, 1.0), (one.data.answer.splitlines()[0], 0.0, 0.0)):
        trace = make_trace(one, reply)
        asyncio.run(one.score(trace))
        assert trace.reward == reward
        assert trace.metrics["proof_valid"] == valid and trace.metrics["answer_right"] == 1.0


def test_its_own_validation_passes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = ["--taskset.causal-task", "d_separation", "--taskset.form", "proof", "--taskset.level", "2"]
    main(["hf-causal-taskset", "-n", "4", "--runtime.type", "subprocess", "--rich", "false", "-o", "out", *options])
    summary = json.loads(next((tmp_path / "out").rglob("summary.json")).read_text())
    assert summary["outcomes"] == {"valid": 4, "invalid": 0, "unchecked": 0, "error": 0, "timeout": 0, "missing": 0}
    assert summary["checks"]["gold"]["valid"] == summary["checks"]["noop"]["valid"] == 4


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="`form` must be one of yes-no, proof"):
        list(CausalTaskset(CausalTasksetConfig(form="essay")))
