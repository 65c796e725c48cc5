import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_causal.reading_before import UnreadableText, read_everyday, split_sentences
from hf_causal.tasks.corr2cause.text import HYPOTHESES, PARAPHRASES, ClosedSystem
from hf_causal.tasks.proving import prove
from hf_causal.tasks.registry import task_of_prompt
from hf_causal.tasks.shared.names import ALPHABET, RESERVED_WORDS
from hf_causal.tasks.transitivity.text import Prompt

READ = [
    ("smoking causes tar. tar causes cancer", "Does smoking cause cancer?", "A causes B. B causes C. Does A cause C?"),
    ("smoking causes tar\ntar leads to cancer", "can smoking cause cancer", "A causes B. B causes C. Does A cause C?"),
    ("tar is caused by smoking", "Is tar caused by smoking?", "A causes B. Does A cause B?"),
    ("mud results from rain", "Is rain a cause of mud?", "A causes B. Does A cause B?"),
    ("smoking → tar -> cancer", "smoking => cancer?", "A causes B. B causes C. Does A cause C?"),
    ("cancer <- tar ← smoking", "does smoking cause cancer", "A causes B. C causes A. Does C cause B?"),
    ("rain and sprinklers cause mud", "Does rain cause mud?", "A causes B. C causes B. Does A cause B?"),
    ("rain causes mud, puddles and joy", "Does rain cause joy?",
     "A causes B. A causes C. A causes D. Does A cause D?"),
    ("rain causes mud, which leads to falls", "Does rain cause falls", "A causes B. B causes C. Does A cause C?"),
    ("rain causes mud and causes joy", "Does rain cause joy", "A causes B. A causes C. Does A cause C?"),
    ("rain causes mud and mud causes falls", "Does rain cause falls", "A causes B. B causes C. Does A cause C?"),
    ("A causes B B causes C", "Does A cause C", "A causes B. B causes C. Does A cause C?"),
    ("A causes B.B causes C.Does A cause C?", "", "A causes B. B causes C. Does A cause C?"),
    ("1. rain causes mud\n2) mud causes falls", "Does rain cause falls", "A causes B. B causes C. Does A cause C?"),
    ("- rain causes mud\n• mud causes falls", "Does rain cause falls", "A causes B. B causes C. Does A cause C?"),
    ("St. John's wort causes relief. relief causes joy.", "Does relief cause joy?",
     "A causes B. B causes C. Does B cause C?"),
    ('"salt and pepper" causes sneezing', "Does “salt and pepper” cause sneezing?", "A causes B. Does A cause B?"),
    ("Smoking causes tar. Tar causes cancer.", "Does smoking cause cancer?",
     "A causes B. B causes C. Does A cause C?"),
    ("The rain causes mud.", "Does rain cause the mud?", "A causes B. Does A cause B?"),
    ("Suppose that rain causes mud, and then mud leads to falls", "Does rain cause falls?",
     "A causes B. B causes C. Does A cause C?"),
    ("exercise triggers endorphins", "does exercise trigger endorphins", "A causes B. Does A cause B?"),
    ("喫煙 → タール → 癌", "喫煙 → 癌?", "A causes B. B causes C. Does A cause C?"),
    ("", "Does A cause B?", "Does A cause B?"),
    ("x9 causes kQ. kQ causes Kq", "Does x9 cause Kq?", "x9 causes kQ. kQ causes Kq. Does x9 cause Kq?"),
    ("rain causes mud. hail causes mud", "Are rain and hail independent given mud?",
     "A causes B. C causes B. Are A and C d-separated given {B}?"),
    ("A causes B", "Is A d-separated from C?", "A causes B. Are A and C d-separated?"),
]  # fmt: skip


@pytest.mark.parametrize(("premises", "question", "prompt"), READ)
def test_it_reads_what_people_type(premises, question, prompt):
    assert read_everyday(premises, question).prompt == prompt


