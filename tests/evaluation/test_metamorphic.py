"""Changes that must leave an answer as it is, on models that are known to pass or to fail them."""

import numpy as np
import pytest

from hf_causal.evaluation.metamorphic import check_consistency
from hf_causal.tasks.proving import prove, read
from hf_causal.tasks.registry import tasks
from hf_causal.tasks.shared.invariances import IRRELEVANT
from hf_causal.tasks.shared.invariances import STATED_GRAPH_INVARIANCES as CHANGES
from hf_causal.tasks.transitivity.text import parse_prompt

PROMPTS = [
    "A causes B. B causes cc. Does A cause cc?",
    "A causes B. B causes cc. Does cc cause A?",
    "x1 causes B. q causes B. q causes r7. Does x1 cause r7?",
    "x1 causes B. q causes B. q causes r7. Does q cause r7?",
]


class Exact:
    """Answers by proof."""

    can_loop = False

    def predict(self, prompts, progress=None, loop_factor=1):
        return [int(prove(prompt).answer == "Yes") for prompt in prompts]


class FirstName(Exact):
    """Answers by whether the question's cause opens the premise."""

    def predict(self, prompts, progress=None, loop_factor=1):
        return [int((read := parse_prompt(prompt)).edges[0][0] == read.question[0]) for prompt in prompts]


class Spelling(Exact):
    can_loop = True

    def predict(self, prompts, progress=None, loop_factor=1):
        return [int(loop_factor == 1 and "A" in prompt) for prompt in prompts]


def test_exact_answers_are_consistent():
    assert check_consistency(Exact(), PROMPTS) == dict.fromkeys(CHANGES, 1.0)


def test_a_shortcut_is_detected():
    found = check_consistency(FirstName(), PROMPTS * 20)
    assert found["renamed"] == 1
    assert found["shuffled"] < 1 and found["irrelevant"] < 1


def test_loops_are_doubled_where_there_are_any():
    found = check_consistency(Spelling(), PROMPTS)
    assert found["loops"] == 0.5
    assert found["renamed"] < 1 and found["shuffled"] == 1


@pytest.mark.parametrize("name", CHANGES)
def test_changes_keep_the_answer_and_the_question_form(name):
    read = [parse_prompt(prompt) for prompt in PROMPTS]
    for before, after in zip(read, CHANGES[name](read, np.random.default_rng(0)), strict=True):
        assert prove(str(before)).answer == prove(str(after)).answer
        assert str(after) != str(before) or name == "shuffled"
        if name == "irrelevant":
            assert len(after.edges) >= len(before.edges) + 2 * IRRELEVANT


EVERY_CHANGE = [(task, change) for task in tasks().values() for change in task.invariances]


@pytest.mark.parametrize(("task", "change"), EVERY_CHANGE, ids=lambda value: getattr(value, "name", value))
def test_changes_of_every_task_keep_the_answers(task, change):
    config = task.small_config(task.default_evaluation)
    split = [name for name in config.splits if name != "train"][-1]
    prompts = task.generate_shard(config, split, 0)["prompt"].to_pylist()[:40]
    parsed = [task.parse(prompt) for prompt in prompts]
    changed = list(task.invariances[change](parsed, np.random.default_rng(0)))
    assert len(changed) == len(parsed) > 20
    assert any(str(after) != str(before) for before, after in zip(parsed, changed, strict=True))
    for before, after in zip(parsed, changed, strict=True):
        assert read(str(after))[0] is task
        assert task.prove(before).answer == prove(str(after)).answer


def test_nothing_cannot_be_checked():
    with pytest.raises(ValueError, match="`prompts` is empty"):
        check_consistency(Exact(), [])
