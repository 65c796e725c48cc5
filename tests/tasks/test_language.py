import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hf_causal.graphs import dags as graphs
from hf_causal.tasks.shared.names import ALPHABET, decode_names, draw_names
from hf_causal.tasks.shared.statements import parse_premise, render_premises
from hf_causal.tasks.transitivity.text import Prompt, _parse_loose, parse_prompt, rename, render_questions
from hf_causal.utils.randomness import Stream

NAMES = st.text(ALPHABET, min_size=1, max_size=5)
PAIRS = st.tuples(NAMES, NAMES)
PROMPTS = st.builds(Prompt, st.lists(PAIRS, max_size=12).map(tuple), PAIRS)

SPACES = st.sampled_from([" ", "  ", "\t", "\n", " \n "])


@given(PROMPTS)
def test_what_is_written_is_read_back(prompt):
    assert parse_prompt(str(prompt)) == prompt
    assert parse_premise(prompt.premise) == prompt.edges


def test_the_canonical_text():
    prompt = Prompt((("a", "b"), ("b", "Cd9")), ("a", "Cd9"))
    assert str(prompt) == "a causes b. b causes Cd9. Does a cause Cd9?"
    assert prompt.premise == "a causes b. b causes Cd9."
    assert str(Prompt((), ("a", "b"))) == "Does a cause b?"


@given(PROMPTS, st.data())
def test_spaces_and_letter_case_of_the_grammar_do_not_matter(prompt, data):
    def space() -> str:
        return data.draw(SPACES)

    def word(text: str) -> str:
        return data.draw(st.sampled_from([text, text.upper(), text.capitalize(), text.swapcase()]))

    text = space()
    for cause, effect in prompt.edges:
        text += f"{cause}{space()}{word('causes')}{space()}{effect}{data.draw(st.sampled_from(['.', ' .', '. ']))}"
    cause, effect = prompt.question
    end = data.draw(st.sampled_from(["?", " ?", "", "  ", ".", "?\n"]))
    text += f"{word('does')}{space()}{cause}{space()}{word('cause')}{space()}{effect}{end}"
    assert parse_prompt(text) == prompt


@pytest.mark.parametrize(
    "premise", ["a causes b. b causes c.", "a causes b. b causes c", "  a causes b.b CAUSES c .\n"]
)
def test_a_premise_may_lack_its_last_stop(premise):
    assert parse_premise(premise) == (("a", "b"), ("b", "c"))


def test_an_empty_premise_states_nothing():
    assert parse_premise("  ") == ()


@pytest.mark.parametrize(
    ("text", "sentence", "form"),
    [
        ("a causes b. b makes c. Does a cause c?", "b makes c", "X causes Y."),
        ("a causes b. Is a linked to b?", "Is a linked to b", "Does X cause Y?"),
        ("a causes b. b causes c.", "b causes c", "Does X cause Y?"),
        ("Does a cause b? Does b cause c?", "Does a cause b", "X causes Y."),
        ("a causes b c. Does a cause b?", "a causes b c", "X causes Y."),
        ("a causes b causes c. Does a cause b?", "a causes b causes c", "X causes Y."),
        ("a causes b.. Does a cause b?", "", "X causes Y."),
        ("a causes b. Does a cause?", "Does a cause", "Does X cause Y?"),
        ("", "", "Does X cause Y?"),
        (" \n", "", "Does X cause Y?"),
    ],
)
def test_what_is_no_prompt_is_refused_with_its_sentence(text, sentence, form):
    with pytest.raises(ValueError) as error:
        parse_prompt(text)
    assert repr(sentence) in str(error.value)
    assert repr(form) in str(error.value)


@pytest.mark.parametrize("name", ["tar-deposits", "Krebs_1", "курение", "é", "x,"])
def test_a_name_that_a_model_cannot_read_is_refused_with_its_sentence(name):
    with pytest.raises(ValueError, match="rename") as error:
        parse_prompt(f"a causes {name}. Does a cause b?")
    assert repr(name) in str(error.value)
    assert repr(f"a causes {name}") in str(error.value)


def test_a_bad_sentence_of_a_premise_is_refused():
    with pytest.raises(ValueError, match="'b stops c'"):
        parse_premise("a causes b. b stops c.")


VERBS = {"cause", "causes", "do", "does"}
ANY_WORDS = st.text(
    st.characters(categories=["Lu", "Ll", "Lo", "Nd"]) | st.sampled_from("'-,;:()&/"), min_size=1, max_size=6
).filter(lambda word: word.casefold().strip("'-,;:()&/") not in VERBS)
ANY_NAMES = st.lists(ANY_WORDS, min_size=1, max_size=3).map(" ".join)
ANY_PAIRS = st.tuples(ANY_NAMES, ANY_NAMES)


@given(st.lists(ANY_PAIRS, max_size=8), ANY_PAIRS)
def test_renamed_prompts_are_readable_and_restored(edges, question):
    text = str(Prompt(tuple(edges), question))
    prompt, renaming = rename(text)
    read = parse_prompt(prompt)
    back = {short: name for name, short in renaming.short.items()}
    assert [(back[cause], back[effect]) for cause, effect in read.edges] == edges
    assert tuple(back[name] for name in read.question) == question
    assert renaming.restore(prompt) == text


