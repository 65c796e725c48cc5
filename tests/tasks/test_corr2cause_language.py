from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_causal.graphs.enumeration import SIZES, classes
from hf_causal.graphs.equivalence import RELATIONS, independences
from hf_causal.graphs.equivalence_classes import EquivalenceClass
from hf_causal.tasks.corr2cause.text import (
    HYPOTHESES,
    MIRRORED,
    PARAPHRASES,
    ClosedSystem,
    Prompt,
    hypothesis,
    join,
    parse_premise,
    parse_prompt,
    recognizes,
)

CHAIN = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=bool)
FORK_AND_COLLIDER = np.array([[0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]], dtype=bool)

PREMISE = (
    "Suppose there is a closed system of 3 variables, A, B and C. All the statistical relations among these 3 "
    "variables are as follows: A correlates with B. A correlates with C. B correlates with C. However, A and C are "
    "independent given B."
)


def system(dag, names="ABCDEF"):
    return ClosedSystem.of_table(names[: len(dag)], independences(dag))


@st.composite
def systems(draw):
    """The premise of any class of 2 to 5 variables under any names."""
    cpdag = draw(st.sampled_from([cpdag for size in SIZES[:4] for cpdag in classes(size)]))
    order = np.array(draw(st.permutations(range(len(cpdag)))))
    names = draw(st.lists(st.from_regex(r"[A-Za-z0-9]{1,3}( [xyz]{2})?", fullmatch=True), min_size=5, unique=True))
    reserved = {word for name in names for word in name.lower().split()} & {"and", "however"}
    names = ["ZYXWV"[place] for place in range(5)] if reserved else names
    return ClosedSystem.of_table(names[: len(cpdag)], EquivalenceClass(cpdag).relabelled(order).independences)


def test_the_premise_of_a_chain():
    assert system(CHAIN).text == PREMISE


def test_the_premise_of_four_variables():
    assert system(FORK_AND_COLLIDER).text == (
        "Suppose there is a closed system of 4 variables, A, B, C and D. All the statistical relations among these 4 "
        "variables are as follows: A correlates with C. A correlates with D. B correlates with C. B correlates with "
        "D. C correlates with D. However, A is independent of B. A and D are independent given B and C. A and D are "
        "independent given C. B and D are independent given A and C. B and D are independent given C."
    )


PUBLISHED = (
    "Suppose there is a closed system of 5 variables, A, B, C, D and E. All the statistical relations among these 5 "
    "variables are as follows: A correlates with C. A correlates with D. A correlates with E. B correlates with C. "
    "B correlates with D. B correlates with E. C correlates with D. C correlates with E. D correlates with E. "
    "However, A is independent of B. A and D are independent given B and C. A and D are independent given C. B and D "
    "are independent given A and C. B and D are independent given C."
)


def test_a_published_premise_is_written_as_it_is():
    found = EquivalenceClass.of_independences(parse_premise(PUBLISHED).table)
    assert ClosedSystem.of_table("ABCDE", found.independences).text == PUBLISHED


def test_independences_are_in_the_published_order():
    """By pair, then by the list of what is given: [] < [C] < [C, D] < [D]."""
    assert system(np.zeros((4, 4), dtype=bool)).text.endswith(
        "C is independent of D. C and D are independent given A. C and D are independent given A and B. "
        "C and D are independent given B."
    )


def test_premises_without_correlations_or_independences():
    opening = (
        "Suppose there is a closed system of 2 variables, Z and Y. All the statistical relations among these 2 "
        "variables are as follows: "
    )
    assert system(np.zeros((2, 2), dtype=bool), "ZY").text == opening + "Z is independent of Y."
    assert system(np.triu(np.ones((2, 2), dtype=bool), 1), "ZY").text == opening + "Z correlates with Y."


def test_the_hypotheses():
    assert [hypothesis(relation, ("A", "B")) for relation in RELATIONS] == [
        "A directly causes B.",
        "A causes something else which causes B.",
        "B directly causes A.",
        "B is a cause for A, but not a direct one.",
        "There exists at least one collider (i.e., common effect) of A and B.",
        "There exists at least one confounder (i.e., common cause) of A and B.",
    ]
    assert [hypothesis(relation, ("A", "B"), paraphrased=True) for relation in RELATIONS] == [
        "A directly affects B.",
        "A influences B through some mediator(s).",
        "B directly affects A.",
        "B influences A through some mediator(s).",
        "A and B together cause some other variable(s).",
        "Some variable(s) cause(s) both A and B.",
    ]


