"""Replies that the page checks: what is read, what is refused, and what is drawn; without a browser."""

import json
import xml.etree.ElementTree as ElementTree
from itertools import combinations

import pytest
from test_demo_answers import ALLOWED, EVIL, tags

from hf_causal.demo import limits
from hf_causal.demo.api import describe_score
from hf_causal.demo.check_card import check_card
from hf_causal.demo.check_pictures import proof_picture
from hf_causal.demo.check_tab import REPLIES
from hf_causal.demo.checking import check_answer, draw_question, level_counts, put_to_model
from hf_causal.demo.limits import TooMuch
from hf_causal.demo.verify_tab import example_card
from hf_causal.demo.workers import FUNCTIONS
from hf_causal.reading import ReadingError
from hf_causal.scoring import score
from hf_causal.tasks.answering import form_names, write_answer
from hf_causal.tasks.registry import tasks

EXAMPLES = {example.name: example for example in REPLIES}
GRAPH = "A causes B. B causes C. C causes D. A causes E."


def check(name):
    example = EXAMPLES[name]
    return check_answer(example.premises, example.question, example.form, example.reply)


@pytest.mark.parametrize(
    ("name", "value", "wrong_line", "right_lines"),
    [
        ("A missing step", 0, 4, (2, 3)),
        ("A shortcut in a path", 0, 3, ()),
        ("Another valid path", 1, None, (3,)),
        ("A counter-model of another class", 0, 2, ()),
        ("PC, step by step", 0, 6, (1, 2, 3, 4, 5)),
        ("An adjustment set", 1, None, (2, 3)),
        ("Held fixed", 0, 2, ()),
        ("Both answers", 0, None, ()),
    ],
)
def test_the_examples_show_what_they_say(name, value, wrong_line, right_lines):
    result = check(name).score
    assert (result.value, result.first_wrong_line, result.right_lines) == (value, wrong_line, right_lines)
    assert set(EXAMPLES) == {example.name for example in REPLIES}


def lines_of(card):
    root = ElementTree.fromstring(card)
    return [
        (item.get("class"), "".join(item.itertext()))
        for item in root.iter("li")
        if (item.get("class") or "").startswith("hc-line-")
    ]


def test_the_card_marks_each_line():
    lines = lines_of(check_card(check("A missing step")))
    assert [state for state, _ in lines] == [
        "hc-line-other",
        "hc-line-right",
        "hc-line-right",
        "hc-line-wrong",
        "hc-line-other",
    ]
    assert "The stated effects of 'B' are ['C'], not ['C', 'E']." in lines[3][1]


@pytest.mark.parametrize("example", REPLIES, ids=lambda example: example.name)
def test_cards_are_well_formed(example):
    assert tags(check_card(check(example.name))) <= ALLOWED


@pytest.mark.parametrize("evil", EVIL)
def test_nothing_that_is_typed_is_run(evil):
    card = check_card(check_answer(GRAPH, "Does A cause C?", "proof", f"Yes\nPath: A -> {evil}\n{evil}"))
    assert tags(card) <= ALLOWED and "onerror" not in {
        name for e in ElementTree.fromstring(card).iter() for name in e.attrib
    }
    with pytest.raises(ValueError):
        check_answer(evil, evil, "proof", evil)
    with pytest.raises(ValueError, match="`form` must be one of"):
        check_answer(GRAPH, "Does A cause C?", evil, "Yes")


def test_the_picture_has_the_proof_and_what_is_wrong():
    picture = proof_picture(check("A missing step"))
    assert ("B", "E") in picture.faulty and ("B", "E") in picture.edges and ("B", "C") in picture.path
    assert ("B", "E") not in picture.path and picture.asked == {"A", "E"}
    assert proof_picture(check("Both answers")) is None


def test_the_picture_of_a_premise_without_a_graph_is_what_the_reply_describes():
    picture = proof_picture(check("PC, step by step"))
    assert set(picture.edges) == {("A", "B"), ("C", "B"), ("D", "B")} and picture.faulty == {("D", "B"), ("B", "D")}
    assert proof_picture(check("A counter-model of another class")).faulty == {("B", "C"), ("C", "B")}
    example = EXAMPLES["PC, step by step"]
    reply = example.reply.replace("Remove A - D: independent given B", "Remove A - D: independent")
    removed = proof_picture(check_answer(example.premises, example.question, "trace", reply))
    assert ("A", "C") not in removed.edges and ("B", "C") in removed.undirected
    skipped = check_answer(example.premises, "A directly causes B.", "proof", "No\nCounter-model: A -> B, B -> D")
    assert proof_picture(skipped).missing == {("B", "C"), ("C", "B")}