UNREAD = [
    ("smoking does not cause cancer", "Does smoking cause cancer?", "smoking does not cause cancer", "leave it out"),
    ("tar is bad. tar causes cancer", "Does tar cause cancer?", "tar is bad", "X causes Y"),
    ("smoking causes tar. It causes cancer", "Does smoking cause cancer?", "It causes cancer", "stands for"),
    ("a b causes c d causes e f", "Does a b cause e f?", "a b causes c d causes e f", "one statement a line"),
    ("rain <-> mud", "Does rain cause mud?", "rain <-> mud", "X causes Y"),
    ("causes mud", "Does rain cause mud?", "causes mud", "missing before"),
    ("rain causes", "Does rain cause mud?", "rain causes", "missing after"),
    ("rain causes mud, , joy", "Does rain cause mud?", "rain causes mud, , joy", "missing"),
    ("does rain cause mud? rain causes mud", "Does rain cause mud?", "does rain cause mud", "field for the question"),
]  # fmt: skip


@pytest.mark.parametrize(("premises", "question", "text", "reason"), UNREAD)
def test_it_points_at_what_it_cannot_read(premises, question, text, reason):
    with pytest.raises(UnreadableText) as error:
        read_everyday(premises, question)
    (trouble,) = error.value.troubles
    assert trouble.text == text and reason in trouble.reason
    assert premises[trouble.start : trouble.end] == text


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("", "there is no question"),
        ("Does rain cause mud? Does mud cause rain?", "one question"),
        ("Does rain cause mud and joy?", "several things"),
        ("Are rain and mud not d-separated?", "without a “not”"),
        ("Are rain, hail and mud d-separated?", "more than two"),
        ("Why?", "X causes Y"),
    ],
)
def test_it_points_at_a_question_that_it_cannot_read(question, reason):
    with pytest.raises(UnreadableText) as error:
        read_everyday("rain causes mud", question)
    (trouble,) = error.value.troubles
    assert trouble.field == "question" and reason in trouble.reason


def test_it_points_at_everything_at_once():
    with pytest.raises(UnreadableText) as error:
        read_everyday("rain is wet\nrain causes mud\nhello", "Why?")
    assert [one.text for one in error.value.troubles] == ["rain is wet", "hello", "Why"]


def test_each_statement_knows_its_sentence():
    read = read_everyday("rain and hail cause mud. mud causes falls", "Does rain cause falls?")
    assert [sentence.text for sentence in read.sources] == ["rain and hail cause mud"] * 2 + ["mud causes falls"]


SYSTEM = ClosedSystem(
    ("A", "B", "C"), (("A", "C"), ("B", "C")), (("A", "B", ()),)
)  # fmt: skip


@pytest.mark.parametrize("templates", [HYPOTHESES, PARAPHRASES])
@pytest.mark.parametrize("relation", HYPOTHESES)
def test_it_reads_corr2cause_in_the_words_of_the_corpus(templates, relation):
    asked = templates[relation].format(i="A", j="C")
    read = read_everyday(f"Premise: {SYSTEM.text}", f"Hypothesis: {asked}")
    assert read.grammar == "corr2cause"
    assert prove(read.prompt).answer == prove(f"Premise: {SYSTEM.text}\nHypothesis: {asked}").answer


def test_it_reads_correlations_in_everyday_words():
    premises = "Exercise is correlated with fitness\ngenes and fitness are correlated. "
    premises += "However, exercise and genes are independent"
    read = read_everyday(premises, "Does exercise directly cause fitness?")
    assert read.renaming.short == {"exercise": "A", "fitness": "B", "genes": "C"}
    assert prove(read.prompt).answer == "Yes"


FORMS = (
    "{c} causes {e}", "{c} leads to {e}", "{c} results in {e}", "{e} is caused by {c}", "{c} → {e}", "{c}->{e}",
    "{e} <- {c}",
    "{c} is a cause of {e}", "{e} results from {c}", "{c} can cause {e}", "then {c} will cause {e}",
)  # fmt: skip
WORDS = (
    "rain",
    "mud",
    "wet grass",
    "слякоть",
    "lung cancer",
    "IL-6",
    "stress (acute)",
    "O'Neil's law",
    "北風",
    "level 3",
)


