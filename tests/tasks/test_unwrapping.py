"""Prompts as data sets store them: with an instruction, labels, and missing full stops, in every task."""

import pytest

from hf_causal.tasks.proving import check, prove, read
from hf_causal.tasks.registry import tasks
from hf_causal.tasks.shared.unwrapping import unwrap

PROMPTS = {
    "transitivity": ("M causes N. N causes O.", "Does M cause O?"),
    "d_separation": ("x1 causes x2. x3 causes x2.", "Are x1 and x3 d-separated given {x2}?"),
    "corr2cause": (
        "Suppose there is a closed system of 2 variables, rain and mud. All the statistical relations among these 2 "
        "variables are as follows: rain is independent of mud.",
        "rain directly causes mud.",
    ),
    "co_occurrence": ("p causes q. q and r often appear together.", "Does q cause r?"),
    "relevance": ("M causes N. N causes O.", "Can changing M affect O if N is held fixed?"),
    "relevance_axioms": (
        "Changing M cannot affect N if O is held fixed. Changing P cannot affect N.",
        "Does it follow that changing M cannot affect N?",
    ),
    "adjustment": (
        "x3 causes x1. x3 causes x2. x1 causes x2.",
        "Is {x3} a valid adjustment set for the effect of x1 on x2?",
    ),
    "identification": (
        "p causes q. p and q share a hidden cause.",
        "Can the effect of p on q be computed from observations alone?",
    ),
    "front_door": (
        "x1 causes x3. x3 causes x2. x1 and x2 share a hidden cause.",
        "Does {x3} satisfy the front-door criterion for the effect of x1 on x2?",
    ),
    "instrument": (
        "x3 causes x1. x1 causes x2. x1 and x2 share a hidden cause.",
        "Is x3 an instrument for the effect of x1 on x2?",
    ),
    "relevance_semantics": (
        "p is a fair coin. q depends on p: it is 1 for 1. r depends on p and q: it is 1 for 01 and 10.",
        "Can setting q change the probability of r?",
    ),
    "comparisons": (
        "p is 1 with probability 0.5. q is 1 with probability 1/4 if p is 0. q is 1 with probability 0.75 if p is 1. "
        "There are no hidden common causes.",
        "Is the average treatment effect of p on q larger than 0.2?",
    ),
    "quantities": (
        "p is 1 with probability 0.5. q is 1 with probability 1/4 if p is 0. q is 1 with probability 0.75 if p is 1. "
        "There are no hidden common causes.",
        "What is the probability that q is 1 if p is set to 1?",
    ),
}
INSTRUCTIONS = [
    "",
    "Answer the following question with ONLY 'Yes' or 'No'.\n\n",
    "Answer this question with Yes or No only: ",
    "answer the question using only “yes” or “no”.\n",
]


@pytest.fixture(params=PROMPTS)
def parts(request):
    return PROMPTS[request.param]


@pytest.fixture
def canonical(parts):
    return str(read(*parts)[1])


def test_every_task_is_tried():
    assert set(PROMPTS) == set(tasks())


@pytest.mark.parametrize("instruction", INSTRUCTIONS)
@pytest.mark.parametrize(
    ("premise_label", "question_label"), [("Premise: ", "Hypothesis: "), ("context:\n", "QUESTION :\n")]
)
@pytest.mark.parametrize("end", ["", "\nAnswer:", " answer : "])
def test_one_text_with_instruction_and_labels(parts, canonical, instruction, premise_label, question_label, end):
    premise, question = parts
    text = f"{instruction}{premise_label}{premise}\n{question_label}{question}{end}"
    assert str(read(text)[1]) == canonical
    assert prove(text) == prove(canonical)


@pytest.mark.parametrize("instruction", INSTRUCTIONS)
@pytest.mark.parametrize("strip", [".", ".?"])
def test_two_texts_without_final_marks(parts, canonical, instruction, strip):
    premise, question = (part.rstrip(strip) for part in parts)
    for labelled in ((premise, question), (f"{instruction}Premise: {premise}", f"Question: {question} ")):
        assert str(read(*labelled)[1]) == canonical


@pytest.mark.parametrize("task", ["transitivity", "d_separation", "co_occurrence"])
def test_sentences_that_a_line_or_the_question_ends(task):
    premise, question = PROMPTS[task]
    canonical = str(read(premise, question)[1])
    lines = premise.rstrip(".").split(". ")
    for text in ("\n".join([*lines, question]), "\r\n\r\n".join([*lines, question.lower().rstrip("?")])):
        assert str(read(text)[1]).lower() == canonical.lower()
    assert str(read(f"{'. '.join(lines)} {question}")[1]) == canonical


def test_a_wrapped_line_ends_no_sentence():
    assert str(read("a causes\nb. Does a\ncause b?")[1]) == "a causes b. Does a cause b?"


@pytest.mark.parametrize(
    "text",
    [
        "Answer the following question with one word. A causes B. Does A cause B?",
        "Do not answer the question with Yes or No. A causes B. Does A cause B?",
        "Not Premise: A causes B. Does A cause B?",
        "Premise: A causes B. Only sometimes. Question: Does A cause B?",
        "Premise: A causes B. Question: Does A cause B? Question: Does B cause A?",
        "A causes B. Does A cause B? Answer: Yes",
        "A causes B unless C. Does A cause B?",
        "A causes B\nnot C\nDoes A cause B?",
    ],
)
def test_other_words_are_not_dropped(text):
    with pytest.raises(ValueError, match="cannot read"):
        read(text)


def test_a_text_of_its_canonical_form_is_unchanged(canonical):
    assert str(read(*unwrap(canonical))[1]) == canonical


def test_an_added_task_is_unwrapped_as_the_others(monkeypatch):
    from dataclasses import replace

    from hf_causal.tasks import registry
    from hf_causal.tasks.transitivity import TASK
    from hf_causal.tasks.transitivity.text import parse_prompt

    def parse(text):
        return parse_prompt(text.replace("Is it so that ", "Does ").replace(" brings ", " cause "))

    added = replace(TASK, name="added", parse=parse, recognizes=lambda text: " brings " in text, fallback=False)
    monkeypatch.setattr(registry, "_TASKS", {**tasks(), "added": added})
    assert read("Premise: A causes B", "Question: Is it so that A brings B")[0] is added


@pytest.mark.parametrize(
    "columns",
    [
        {"question": "Does A cause C? "},
        {"question": "Does A cause C"},
        {"premise": " A causes B.  B causes C"},
        {"premise": "Premise: A causes B. B causes C.", "question": "Question: Does A cause C?"},
    ],
)
def test_columns_that_say_the_same_agree(columns):
    check({**ROW, **columns})


@pytest.mark.parametrize(
    "columns",
    [
        {"premise": "A causes B.", "question": "B causes C. Does A cause C?"},
        {"premise": "A causes B. B causes C. Does A", "question": "cause C?"},
        {"premise": "A causes B. B causes C. Does A cause C?", "question": ""},
        {"premise": "B causes C. A causes B."},
        {"question": "Does A cause B?"},
        {"question": 5},
        {"premise": ["A causes B. B causes C."]},
    ],
)
def test_columns_that_say_something_else_do_not(columns):
    with pytest.raises(ValueError, match="the prompt is not what"):
        check({**ROW, **columns})


ROW = {
    "prompt": "A causes B. B causes C. Does A cause C?",
    "completion": "Yes",
    "certificate": '{"path": ["A", "B", "C"]}',
    "premise": "A causes B. B causes C.",
    "question": "Does A cause C?",
}
