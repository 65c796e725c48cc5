import pytest

from hf_causal.evaluation.language_models.prompts import INSTRUCTION, PromptFormat, draw_examples
from hf_causal.tasks.proving import prove, read
from hf_causal.tasks.registry import task_of_prompt, tasks
from hf_causal.tasks.shared.replies import UNPARSABLE, parse_answer

QUESTION = "A causes B. Does A cause B?"


@pytest.mark.parametrize("grammar", tasks())
@pytest.mark.parametrize("shots", [1, 4, 7])
def test_examples_are_right_balanced_and_about_different_premises(grammar, shots):
    examples = draw_examples(grammar, shots, seed=3)
    assert len(examples) == shots
    for prompt, answer in examples:
        assert task_of_prompt(prompt).name == grammar and prove(prompt).answer == answer
    yes = sum(answer == "Yes" for _, answer in examples)
    assert abs(2 * yes - shots) <= 1 or not tasks()[grammar].is_yes_no
    assert len({read(prompt)[1].premise for prompt, _ in examples}) == shots


def test_the_seed_and_nothing_else_chooses_examples():
    first = draw_examples("transitivity", 4, 0)
    draw_examples.cache_clear()
    assert draw_examples("transitivity", 4, 0) == first != draw_examples("transitivity", 4, 1)
    with pytest.raises(ValueError, match="must be one of transitivity"):
        draw_examples("algebra", 1, 0)


def test_a_question_alone_is_as_in_the_corpora():
    assert PromptFormat(instructed=False).text(QUESTION) == QUESTION
    with_examples = PromptFormat(instructed=False, shots=2).text(QUESTION)
    first, second = draw_examples("transitivity", 2, 0)
    assert with_examples == f"{first[0]} {first[1]}\n\n{second[0]} {second[1]}\n\n{QUESTION}"


def test_an_instructed_question_begins_with_the_instruction_of_the_paper():
    assert PromptFormat().text(QUESTION) == f"{INSTRUCTION}\n\n{QUESTION}\nAnswer:"
    (message,) = PromptFormat().messages(QUESTION)
    assert message == {"role": "user", "content": f"{INSTRUCTION}\n\n{QUESTION}"}


def test_examples_are_turns_of_a_conversation():
    messages = PromptFormat(shots=3, seed=5).messages(QUESTION)
    assert [message["role"] for message in messages] == ["user", "assistant"] * 3 + ["user"]
    for (prompt, answer), asked, said in zip(
        draw_examples("transitivity", 3, 5), messages[::2], messages[1::2], strict=False
    ):
        assert (asked["content"], said["content"]) == (f"{INSTRUCTION}\n\n{prompt}", answer)


def test_examples_are_of_the_grammar_of_the_question():
    asked = PromptFormat(shots=2).messages("A causes B. Are A and B d-separated?")
    assert all("d-separated" in message["content"] for message in asked[::2])


@pytest.mark.parametrize("shots", [-1, 101])
def test_an_impossible_number_of_examples_is_refused(shots):
    with pytest.raises(ValueError, match="`shots` must lie in 0 ... 100"):
        PromptFormat(shots=shots)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Yes", 1),
        (" no.", 0),
        ("**Yes**, since A causes B.", 1),
        ("NO\nThere is a path, yes.", 0),
        ("Answer: No", 0),
        ("Final answer - **yes**", 1),
        ("The correct answer is: Yes.", 1),
        ("A causes B, and B causes C.\n\nYes.", 1),
        ("<think>No, wait. The answer is no.</think>\nYes", 1),
        ("<think>The answer is yes, but", UNPARSABLE),
        ("There is no path from A to B", UNPARSABLE),
        ("Yes or No?", UNPARSABLE),
        ("The answer is yes or no.", UNPARSABLE),
        ("Yesterday", UNPARSABLE),
        ("None", UNPARSABLE),
        ("Not", UNPARSABLE),
        ("", UNPARSABLE),
        (None, UNPARSABLE),
    ],
)
def test_answers_are_read_where_they_are_meant_as_answers(text, answer):
    assert parse_answer(text) == answer