@settings(max_examples=300, deadline=None)
@given(
    edges=st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)), min_size=1, max_size=8),
    seed=st.integers(0, 2**32),
)
def test_every_way_to_say_it_says_the_same(edges, seed):
    draw = random.Random(seed)
    sentences = [draw.choice(FORMS).format(c=cause, e=effect) for cause, effect in edges]
    premises = "".join(sentence + draw.choice(("\n", ". ", ".\n", "; ")) for sentence in sentences)
    read = read_everyday(premises, f"Does {edges[0][0]} cause {edges[-1][1]}?")
    stated = task_of_prompt(read.prompt).parse(read.prompt)
    names = {short: name for name, short in read.renaming.short.items()}
    assert [(names[cause], names[effect]) for cause, effect in stated.edges] == edges
    assert [names[name] for name in stated.question] == [edges[0][0], edges[-1][1]]


short_names = st.text(alphabet=ALPHABET, min_size=1, max_size=3).filter(
    lambda name: name.lower() not in RESERVED_WORDS
)


@settings(max_examples=300, deadline=None)
@given(
    edges=st.lists(st.tuples(short_names, short_names), min_size=1, max_size=12),
    question=st.tuples(short_names, short_names),
)
def test_prompts_of_the_corpora_are_read_as_they_are(edges, question):
    prompt = Prompt(tuple(edges), question)
    read = read_everyday(prompt.premise, prompt.question_text)
    assert read.prompt == str(prompt)
    assert read_everyday(str(prompt)).prompt == str(prompt)


@pytest.mark.parametrize("name", ["Mr", "St", "vs"])
def test_a_node_may_be_called_like_an_abbreviation(name):
    prompt = f"b causes {name}. {name} causes c. Does {name} cause {name}?"
    assert read_everyday(prompt).prompt == prompt
    assert read_everyday(
        "St. Vitus dance causes pain. Stress causes St. Vitus dance", "Does stress cause pain?"
    ).prompt == ("A causes B. C causes A. Does C cause B?")


PIECES = (
    "causes", "cause", "caused by", "is", "does", "not", "and", ",", ".", "?", "\n", " ", "→", "<-", "given", "{",
    "}", '"', "“", "”",
    "d-separated", "independent", "correlates with", "Premise:", "Suppose", "which", "A", "rain", "it", "the",
    "\x00", "\ue000", "<b>", "${1}",
)  # fmt: skip
anything = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join))


@settings(max_examples=1500, deadline=None)
@given(premises=anything, question=anything)
def test_no_text_breaks_it(premises, question):
    try:
        read = read_everyday(premises, question)
    except UnreadableText as error:
        assert error.troubles
        for one in error.troubles:
            text = premises if one.field == "premises" else question
            assert 0 <= one.start <= one.end <= len(text)
            assert one.text in ("", text[one.start : one.end], text)
    else:
        parsed = task_of_prompt(read.prompt).parse(read.prompt)
        assert str(parsed) == read.prompt and task_of_prompt(read.prompt).name == read.grammar
        assert len(set(read.renaming.short.values())) == len(read.renaming.short)


@settings(max_examples=300, deadline=None)
@given(text=anything)
def test_sentences_stand_where_they_say(text):
    for sentence in split_sentences(text):
        assert text[sentence.start : sentence.end] == sentence.text


@pytest.mark.parametrize(
    "piece", ["a causes ", "and ", "can ", ", ", "is ", "“", "- ", ". ", "the ", "->", "( ", "caused by "]
)
def test_long_texts_are_read_in_linear_time(piece):
    text = piece * (20_000 // len(piece))
    with pytest.raises(UnreadableText):
        read_everyday(text, text)
