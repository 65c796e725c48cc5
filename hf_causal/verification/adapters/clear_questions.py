"""The questions of CLEAR: which words ask for what."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hf_causal.verification.adapters import concepts, path_concepts
from hf_causal.verification.adapters.concepts import Concept
from hf_causal.verification.adapters.forms import (
    Solved,
    choice,
    exists,
    find_all,
    find_one,
    how_many,
    size_of_the_item,
    the_item,
    yes_no,
)
from hf_causal.verification.adapters.questions import OutOfScopeError
from hf_causal.verification.adapters.stated_graphs import StatedGraph

Rule = Callable[..., Solved]
_NODE, _SET, _PATH = r"([^\s,.;:?{}()\[\]'\"<>|-]+)", r"(set\(\)|\{.*?\})", r"(\S+?)"
_WORDS = {
    " N": f" (?:node )?{_NODE} ?",
    "SET": _SET,
    "PATH": _PATH,
    "WHICH": r"Which of the following(?: options| sets| nodesets)?",
    "OPTIONS": r"\n(.+)",
    "SIDE": "(nodes?|edges?)",
    "RELATION": "(parent|child|ancestor|descendant)(?:ren|s)?",
    "TRIPLE": "(chain|fork|v-structure)s?",
    "KIND": "(directed |backdoor )?path",
    "BEST": "(?:one |the )?(shortest |longest |minimal |maximal )?",
}


def _yes(concept: Callable[..., Concept]) -> Rule:
    """Returns the rule for a question that names the item first, then what the concept depends on."""

    def rule(graph: StatedGraph, item: str, *groups: Any) -> Solved:
        about = concept(graph, *groups)
        return yes_no(about, about.parse(item))

    return rule


def _of(form: Callable[..., Solved], concept: Callable[..., Concept], *options: Any) -> Rule:
    return lambda graph, *groups: form(concept(graph, *groups), *options)


def _options(concept: Callable[..., Concept]) -> Rule:
    return lambda graph, *groups: choice(concept(graph, *groups[:-1]), groups[-1])


def _one(concept: Callable[..., Concept]) -> Rule:
    return lambda graph, which, *groups: find_one(concept(graph, *groups), (which or "").strip())


def _side(graph: StatedGraph, what: str) -> Concept:
    return concepts.nodes(graph) if what.startswith("node") else concepts.edges(graph)


def _paths(graph: StatedGraph, what: str | None, x: str, y: str) -> Concept:
    return path_concepts.all_paths(graph, (what or "").strip(), x, y)


def _all_paths(graph: StatedGraph, what: str | None, x: str, y: str) -> Solved:
    return find_all(_paths(graph, what, x, y), "comma" if what == "directed " else "list")


def _one_path(graph: StatedGraph, which: str | None, *groups: str) -> Solved:
    return find_one(_paths(graph, *groups), (which or "").strip())


def _is_separated(graph: StatedGraph, x: str, y: str, names: str) -> Solved:
    about = path_concepts.separators(graph, x, y)
    return yes_no(about, about.parse(names))


def _is_blocked(graph: StatedGraph, path: str, names: str) -> Solved:
    about = path_concepts.blocking_sets(graph, path)
    return yes_no(about, about.parse(names))


def _same_class(graph: StatedGraph, other: str) -> Solved:
    about = concepts.equivalents(graph)
    return yes_no(about, about.parse(other))


def _another(graph: StatedGraph) -> Solved:
    return find_one(concepts.other_equivalents(graph))


def _form_a(graph: StatedGraph, names: str, relation: str) -> Solved:
    about = concepts.triple_sets(graph, relation)
    return yes_no(about, about.parse(names))


def _relatives(graph: StatedGraph, relation: str, node: str) -> Concept:
    return concepts.relatives(graph, relation, node)


def _negatable(graph: StatedGraph, negation: str | None, what: str, options: str) -> Solved:
    return choice(_side(graph, what), options, negated=bool(negation))


def _has(graph: StatedGraph, node: str, relation: str) -> Solved:
    return exists(_relatives(graph, relation, node))


def _partition(graph: StatedGraph) -> Solved:
    return find_all(concepts.c_components(graph), "list")


def _property(graph: StatedGraph, name: str) -> Solved:
    return yes_no(concepts.graph_property(graph, name), "graph")


def _identified(graph: StatedGraph, x: str, y: str) -> Solved:
    return yes_no(concepts.identified(graph, x, y), "effect")


_TO = r"(?:from)? N(?:to) N"
_C_G = r"It can be uniquely partitioned into a set C\(G\) of subgraphs, each a maximal C-component\. "
_ADJUSTMENT = {"backdoor": path_concepts.back_door_sets, "frontdoor": path_concepts.front_door_sets}


def _adjustment(graph: StatedGraph, door: str, x: str, y: str) -> Concept:
    return _ADJUSTMENT[door](graph, x, y)


_DOOR = r"valid (backdoor|frontdoor) adjustment set for treatment N(?:and) outcome N"

_RULES: tuple[tuple[str, Rule], ...] = (
    (r"List all nodes of this graph\.", lambda graph: find_all(concepts.nodes(graph), "comma")),
    (r"List all edges of this graph\.", lambda graph: find_all(concepts.edges(graph), "comma")),
    (r"How many SIDE does this graph have\?", _of(how_many, _side)),
    (r"Is PATH an? SIDE of this graph\?", _yes(_side)),
    (r"WHICH is (NOT )?an? SIDE of this graph\?OPTIONS", _negatable),
    (r"List all RELATION of N\.", _of(find_all, _relatives, "set")),
    (r"How many RELATION does N(?:have)\?", _of(how_many, _relatives)),
    (r"Is N(?:one) of RELATION of N\?", _yes(_relatives)),
    (r"WHICH is one of RELATION of N\?OPTIONS", _options(_relatives)),
    (r"Does N(?:have) any RELATION\?", _has),
    (r"List all TRIPLE of this graph\.", _of(find_all, concepts.triples, "list")),
    (r"How many TRIPLE does this graph have\?", _of(how_many, concepts.triples)),
    (r"Do(?:es)? nodes SET form a TRIPLE in this graph\?", _form_a),
    (r"WHICH is a TRIPLE of this graph\?OPTIONS", _options(concepts.triples)),
    (r"Are there any TRIPLE of this graph\?", _of(exists, concepts.triples)),
    (rf"Find all KINDs {_TO}\.", _all_paths),
    (rf"How many KINDs are(?: there)? {_TO}[.?]", _of(how_many, _paths)),
    (rf"Find BESTKINDs? {_TO}\.", _one_path),
    (rf"Is there a KIND {_TO}\?", _of(exists, _paths)),
    (rf"Is PATH a KIND {_TO}\?", _yes(_paths)),
    (rf"WHICH is a KIND {_TO}\?OPTIONS", _options(_paths)),
    (rf"Find BEST{_DOOR}\.", _one(_adjustment)),
    (rf"Is SET a {_DOOR}\?", _yes(_adjustment)),
    (rf"WHICH is a {_DOOR}\?OPTIONS", _options(_adjustment)),
    (rf"Does there exist a {_DOOR}\?", _of(exists, _adjustment)),
    (r"Find BEST(?:valid )?nodeset that can block path PATH\.", _one(path_concepts.blocking_sets)),
    (r"Can path PATH be blocked by nodeset SET\?", _is_blocked),
    (r"WHICH can block path PATH\?OPTIONS", _options(path_concepts.blocking_sets)),
    (r"Find BEST(?:valid )?nodeset that can d-separate N(?:and) N\.", _one(path_concepts.separators)),
    (r"Are N(?:and) N(?:d-separated) by nodeset SET\?", _is_separated),
    (r"WHICH can d-separate N(?:and) N\?OPTIONS", _options(path_concepts.separators)),
    (rf"{_C_G}Write down such partition of the given graph\.", _partition),
    (rf"{_C_G}How many subgraphs are there in C\(G\)\?", _of(how_many, concepts.c_components)),
    (r"Is it an? (C-component|C-forest|C-tree)\?", _property),
    (r"Find one cycle in this graph\.", _of(find_one, path_concepts.cycles)),
    (r"Is PATH a cycle in this graph\?", _yes(path_concepts.cycles)),
    (r"WHICH is a cycle in this graph\?OPTIONS", _options(path_concepts.cycles)),
    (r"Can the causal effect of treatment N(?:on) outcome N(?:be) identified or not\?", _identified),
    (r"What is the markov blanket of N\?", _of(the_item, concepts.blanket)),
    (r"Is SET the markov blanket of N\?", _yes(concepts.blanket)),
    (r"WHICH is the markov blanket of N\?OPTIONS", _options(concepts.blanket)),
    (r"Find the maximal root set of this graph\.", _of(the_item, concepts.root_set)),
    (r"How many nodes are there in the maximal root set of this graph\?", _of(size_of_the_item, concepts.root_set)),
    (r"Is SET the maximal root set of this graph\?", _yes(concepts.root_set)),
    (r"WHICH is the maximal root set of this graph\?OPTIONS", _options(concepts.root_set)),
    (r"Find another graph that belongs to the same [Mm]arkov [Ee]quivalent [Cc]lass of the given graph\.", _another),
    (
        r"Given another (DAG with nodes .+?), do these two graphs belong to the same "
        r"[Mm]arkov [Ee]quivalent [Cc]lass\?",
        _same_class,
    ),
    (r"Find one valid topological ordering of (?:the|this) graph\.", _of(find_one, concepts.orders)),
    (r"Is (.+?) a valid topological ordering of (?:the|this) graph\?", _yes(concepts.orders)),
    (r"WHICH is a valid topological ordering of (?:the|this) graph\?OPTIONS", _options(concepts.orders)),
)


def _compiled(pattern: str) -> re.Pattern[str]:
    for word, expression in _WORDS.items():
        pattern = pattern.replace(word, expression)
    return re.compile(pattern, re.DOTALL)


RULES = tuple((_compiled(pattern), rule) for pattern, rule in _RULES)


def solve(graph: StatedGraph, question: str) -> Solved:
    """Returns the right answers to a question about a graph.

    Raises:
        [`UnreadableError`]: With words of the question that are not understood.
        [`OutOfScopeError`]: For a question that no rule covers.
    """
    for pattern, rule in RULES:
        if match := pattern.fullmatch(question):
            return rule(graph, *match.groups())
    raise OutOfScopeError(f"no rule reads the question {question!r:.120}")
