"""Parsers and checkers take linear time: the work is counted at two lengths, and long hostile texts end at all."""

import json
from itertools import pairwise

import pytest

from hf_causal.tasks.co_occurrence import proof as co_occurrence
from hf_causal.tasks.co_occurrence.text import Prompt as CoOccurrence
from hf_causal.tasks.d_separation import proof as d_separation
from hf_causal.tasks.d_separation.text import Prompt as DSeparation
from hf_causal.tasks.proving import check, read
from hf_causal.tasks.shared.proofs import find_cycle
from hf_causal.tasks.transitivity import proof as transitivity
from hf_causal.tasks.transitivity.text import Prompt as Transitivity
from hf_causal.tasks.transitivity.text import rename
from hf_causal.verification.checks.premise import find_revisit, premise_facts

HOSTILE_CHARACTERS = 300_000
"""A quadratic reader takes about 10^11 steps on as many characters, so a test of it would not end."""


class Name(str):
    """A name that counts how often it is hashed or compared, by which graph algorithms do their work."""

    work = 0

    def __hash__(self):
        Name.work += 1
        return super().__hash__()

    def __eq__(self, other):
        Name.work += 1
        return super().__eq__(other)


def names(prefix, count):
    return [Name(f"{prefix}{number}") for number in range(count)]


def chain(count):
    return tuple(pairwise(names("n", count)))


def behind_a_cycle(count):
    """A cycle of two nodes and a long chain behind it, whose nodes remain when nodes without causes are removed."""
    start, back = Name("start"), Name("back")
    nodes = names("n", count)
    return (*reversed(list(pairwise(nodes))), (start, back), (back, start), (start, nodes[0]))


def fans(count):
    """Many common causes of two nodes, each at the end of a chain."""
    left, right = Name("left"), Name("right")
    return tuple((node, end) for node in names("m", count) for end in (left, right))


def colliders(count):
    """A path over colliders that have a common descendant."""
    outer, inner, below = names("n", count + 1), names("c", count), Name("below")
    steps = [((outer[i], inner[i]), (outer[i + 1], inner[i]), (inner[i], below)) for i in range(count)]
    return tuple(edge for step in steps for edge in step)


def prove_and_check(module, prompt):
    proof = module.prove(prompt)
    module.check(prompt, proof.answer, json.loads(proof.certificate))


WORK = {
    "cycle": lambda count: find_cycle(behind_a_cycle(count)),
    "premise with a cycle": lambda count: premise_facts.__wrapped__(behind_a_cycle(count)),
    "repeated statement": lambda count: premise_facts.__wrapped__((*chain(count), *chain(count))),
    "path that comes back": lambda count: find_revisit((*chain(count), *reversed(chain(count)))),
    "transitivity": lambda count: prove_and_check(transitivity, Transitivity(chain(count), (Name("n5"), Name("n0")))),
    "d-separation, No": lambda count: prove_and_check(
        d_separation, DSeparation(colliders(count), (Name("n0"), Name(f"n{count}")), (Name("below"),))
    ),
    "d-separation, Yes": lambda count: prove_and_check(
        d_separation, DSeparation(chain(count), (Name("n0"), Name("n2")), (Name("n1"), *names("n", count)[3:]))
    ),
    "co-occurrence, common causes": lambda count: prove_and_check(
        co_occurrence,
        CoOccurrence(
            (*((*edge, True) for edge in fans(count)), (Name("left"), Name("right"), False)),
            (Name("left"), Name("right")),
        ),
    ),
    "co-occurrence, statements": lambda count: prove_and_check(
        co_occurrence,
        CoOccurrence(
            (*((*edge, True) for edge in chain(count)), *((*edge, False) for edge in chain(count))),
            (Name("n9"), Name("n8")),
        ),
    ),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_twice_the_length_is_twice_the_work(work):
    counts = []
    for count in (300, 600):
        Name.work = 0
        work(count)
        counts.append(Name.work)
    assert 0 < counts[1] < 2.5 * counts[0]


def fill(text: str) -> str:
    """Repeats a text up to the hostile length."""
    return text * (HOSTILE_CHARACTERS // len(text))


SYSTEM = (
    "Premise: Suppose there is a closed system of 2 variables, A and B. All the statistical relations among these 2 "
    "variables are as follows: A correlates with B. "
)
TEXTS = {
    "spaces": f"A{fill(' ')}causes B. Does A cause B?",
    "spaces before and": f"A causes B{fill(' ')}and C causes D. A and B appear together. Does A cause B?",
    "and": f"A and B appear together{fill(' and')}",
    "and before the verb": f"{fill('and ')}appear together. Does A cause B?",
    "statements with and": f"A causes B{fill(' and C causes D')} and. A and B appear together. Does A cause B?",
    "full stops": f"{fill('.')} A causes B. Does A cause B?",
    "full stops with spaces": f"{fill('. ')}A causes B. Does A cause B?",
    "one name": f"{fill('A')} causes B. Does A cause B?",
    "statements and no question": fill("A causes B. "),
    "statements and another question": f"{fill('A causes B. ')}Does A makes B?",
    "conditioning set": f"A causes B. Are A and B d-separated given {{{fill('C, ')}D}}?",
    "open conditioning set": f"A causes B. Are A and B d-separated given {fill('{')}",
    "are": f"{fill('a are ')}d-separated",
    "independent": f"{SYSTEM}{fill('A and ')}B are independent given C.\nHypothesis: A directly causes B.",
    "correlations": f"{SYSTEM}{fill('A correlates with B. ')}\nHypothesis: A directly causes B.",
    "hypothesis with and": f"{SYSTEM}\nHypothesis: {fill('A and ')}",
    "hypothesis with is a cause": f"{SYSTEM}\nHypothesis: {fill('A is a cause for ')}",
    "hypothesis": fill("hypothesis "),
    "variables": SYSTEM.replace("A and B.", f"{fill('A, and ')}B.") + "\nHypothesis: A directly causes B.",
    "premise label": fill("Premise:"),
    "question label": f"Question{fill(' ')}",
    "answer label": f"A causes B. answer{fill(' ')}x",
    "answer labels": fill(" answer: "),
    "instruction": f"answer the question with {fill('only ')}",
    "does": fill("does "),
    "lines": f"{fill(chr(10))}x",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("reader", [read, rename], ids=["read", "rename"])
def test_a_long_hostile_text_is_read_or_refused(reader, text):
    try:
        reader(text)
    except ValueError as error:
        assert str(error)


def test_a_long_row_is_checked():
    count = HOSTILE_CHARACTERS // 20
    prompt = " ".join(f"n{step} causes n{step + 1}." for step in range(count))
    reachable = [f"n{step}" for step in range(count + 1) if step > 7]
    for columns in ({}, {"premise": prompt, "question": "Does n7 cause n3? "}):
        certificate = json.dumps({"reachable": reachable})
        check({"prompt": f"{prompt} Does n7 cause n3?", "completion": "No", "certificate": certificate, **columns})