def test_the_prompt():
    assert join("P.", "H.") == "Premise: P.\nHypothesis: H."


def test_mirrored_relations_hold_of_the_pair_turned_round():
    for cpdag in classes(4):
        held = EquivalenceClass(cpdag).relations
        for relation, mirrored in MIRRORED.items():
            there, back = RELATIONS.index(relation), RELATIONS.index(mirrored)
            assert np.array_equal(held[:, there], held[:, back].swapaxes(1, 2))


@given(systems(), st.sampled_from(RELATIONS), st.booleans(), st.data())
@settings(deadline=None)
def test_what_is_written_is_read(system, relation, paraphrased, data):
    pair = tuple(data.draw(st.permutations(system.variables))[:2])
    prompt = Prompt(system, relation, pair, paraphrased)
    read = parse_prompt(str(prompt))
    assert str(read) == str(prompt) == join(prompt.premise, prompt.question_text)
    assert read.system == system
    assert (read.relation, read.pair) in {(relation, pair), (MIRRORED[relation], pair[::-1])}
    assert recognizes(str(prompt))


@given(systems())
@settings(max_examples=40, deadline=None)
def test_extra_spaces_and_other_cases_are_read(system):
    prompt = Prompt(system, "has_collider", system.variables[:2])
    loose = str(prompt).replace(" correlates with ", "  CORRELATES\nwith ").replace("Suppose", "suppose")
    assert parse_prompt(f"  {loose.replace('Hypothesis: ', 'hypothesis :').removesuffix('.')} ") == prompt


@pytest.mark.parametrize("size", SIZES)
def test_a_premise_determines_its_class(size):
    """The class found from the text alone is the one it was written for, for every class under a random labelling."""
    generator = np.random.default_rng(size)
    for cpdag in classes(size)[:: 1 if size < 6 else 9]:
        labelled = EquivalenceClass(cpdag).relabelled(generator.permutation(size))
        text = ClosedSystem.of_table("ZYXWVU"[:size], labelled.independences).text
        table = parse_premise(text).table
        assert np.array_equal(EquivalenceClass.of_independences(table).cpdag, labelled.cpdag)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_one_labelled_class_only_lists_the_independences_of_a_premise(size):
    """Every labelled class is searched for, by its premise, among all of them."""
    orders = [np.array(order) for order in permutations(range(size))]
    labelled = {
        cpdag[np.ix_(order, order)].tobytes(): EquivalenceClass(cpdag).relabelled(order).independences
        for cpdag in classes(size)
        for order in orders
    }
    texts = {ClosedSystem.of_table("ABCD"[:size], table).text for table in labelled.values()}
    assert len(texts) == len(labelled) == {2: 2, 3: 11, 4: 185}[size]


ASKED = "Hypothesis: A directly causes B."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "one 'Hypothesis:'"),
        (f"Premise: {PREMISE}", "one 'Hypothesis:'"),
        (f"{PREMISE} {ASKED} {ASKED}", "one 'Hypothesis:'"),
        (f"A causes B. {ASKED}", "cannot read the premise"),
        (f"{PREMISE} Hypothesis: A makes B.", "cannot read the hypothesis 'A makes B.'"),
        (f"{PREMISE} Hypothesis: A directly causes D.", "'D' in the sentence .* is no variable .* A, B, C"),
        (f"{PREMISE} Hypothesis: A directly causes A.", "must be different"),
        (f"{PREMISE} A makes C. {ASKED}", "cannot read the sentence 'A makes C'"),
        (f"{PREMISE} A is independent of D. {ASKED}", "'D' in the sentence 'A is independent of D'"),
        (f"{PREMISE} A and B are independent given B. {ASKED}", "must be different"),
        (f"{PREMISE} B is independent of A. {ASKED}", "both as correlated and as independent"),
        (f"{PREMISE.replace('of 3', 'of 4')} {ASKED}", "as many different variables as it says"),
        (f"{PREMISE.replace('A, B and C', 'A, B and B')} {ASKED}", "as many different variables as it says"),
        (f"{PREMISE.replace('A, B and C.', 'A.').replace('3', '1')} {ASKED}", "2 to 8 variables"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_says_why(text, message):
    with pytest.raises(ValueError, match=message):
        parse_prompt(text)


def test_other_texts_are_not_recognized():
    assert not recognizes("A causes B. Does A cause B?")
    assert set(HYPOTHESES) == set(PARAPHRASES) == set(RELATIONS)
