"""A task for Inspect: `inspect eval "$(hf-causal harness inspect)@hf_causal" -T task=d_separation -T form=proof`."""

from __future__ import annotations

from itertools import islice

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import TaskState, generate

from hf_causal.corpora.create import load
from hf_causal.harnesses.items import Item, Items, has_form, make_item
from hf_causal.scoring import score
from hf_causal.tasks.registry import get_task


@task
def hf_causal(
    task: str = "transitivity",
    form: str | None = None,
    level: int = 1,
    split: str = "test",
    config: str | None = None,
    rows: int = 500,
    seed: int = 0,
) -> Task:
    """Asks questions of a task of hf_causal in a form of answer.

    Args:
        task (`str`): Such as `d_separation`.
        form (`str`, *optional*): `yes-no`, `proof`, `trace` or another form of the task; that of its rows by default.
        level (`int`): Level of difficulty, from 1.
        split (`str`): `train`, `validation` or `test` of the level, or a split of the config.
        config (`str`, *optional*): A published config, such as `transitivity_generalization`, instead of a level; the
            questions are the first `rows` of its split that can be put in the form.
        rows (`int`): Number of questions.
        seed (`int`): Of the rows of a level.

    Raises:
        `ValueError`: For an unknown task, form, level, config or split.
    """
    form = form or get_task(task).answer_form
    if config is None:
        items = Items(task, form, level, split, seed)
        samples = [_sample(items[index], f"{task}/{level}/{split}/{seed}/{index}") for index in range(rows)]
    else:
        fitting = (row for row in load(config, split) if has_form(row, form))
        samples = [
            _sample(make_item(row, form), f"{config}/{split}/{n}") for n, row in enumerate(islice(fitting, rows))
        ]
    return Task(dataset=MemoryDataset(samples), solver=generate(), scorer=proof_scorer())


@scorer(metrics=[mean(), stderr()])
def proof_scorer() -> Scorer:
    """Scores by `hf_causal.score`: every valid proof of the right answer gets 1."""

    async def judge(state: TaskState, target: Target) -> Score:
        judged = score(state.output.completion, state.metadata["row"], form=state.metadata["form"])
        return Score(
            value=judged.value,
            answer=state.output.completion,
            explanation=judged.reason,
            metadata={
                "answer_right": judged.answer_right,
                "proof_valid": judged.proof_valid,
                "first_wrong_line": judged.first_wrong_line,
                "readable": judged.readable,
            },
        )

    return judge


def _sample(item: Item, name: str) -> Sample:
    metadata = {"row": item.row, "form": item.form, "measures": item.measures}
    return Sample(input=item.question, target=item.answer, id=name, metadata=metadata)
