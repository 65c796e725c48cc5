"""Writes the PC algorithm step by step (Spirtes, Glymour and Scheines, 2000; rules of Meek, 1995).

    Remove A - C: independent
    Remove A - D: independent given B
    Remove C - D: independent given B
    Skeleton: A - B, B - C, B - D
    V-structure A -> B <- C: independent
    Rule 1: A -> B - D, so B -> D
    Directed: A -> B, B -> D, C -> B
    Undirected: none
    Path: A -> B -> D
    Answer: Yes

The steps before the paths direct the edges that all graphs with the listed independences share. A path shows that a
hypothesis holds in all graphs that have it, and the paths of a Yes cover every graph. A No has a counter-model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import permutations

import numpy as np

from hf_causal.tasks.corr2cause.stated_class import Arrow, Pair, StatedClass, stated_class
from hf_causal.tasks.corr2cause.text import Prompt
from hf_causal.tasks.shared.edge_lists import write_edges
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.structured_replies import write_nodes

SHAPES: Mapping[str, re.Pattern[str]] = {
    relation: re.compile(shape)
    for relation, shape in {
        "parent": ">",
        "non-parent ancestor": ">>+",
        "child": "<",
        "non-child descendant": "<<+",
        "has_collider": ">+<+",
        "has_confounder": "<+>+",
    }.items()
}
"""From relation to the directions along a path between its two variables that make it true."""


def write_trace(prompt: Prompt, proof: Proof) -> str:
    """Writes the steps to an answer.

    Example:

    ```python
    >>> from hf_causal.tasks.corr2cause.proof import prove
    >>> from hf_causal.tasks.corr2cause.text import ClosedSystem
    >>> system = ClosedSystem(("A", "B", "C"), (("A", "B"), ("B", "C")), (("A", "C", ()),))
    >>> prompt = Prompt(system, "has_collider", ("A", "C"))
    >>> print(write_trace(prompt, prove(prompt)))
    Remove A - C: independent
    Skeleton: A - B, B - C
    V-structure A -> B <- C: independent
    Directed: A -> B, C -> B
    Undirected: none
    Path: A -> B <- C
    Answer: Yes

    ```
    """
    stated = stated_class(prompt.system)
    lines = [*_write_skeleton(stated), *_write_directions(stated), write_class(stated)]
    if proof.answer == "Yes":
        lines += [f"Path: {path}" for path in _covering_paths(stated, prompt)]
    else:
        counter_model = json.loads(proof.certificate)["counter_model"]
        lines.append(f"Counter-model: {write_edges(counter_model, stated.names)}")
    return "\n".join([*lines, f"Answer: {proof.answer}"])


def write_class(stated: StatedClass) -> str:
    """Writes the directed and the undirected edges of a class, on two lines."""
    directed = write_edges(stated.in_order(stated.directed), stated.names)
    undirected = write_edges(stated.in_order(stated.undirected), stated.names, "-")
    return f"Directed: {directed}\nUndirected: {undirected}"


def _write_skeleton(stated: StatedClass) -> Iterator[str]:
    for first, second in stated.pairs():
        if frozenset((first, second)) not in stated.skeleton:
            yield f"Remove {first} - {second}: {_write_independent(stated, first, second)}"
    yield f"Skeleton: {write_edges(stated.in_order(stated.skeleton), stated.names, '-')}"


def _write_independent(stated: StatedClass, first: str, second: str) -> str:
    """Writes the smallest listed set that separates two variables, the first such one."""
    given = min((given for *_, given in stated.independences[frozenset((first, second))]), key=len)
    return f"independent given {write_nodes(given, stated.names)}" if given else "independent"


def _write_directions(stated: StatedClass) -> Iterator[str]:
    """Writes the v-structures, and then Meek's rules until they direct no further edge."""
    directed = set[Arrow]()
    for pair, middle in sorted(stated.v_structures, key=lambda item: stated.in_order([item[0]])[0] + (item[1],)):
        first, second = stated.in_order([pair])[0]
        yield f"V-structure {first} -> {middle} <- {second}: {_write_independent(stated, first, second)}"
        directed |= {(first, middle), (second, middle)}
    while step := next(derivations(stated, directed), None):
        number, reason, (cause, effect) = step
        yield f"Rule {number}: {reason}, so {cause} -> {effect}"
        directed.add((cause, effect))