@pytest.mark.parametrize("name", tasks())
def test_every_form_of_every_task_is_checked_and_drawn(name):
    task = tasks()[name]
    prompt = task.parse(task.example)
    for form in form_names(task):
        try:
            answer = write_answer({"prompt": str(prompt)}, form)
        except ValueError:
            continue  # this question cannot be put in the form
        checked = check_answer(prompt.premise, prompt.question_text, form, answer)
        assert checked.score == score(answer, {"prompt": str(prompt)}, form) and checked.score.value == 1
        assert tags(check_card(checked)) <= ALLOWED
        assert json.loads(json.dumps(describe_score(checked)))["right_answer"] == answer


def test_a_prompt_or_a_row_without_a_question():
    prompt = f"{GRAPH} Does A cause C?"
    for text in (prompt, json.dumps({"prompt": prompt, "completion": "Yes"})):
        checked = check_answer(text, "", "proof", "Yes\nPath: A -> B -> C")
        assert checked.score.value == 1 and checked.question.prompt == prompt
    with pytest.raises(ValueError, match="an object with a `prompt`"):
        check_answer("[1]", "", "proof", "Yes")


def test_everyday_words_are_asked_with_short_names():
    asked = put_to_model("tar deposits cause lung cancer", "Do tar deposits cause lung cancer?", "proof")
    assert asked.names == {"A": "tar deposits", "B": "lung cancer"} and asked.text.startswith(
        "A causes B. Does A cause B?"
    )
    checked = check_answer(
        "tar deposits cause lung cancer", "Do tar deposits cause lung cancer?", "proof", "Yes\nPath: A -> B"
    )
    assert checked.score.value == 1 and "tar deposits" in check_card(checked)


def test_what_is_not_understood_is_refused_with_the_words():
    with pytest.raises(ReadingError) as refused:
        check_answer("A causes B. A hates C.", "Does A cause B?", "proof", "Yes")
    assert any("hates" in problem.text for problem in refused.value.problems)
    with pytest.raises(ReadingError, match="questions of Yes or No"):
        check_answer(GRAPH, "What causes D?", "proof", "Yes")


def test_a_question_keeps_the_form_that_it_has():
    assert put_to_model(GRAPH, "Does A cause C?", "trace").form == "trace"
    asked = put_to_model(GRAPH, "Does A cause C?", "cpdag")
    assert asked.form == "yes-no" and [name for name, _ in asked.forms] == ["yes-no", "proof", "trace"]


def test_limits_of_the_page():
    with pytest.raises(TooMuch, match="the reply has 20,001 characters"):
        check_answer(GRAPH, "Does A cause C?", "proof", "x" * (limits.MAX_CHARACTERS + 1))
    with pytest.raises(TooMuch, match="the text has"):
        check_answer("A causes B. " * 2_000, "Does A cause B?", "proof", "Yes")
    with pytest.raises(TooMuch, match="up to 300"):
        check_answer("A causes B. " * 400, "Does A cause B?", "proof", "Yes")
    pairs = " ".join(f"{first} is independent of {second}." for first, second in combinations("ABCDEFG", 2))
    premise = (
        "Suppose there is a closed system of 7 variables, A, B, C, D, E, F and G. All the statistical relations among "
        f"these 7 variables are as follows: {pairs}"
    )
    with pytest.raises(TooMuch, match="more than 6 variables"):
        check_answer(premise, "A directly causes B.", "proof", "No")


@pytest.mark.parametrize("task", tasks())
def test_questions_are_drawn_by_level(task):
    premises, question = draw_question(task, level_counts()[task], 3)
    assert (premises, question) == draw_question(task, level_counts()[task], 3)
    assert put_to_model(premises, question, "proof").form == "proof"


def test_the_work_runs_in_the_reading_processes():
    assert {"judge_reply", "put_to_model", "draw_question"} <= set(FUNCTIONS)


def test_the_verify_tab_opens_with_a_report():
    card = example_card()
    assert tags(card.replace("<br>", "")) <= ALLOWED and "1 of 3 rows have defects" in card and "wrong label" in card
