"""The tasks as a taskset of verifiers: `vf-eval hf-causal-taskset --env.taskset.causal-task d_separation`.

It is a package of its name, and not a module of `hf_causal.harnesses`, since verifiers finds a taskset by the name of
a package that exports it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import verifiers.v1 as vf

from hf_causal.harnesses.items import Items
from hf_causal.scoring import Score, score

__all__ = ["CausalTaskset"]


class CausalData(vf.TaskData):
    """A question; `prompt` asks it."""

    row: dict[str, Any]
    form: str
    """Form of answer that the prompt asks for."""
    answer: str
    """The exact answer."""
    measures: dict[str, int]
    """How hard the question is, see `Task.measures`."""


class CausalTask(vf.Task[CausalData]):
    """Scores the last reply of a rollout by `hf_causal.score`."""

    def judge(self, reply: str) -> Score:
        """Scores a reply to the question."""
        return score(reply, self.data.row, form=self.data.form)

    @vf.reward(weight=1.0)
    async def correct(self, trace: vf.Trace) -> float:
        """From 0 to 1; every valid proof of the right answer gives 1."""
        return self.judge(trace.last_reply).value

    @vf.metric
    async def components(self, trace: vf.Trace) -> dict[str, float]:
        """Whether the answer is right, the proof valid, and the reply readable; a form has only what it asks for."""
        judged = self.judge(trace.last_reply)
        values = {"answer_right": judged.answer_right, "proof_valid": judged.proof_valid, "readable": judged.readable}
        return {name: float(value) for name, value in values.items() if value is not None}

    async def validate(self, runtime: vf.Runtime) -> bool:
        """Returns whether the exact answer gets the full reward."""
        return self.judge(self.data.answer).value == 1.0


class CausalTasksetConfig(vf.TasksetConfig):
    """What the questions are, see `hf_causal.harnesses.items.Items`."""

    causal_task: str = "transitivity"
    """Task of hf_causal, such as `d_separation`."""
    form: str = ""
    """Form of answer: `yes-no`, `proof`, `trace` or another form of the task; that of its rows if empty."""
    level: int = 1
    """Level of difficulty, from 1."""
    split: str = "train"
    """`train`, `validation` or `test`; no two share a premise."""
    seed: int = 0
    num_tasks: int = 1000
    """Number of questions."""


class CausalTaskset(vf.Taskset[CausalTask, CausalTasksetConfig]):
    """Questions of a level of a task, in the order of their index."""

    def load(self) -> Iterator[CausalTask]:
        """Yields the questions; raises `ValueError` for an unknown task, form, level or split."""
        config = self.config
        items = Items(config.causal_task, config.form, config.level, config.split, config.seed)
        for index in range(config.num_tasks):
            item = items[index]
            data = CausalData(
                id=f"{items.task}/{items.form}/{items.level}/{items.split}/{items.seed}/{index}",
                prompt=item.question,
                row=item.row,
                form=item.form,
                answer=item.answer,
                measures=item.measures,
            )
            yield CausalTask(data, config.task)
