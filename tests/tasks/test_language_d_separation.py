"""The d-separation grammar, one prompt at a time and in batches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_causal.tasks.d_separation.text import Prompt, _parse_loose, parse_prompt, recognizes, render_questions
from hf_causal.tasks.registry import task_of_prompt
from hf_causal.tasks.shared.names import ALPHABET, decode_names, draw_names
from hf_causal.utils.randomness import Stream

NAMES = st.text(ALPHABET, min_size=1, max_size=5)
PAIRS = st.tuples(NAMES, NAMES)
PROMPTS = st.builds(Prompt, st.lists(PAIRS, max_size=12).map(tuple), PAIRS, st.lists(NAMES, max_size=5).map(tuple))
SPACES = st.sampled_from([" ", "  ", "\t", "\n", " \n "])


@given(PROMPTS)
def test_what_is_written_is_read_back(prompt):
    assert parse_prompt(str(prompt)) == prompt
    assert task_of_prompt(str(prompt)).name == "d_separation"


def test_the_canonical_text():
    prompt = Prompt((("a", "b"), ("Cd9", "b")), ("a", "Cd9"), ("b", "e"))
    assert str(prompt) == "a causes b. Cd9 causes b. Are a and Cd9 d-separated given {b, e}?"
    assert prompt.premise == "a causes b. Cd9 causes b."
    assert prompt.question_text == "Are a and Cd9 d-separated given {b, e}?"
    assert str(Prompt((), ("a", "b"))) == "Are a and b d-separated?"


@given(PROMPTS, st.data())
def test_spaces_and_letter_case_of_the_grammar_do_not_matter(prompt, data):
    def space() -> str:
        return data.draw(SPACES)

    def perhaps() -> str:
        return data.draw(st.sampled_from(["", " ", "\n"]))

    def word(text: str) -> str:
        return data.draw(st.sampled_from([text, text.upper(), text.capitalize(), text.swapcase()]))

    text = space()
    for cause, effect in prompt.edges:
        text += f"{cause}{space()}{word('causes')}{space()}{effect}{data.draw(st.sampled_from(['.', ' .', '. ']))}"
    x, y = prompt.question
    text += f"{word('are')}{space()}{x}{space()}{word('and')}{space()}{y}{space()}{word('d-separated')}"
    if prompt.given:
        members = ",".join(f"{perhaps()}{name}{perhaps()}" for name in prompt.given)
        text += f"{space()}{word('given')}{perhaps()}{{{members}}}"
    assert parse_prompt(text + data.draw(st.sampled_from(["?", " ?", "", "  ", ".", "?\n"]))) == prompt


@pytest.mark.parametrize("end", ["", "?", " given {}?", " given { }"])
def test_an_empty_set_is_none(end):
    assert parse_prompt(f"a causes b. Are a and b d-separated{end}") == Prompt((("a", "b"),), ("a", "b"))


@pytest.mark.parametrize(
    ("text", "sentence", "form"),
    [
        ("a makes b. Are a and b d-separated?", "a makes b", "X causes Y."),
        ("a causes b Are a and b d-separated?", "a causes b Are a and b d-separated", "Are X and Y d-separated"),
        ("a causes b. Are a and b d-separated given c?", "Are a and b d-separated given c", "given {Z, W}?"),
        ("a causes b. Are a and b d-separated given {c", "Are a and b d-separated given {c", "given {Z, W}?"),
        ("a causes b. Are a, b d-separated?", "Are a, b d-separated", "Are X and Y d-separated"),
        ("Are a and b d-separated? Are a and c d-separated?", "Are a and b d-separated", "X causes Y."),
        ("a causes b. a is d-separated from b.", "a is d-separated from b", "Are X and Y d-separated"),
        ("a causes b. Does a cause b?", "Does a cause b", "Are X and Y d-separated"),
        ("", "", "Are X and Y d-separated"),
    ],
)
def test_what_is_no_prompt_is_refused_with_its_sentence(text, sentence, form):
    with pytest.raises(ValueError) as error:
        parse_prompt(text)
    assert repr(sentence) in str(error.value)
    assert form in str(error.value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a causes tar-1. Are a and b d-separated?", "tar-1"),
        ("a causes b. Are a-b and b d-separated?", "a-b"),
        ("a causes b. Are a and é d-separated?", "é"),
        ("a causes b. Are a and b d-separated given {c d}?", "c d"),
        ("a causes b. Are a and b d-separated given {c,}?", ""),
    ],
)
def test_a_name_that_a_model_cannot_read_is_refused(text, name):
    with pytest.raises(ValueError, match="cannot read the name") as error:
        parse_prompt(text)
    assert repr(name) in str(error.value)


@pytest.mark.parametrize("text", ["Does a cause b?", "a causes b.", "Are a and b separated?", "dseparated causes b."])
def test_other_texts_are_not_taken_for_this_grammar(text):
    assert not recognizes(text)


@pytest.mark.parametrize("num_nodes", [3, 6, 20])
def test_batches_of_questions_are_written_like_single_ones(num_nodes):
    names = draw_names(Stream("questions", num_nodes), 40, num_nodes, lengths=(1, 4))
    words = decode_names(names)
    generator = np.random.default_rng(num_nodes)
    graph = generator.integers(40, size=300)
    order = np.argsort(generator.random((300, num_nodes)), axis=1)
    size = generator.integers(num_nodes - 1, size=300)
    given = np.zeros((300, num_nodes), dtype=bool)
    np.put_along_axis(given, order[:, 2:], np.arange(num_nodes - 2) < size[:, None], axis=1)
    written = render_questions(names, graph, order[:, 0], order[:, 1], given).to_pylist()
    for row, text in enumerate(written):
        own = words[graph[row]]
        members = sorted(own[node] for node in np.flatnonzero(given[row]))
        assert text == Prompt((), (own[order[row, 0]], own[order[row, 1]]), tuple(members)).question_text


def test_no_questions_are_written_as_none():
    names, none = draw_names(Stream("none"), 2, 3), np.zeros(0, dtype=np.int64)
    assert len(render_questions(names, none, none, none, np.zeros((0, 3), dtype=bool))) == 0


@st.composite
def nearly_canonical(draw):
    """Texts in which each part is canonical or slightly off."""
    words, gaps = st.sampled_from(["A", "b2", "and", "given", "9", "", "é"]), st.sampled_from([" ", "  ", "\n", ""])
    parts = [
        f"{draw(words)} causes {draw(words)}{draw(st.sampled_from('..?'))}{draw(gaps)}"
        for _ in range(draw(st.integers(0, 3)))
    ]
    members = draw(st.sampled_from([", ", ",", " , "])).join(draw(st.lists(words, max_size=3)))
    condition = draw(st.sampled_from(["", f" given {{{members}}}", f" given {members}", f" given{{{members}}}"]))
    end = draw(st.sampled_from(["?", "?", ".", "", "?\n"]))
    return "".join(parts) + f"Are {draw(words)} and {draw(words)} d-separated{condition}{end}"


@given(nearly_canonical())
@settings(max_examples=500)
def test_the_fast_way_reads_what_the_forgiving_way_reads(text):
    def outcome(read):
        try:
            return read(text)
        except ValueError as error:
            return str(error)

    assert outcome(parse_prompt) == outcome(_parse_loose)