def derivations(stated: StatedClass, directed: Collection[Arrow]) -> Iterator[tuple[int, str, Arrow]]:
    """Yields each way in which Meek's rules 1 to 3 direct an edge of the skeleton that has no direction yet.

    Returns:
        iterator of `tuple`: The number of the rule, the edges that justify it, and the new edge.
    """
    undirected = stated.skeleton - set(map(frozenset, directed))
    arrows = stated.in_order(edge for pair in undirected for edge in permutations(pair))
    for number, rule in enumerate((_rule_1, _rule_2, _rule_3), 1):
        for arrow in arrows:
            for reason in rule(stated, directed, undirected, arrow):
                yield number, reason, arrow


def _rule_1(
    stated: StatedClass, directed: Collection[Arrow], undirected: Collection[Pair], arrow: Arrow
) -> Iterator[str]:
    first, second = arrow
    for cause in stated.variables:
        if (cause, first) in directed and stated.apart(cause, second):
            yield f"{cause} -> {first} - {second}"


def _rule_2(
    stated: StatedClass, directed: Collection[Arrow], undirected: Collection[Pair], arrow: Arrow
) -> Iterator[str]:
    first, second = arrow
    for middle in stated.variables:
        if (first, middle) in directed and (middle, second) in directed:
            yield f"{first} -> {middle} -> {second}"


def _rule_3(
    stated: StatedClass, directed: Collection[Arrow], undirected: Collection[Pair], arrow: Arrow
) -> Iterator[str]:
    first, second = arrow
    for one, other in stated.pairs():
        middles = (one, other)
        if stated.apart(one, other) and all(
            frozenset((first, middle)) in undirected and (middle, second) in directed for middle in middles
        ):
            yield f"{first} - {one} -> {second}, {first} - {other} -> {second}"


def _covering_paths(stated: StatedClass, prompt: Prompt) -> list[str]:
    """Returns paths that make a hypothesis true, few of which every graph of its class has at least one.

    Each next path is one of the first graph without a path so far: the path that most of such graphs have, and of
    those the shortest.
    """
    uncovered = np.ones(len(stated.proofs.equivalence_class.members), dtype=bool)
    paths = []
    while uncovered.any():
        candidates = list(_paths(prompt, stated.member(int(uncovered.argmax()))))
        covers = [stated.with_edges(edges) & uncovered for edges, _ in candidates]
        best = max(range(len(candidates)), key=lambda index: (covers[index].sum(), -len(candidates[index][0]), -index))
        uncovered &= ~covers[best]
        paths.append(candidates[best][1])
    return paths


def _paths(prompt: Prompt, dag: Collection[Arrow]) -> Iterator[tuple[list[Arrow], str]]:
    """Yields the edges and the text of each path of a graph that makes a hypothesis true."""
    first, last = prompt.pair
    stack: list[tuple[list[str], str]] = [([first], "")]
    while stack:
        nodes, marks = stack.pop()
        if nodes[-1] == last:
            if SHAPES[prompt.relation].fullmatch(marks):
                yield path_edges(nodes, marks), _write_path(nodes, marks)
            continue
        for cause, effect in dag:
            if cause == nodes[-1] and effect not in nodes:
                stack.append(([*nodes, effect], marks + ">"))
            elif effect == nodes[-1] and cause not in nodes:
                stack.append(([*nodes, cause], marks + "<"))


def path_edges(nodes: Collection[str], marks: str) -> list[Arrow]:
    """Returns the edges of a path from its nodes and its directions, `>` or `<` for each edge."""
    steps = zip(nodes, list(nodes)[1:], marks, strict=False)
    return [(first, second) if mark == ">" else (second, first) for first, second, mark in steps]


def _write_path(nodes: list[str], marks: str) -> str:
    arrows = [f" {'->' if mark == '>' else '<-'} {node}" for node, mark in zip(nodes[1:], marks, strict=True)]
    return nodes[0] + "".join(arrows)