@pytest.mark.parametrize(
    ("text", "expected", "names"),
    [
        (
            "smoking causes tar deposits. tar deposits causes lung cancer. Does smoking cause lung cancer?",
            "A causes B. B causes C. Does A cause C?",
            ["smoking", "tar deposits", "lung cancer"],
        ),
        (
            "St. John's wort causes photosensitivity (mild). Does St. John's wort cause photosensitivity (mild)?",
            "A causes B. Does A cause B?",
            ["St. John's wort", "photosensitivity (mild)"],
        ),
        (
            "rain causes mud. St. John's wort causes rain. Does St. John's wort cause mud?",
            "A causes B. C causes A. Does C cause B?",
            ["rain", "mud", "St. John's wort"],
        ),
        ("v1.2 causes v2.0. Does v2.0 cause v1.2?", "A causes B. Does B cause A?", ["v1.2", "v2.0"]),
        ("курение causes рак лёгких. Does 吸烟 cause 肺癌?", "A causes B. Does C cause D?",
         ["курение", "рак лёгких", "吸烟", "肺癌"]),
        ("two  spaces\ncauses b. Does two spaces cause b", "A causes B. Does A cause B?", ["two spaces", "b"]),
        ("Cigarettes cause tar. Do Cigarettes cause tar?", "A causes B. Does A cause B?", ["Cigarettes", "tar"]),
    ],
)  # fmt: skip
def test_names_of_the_world_become_short(text, expected, names):
    prompt, renaming = rename(text)
    assert prompt == expected
    assert list(renaming.short) == names
    assert renaming.restore("Does A cause B?") == f"Does {names[0]} cause {names[1]}?"


def test_an_abbreviation_in_an_effect_does_not_end_the_sentence():
    text = "gloom causes St. John's wort use. St. John's wort use causes relief. Does gloom cause relief?"
    prompt, renaming = rename(text)
    assert prompt == "A causes B. B causes C. Does A cause C?"
    assert list(renaming.short) == ["gloom", "St. John's wort use", "relief"]


def test_a_name_with_a_verb_in_it_is_read_rightly_or_refused():
    try:
        prompt, _ = rename("root cause causes outage. Does root cause cause outage?")
    except ValueError:
        return
    assert prompt == "A causes B. Does A cause B?"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("smoking makes tar deposits. Does smoking cause cancer?", "smoking makes tar deposits"),
        ("smoking causes tar deposits.", "smoking causes tar deposits"),
        ("Does lung tar cause cancer? Does smoking cause lung tar?", "Does lung tar cause cancer"),
        ("", ""),
    ],
)
def test_what_cannot_be_renamed_is_refused_with_its_sentence(text, sentence):
    with pytest.raises(ValueError) as error:
        rename(text)
    assert sentence in str(error.value)


def random_batch(num_nodes: int) -> tuple[np.ndarray, np.ndarray, list[list[str]]]:
    edges = graphs.erdos_renyi_dags(50, num_nodes, 1.4, Stream("render", num_nodes))
    names = draw_names(Stream("render names", num_nodes), 50, num_nodes)
    return edges, names, decode_names(names)


@pytest.mark.parametrize("num_nodes", [5, 12, 40])
def test_batches_of_premises_are_written_like_single_ones(num_nodes):
    edges, names, words = random_batch(num_nodes)
    expected = [
        " ".join(f"{words[graph][cause]} causes {words[graph][effect]}." for cause, effect in edges[graph])
        for graph in range(len(edges))
    ]
    assert render_premises(edges, names).to_pylist() == expected


def test_batches_of_questions_are_written_like_single_ones():
    _, names, words = random_batch(6)
    graph, cause, effect = np.random.default_rng(0).integers(6, size=(3, 200))
    expected = [f"Does {words[g][c]} cause {words[g][e]}?" for g, c, e in zip(graph, cause, effect, strict=True)]
    assert render_questions(names, graph, cause, effect).to_pylist() == expected


@given(PROMPTS)
def test_a_batch_of_one_is_the_prompt_itself(prompt):
    assume(prompt.edges)
    words = sorted({name for pair in [*prompt.edges, prompt.question] for name in pair})
    names = np.array([[list(word.encode().ljust(5, b"\0")) for word in words]], dtype=np.uint8)
    edges = np.array([[[words.index(name) for name in pair] for pair in prompt.edges]])
    cause, effect = (np.array([words.index(name)]) for name in prompt.question)
    question = render_questions(names, np.array([0]), cause, effect)[0].as_py()
    assert f"{render_premises(edges, names)[0].as_py()} {question}" == str(prompt)


WORDS = st.sampled_from(["A", "b2", "causes", "Does", "cause", "does", "9", "", "é", "A B"])
GAPS = st.sampled_from([" ", "  ", "\n", ""])


@st.composite
def nearly_canonical(draw):
    """Texts in which each part is canonical or slightly off."""
    parts = []
    for _ in range(draw(st.integers(0, 4))):
        verb, stop = draw(st.sampled_from(["causes", "causes", "CAUSES", "cause"])), draw(st.sampled_from("..?"))
        parts.append(f"{draw(WORDS)} {verb} {draw(WORDS)}{stop}{draw(GAPS)}")
    ask, end = draw(st.sampled_from(["Does", "Does", "does", ""])), draw(st.sampled_from(["?", "?", ".", "", "?\n"]))
    return "".join(parts) + f"{ask} {draw(WORDS)} cause {draw(WORDS)}{end}"


@given(nearly_canonical())
@settings(max_examples=500)
def test_the_fast_way_reads_what_the_forgiving_way_reads(text):
    def outcome(read):
        try:
            return read(text)
        except ValueError as error:
            return str(error)

    assert outcome(parse_prompt) == outcome(_parse_loose)
