"""Questions of a level in any form, which the adapters of other libraries share."""

from dataclasses import replace

import pytest

from hf_causal.harnesses.items import Items
from hf_causal.tasks.answering import form_names
from hf_causal.tasks.registry import get_task, tasks

FORMS = [(task.name, form) for task in tasks().values() for form in form_names(task)]


@pytest.mark.parametrize("task, form", FORMS)
def test_the_exact_answer_scores_one(task, form):
    items = Items(task, form, level=1, seed=3)
    for index in (0, 1, 2):
        item = items[index]
        assert item.score(item.answer).value == 1.0
        assert item.score("").value == 0.0
        assert item.row["prompt"].split(".")[0] in item.question
        assert item.measures["nodes"] >= 2


def test_an_index_has_one_item():
    items = Items("transitivity", "proof", level=2, seed=3)
    assert items[700] == Items("transitivity", "proof", level=2, seed=3)[700] != items[701]
    assert items[700] != Items("transitivity", "proof", level=2, seed=3, split="test")[700]


def test_a_question_that_has_no_such_form_is_replaced(monkeypatch):
    task = get_task("transitivity")
    only_yes = replace(task.forms["proof"], applies=lambda prompt: task.prove(prompt).answer == "Yes")
    monkeypatch.setitem(tasks(), "transitivity", replace(task, forms={**task.forms, "proof": only_yes}))
    items, plain = Items("transitivity", "proof", level=1), Items("transitivity", level=1)
    drawn = [items[index] for index in range(12)]
    assert {item.row["completion"] for item in drawn} == {"Yes"}
    assert len({item.question for item in drawn}) == 12
    for index, item in enumerate(drawn):
        assert (item.row == plain[index].row) == (plain[index].row["completion"] == "Yes")
    never = replace(only_yes, applies=lambda prompt: False)
    monkeypatch.setitem(tasks(), "transitivity", replace(task, forms={"proof": never}))
    with pytest.raises(ValueError, match="no question of level 1 of transitivity can be put in the form 'proof'"):
        items[500]  # the rows before have been read


@pytest.mark.parametrize("arguments, message", [
    ({"task": "transitive"}, "`task` must be one of transitivity, d_separation"),
    ({"form": "essay"}, "`form` must be one of yes-no, proof, trace.* for transitivity, got 'essay'"),
    ({"level": 12}, r"`level` of transitivity must lie in 1 \.\.\. 7, got 12"),
    ({"split": "dev"}, "`split` of a level must be one of train, validation, test, got 'dev'"),
    ({"seed": "7"}, "`seed` must be a whole number, got '7'"),
])  # fmt: skip
def test_mistakes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Items(**{"task": "transitivity", **arguments})
