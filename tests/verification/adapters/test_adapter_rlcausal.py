"""The adapter of RLCausal against the enumeration of all states of the selector variables."""

import random
from fractions import Fraction
from itertools import product

import pytest

from hf_causal.verification.adapters.rlcausal import ADAPTER

EDGES = [(0, 1), (0, 2), (1, 2)]
NOISE = (
    "Furthermore, each variable v is assumed to depend deterministically on its parents pa(v) and a collection of "
    "independent exogenous selector variables, one for each possible joint assignment to pa(v), whose marginal "
    "distribution is defined to be p(v | pa(v)). Given a particular assignment to pa(v), v takes on the value of the "
    "selector variable corresponding to that particular assignment pa(v).\n\n"
)


def drawn(seed):
    generator = random.Random(seed)
    parents = [[i for i, j in EDGES if j == node] for node in range(3)]
    return parents, [[generator.randint(1, 9) for _ in range(2 ** len(above))] for above in parents]


def text(parents, tables, question, noise=NOISE) -> str:
    names = ", ".join(f"v{node}" for node in range(3))
    lines = []
    for node, (above, table) in enumerate(zip(parents, tables, strict=True)):
        lines.append(f"CPTs for v{node}:")
        for values, share in zip(product((0, 1), repeat=len(above)), table, strict=True):
            given = ",".join(f"v{parent}={value}" for parent, value in zip(above, values, strict=True))
            lines.append(f"P(v{node}{' | ' + given if given else ''}) = [0.{10 - share}, 0.{share}]")
        lines.append("")
    dag = "\n".join([*(f"v{node};" for node in range(3)), *(f"v{i} -> v{j};" for i, j in EDGES)])
    values = "\n".join(f"v{node} can take values in [0, 1]" for node in range(3))
    return (
        f"Here's a structural causal model over discrete random variables. The Variables are {names}. Here are the "
        f"Values they can take on.\n\n{values}\n\nHere's the causal directed acyclic graph (DAG):\n\n"
        f"strict digraph {{\n{dag}\n}}\n\n\nHere are the causal conditional probability tables (CPT) associated with "
        "the DAG:\n\n"
        + "\n".join(lines)
        + f"\n\n{noise}Here's your Question: {question}\n\n-----\n\nNow start your solution process. Be precise."
    )


def states(parents, tables):
    """Yields the values of all selector variables with their probability."""
    selectors = [(node, row) for node in range(3) for row in range(len(tables[node]))]
    for values in product((0, 1), repeat=len(selectors)):
        weight = Fraction(1)
        for (node, row), value in zip(selectors, values, strict=True):
            weight *= Fraction(tables[node][row] if value else 10 - tables[node][row], 10)
        yield dict(zip(selectors, values, strict=True)), weight


def run(parents, selectors, changed=()):
    state = {}
    for node, above in enumerate(parents):
        row = int("".join(str(state[parent]) for parent in above) or "0", 2)
        state[node] = dict(changed).get(node, selectors[node, row])
    return state


def exact(parents, tables, y, seen=(), changed=()) -> float:
    sums = [Fraction(0), Fraction(0)]
    for selectors, weight in states(parents, tables):
        actual = run(parents, selectors)
        if all(actual[node] == value for node, value in seen):
            sums[0] += weight
            sums[1] += weight * run(parents, selectors, changed)[y]
    return float(sums[1] / sums[0])


def verdict(prompt, reference) -> str:
    return ADAPTER.verdict({"example": {"user": prompt, "reference": reference}, "formal_example": {}}).verdict


@pytest.mark.parametrize("seed", range(8))
def test_each_rung(seed):
    parents, tables = drawn(seed)
    start = "What is the marginal distribution of"
    cases = {
        f"{start} v2 given it is observed that v1=1?": exact(parents, tables, 2, [(1, 1)]),
        f"{start} v0 given it is observed that v2=0?": exact(parents, tables, 0, [(2, 0)]),
        f"{start} v2 given we intervented to set v1 to 0?": exact(parents, tables, 2, (), [(1, 0)]),
        f"{start} v2 given we first observed v2 = 1 and then intervened to set v0 to 1?": exact(
            parents, tables, 2, [(2, 1)], [(0, 1)]
        ),
    }
    for question, share in cases.items():
        prompt = text(parents, tables, question)
        assert verdict(prompt, str([round(1 - share, 2), round(share, 2)])) in ("proved", "precision")
        assert verdict(prompt, str([1 - share, share])) == "proved"
        near = share + 0.02 if share < 0.9 else share - 0.02
        assert verdict(prompt, str([1 - near, near])) == "precision"
        far = share + 0.1 if share < 0.8 else share - 0.1
        assert verdict(prompt, str([1 - far, far])) == "refuted"


def test_texts_that_are_not_understood():
    parents, tables = drawn(0)
    question = (
        "What is the marginal distribution of v2 given we first observed v1 = 1 and then intervened to set v0 to 1?"
    )
    good = text(parents, tables, question)
    assert verdict(good, "[0.5, 0.5]") in ("refuted", "precision", "proved")
    assert verdict(text(parents, tables, question, ""), "[0.5, 0.5]") == "out_of_scope"
    changes = {
        "v0 -> v1;": "",
        "set v0 to 1": "set v9 to 1",
        "v1 = 1": "v1 = 7",
        "P(v1 | v0=0) = [": "P(v1 | v0=0) = [1",
        "the marginal": "the joint",
    }
    for old, new in changes.items():
        assert old in good
        assert verdict(good.replace(old, new, 1), "[0.5, 0.5]") == "unreadable"
    assert verdict(good, "[0.5]") == "unreadable"
