"""Concepts whose items are paths, cycles and sets of nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

from hf_causal.graphs import paths
from hf_causal.graphs.adjustment import is_front_door_set
from hf_causal.graphs.mixed_graphs import MixedGraph, bits, node_set
from hf_causal.graphs.paths import Path
from hf_causal.verification.adapters.answer_texts import name_set, spell_set
from hf_causal.verification.adapters.concepts import Concept
from hf_causal.verification.adapters.questions import OutOfScopeError
from hf_causal.verification.adapters.stated_graphs import StatedGraph, path_of

MOST_CANDIDATES = 12
"""Nodes of which all subsets are tried."""


def _paths(graph: StatedGraph, listed: Callable[[], Iterator[Path]], holds: Callable[[Path], bool]) -> Concept:
    def is_path(text: str) -> bool:
        if not set(path_of(text)[0]) <= graph.number.keys():
            return False
        path = graph.path(text)
        return "-" not in path.marks and paths.holds(graph.mixed, path) and holds(path)

    def size(text: str) -> int:
        return len(path_of(text)[1])

    def why(text: str) -> dict[str, Any]:
        names, marks = path_of(text)
        steps = [f"{i}{mark}{j}" for i, mark, j in zip(names, marks, names[1:], strict=False)]
        missing = [step for step in steps if not _is_edge(graph, step)]
        return {
            "path": text,
            "missing_edges": missing,
            "repeated_nodes": sorted({n for n in names if names.count(n) > 1}),
        }

    def spelled() -> Iterator[str]:
        return (path.spell(graph.names) for path in listed())

    return Concept(is_path, spelled, _path_text, why=why, size=size, item="path")


def _is_edge(graph: StatedGraph, text: str) -> bool:
    names, marks = path_of(text)
    return set(names) <= graph.number.keys() and "-" not in marks and paths.holds(graph.mixed, graph.path(text))


def _path_text(text: str) -> str:
    path_of(text)
    return text.strip()


def all_paths(graph: StatedGraph, what: str, x: str, y: str) -> Concept:
    """Returns the paths, the directed paths or the back-door paths between two nodes."""
    acyclic, start, end = graph.mixed, graph.node(x), graph.node(y)
    if start == end:
        raise OutOfScopeError(f"the question is about {x!r} and itself")
    first = {"directed": {"->"}, "backdoor": {"<-", "<->"}}.get(what, {"->", "<-", "<->"})
    marks = frozenset({"->"} if what == "directed" else {"->", "<-", "<->"})

    def listed() -> Iterator[Path]:
        return (path for path in paths.simple_paths(acyclic, start, end, marks) if path.marks[0] in first)

    def holds(path: Path) -> bool:
        ends = (path.nodes[0], path.nodes[-1]) == (start, end)
        return ends and path.marks[0] in first and set(path.marks) <= marks

    return _paths(graph, listed, holds)


def cycles(graph: StatedGraph) -> Concept:
    """Returns the directed cycles; where a cycle begins makes no difference."""
    if graph.undirected or graph.bidirected:
        raise OutOfScopeError("cycles are covered for directed edges alone")

    def listed() -> Iterator[tuple[str, ...]]:
        return (tuple(graph.names[node] for node in cycle) for cycle in paths.directed_cycles(graph.children))

    def holds(cycle: tuple[str, ...]) -> bool:
        known = set(cycle) <= graph.number.keys()
        return known and paths.is_directed_cycle(graph.children, [graph.node(name) for name in cycle])

    return Concept(holds, lambda: map(_rotated, listed()), _cycle, _spell_cycle, item="path")


def _spell_cycle(cycle: tuple[str, ...]) -> str:
    return "->".join((*cycle, *cycle[:1])) or "no cycle"


def _cycle(text: str) -> tuple[str, ...]:
    """Returns the nodes of a cycle against or along its edges; no nodes where the edges do not follow each other."""
    names, marks = path_of(text)
    if names[0] != names[-1] or len(set(marks)) > 1 or marks[0] not in ("->", "<-"):
        return ()
    return _rotated(names[:-1] if marks[0] == "->" else names[:0:-1])


def _rotated(cycle: tuple[str, ...]) -> tuple[str, ...]:
    first = cycle.index(min(cycle))
    return cycle[first:] + cycle[:first]


def _sets(
    graph: StatedGraph, candidates: int, holds: Callable[[int], bool], why: Callable[[int], dict[str, Any]]
) -> Concept:
    """Returns the sets of candidates for which something holds, the smallest first."""

    def listed() -> Iterator[frozenset[str]]:
        pool = list(bits(candidates))
        if len(pool) > MOST_CANDIDATES:
            raise OutOfScopeError(f"there are {len(pool)} nodes that a set may have, more than {MOST_CANDIDATES}")
        subsets = (node_set(subset) for size in range(len(pool) + 1) for subset in combinations(pool, size))
        return (graph.named(subset) for subset in subsets if holds(subset))

    def is_set(names: frozenset[str]) -> bool:
        return holds(graph.nodes(names))

    return Concept(is_set, listed, name_set, spell_set, lambda names: why(graph.nodes(names)), item="set")


def back_door_sets(graph: StatedGraph, x: str, y: str) -> Concept:
    """Returns the sets that satisfy the back-door criterion (Pearl, 1993)."""
    acyclic, start, end = graph.mixed, 1 << graph.node(x), 1 << graph.node(y)
    below, cut = acyclic.descendants(start), acyclic.without_outgoing(start)

    def holds(z: int) -> bool:
        return not z & (below | end) and cut.separated(start, end, z)

    def why(z: int) -> dict[str, Any]:
        if z & (below | end):
            return {"descendants_of_treatment_or_outcome": sorted(graph.named(z & (below | end)))}
        return _open_or_blocked(graph, cut, graph.node(x), graph.node(y), z, "back_door_path")

    return _sets(graph, acyclic.nodes & ~(below | end), holds, why)


def front_door_sets(graph: StatedGraph, x: str, y: str) -> Concept:
    """Returns the sets that satisfy the front-door criterion (Pearl, 1995)."""
    acyclic, start, end = graph.mixed, 1 << graph.node(x), 1 << graph.node(y)

    def why(z: int) -> dict[str, Any]:
        through = acyclic.descendants(start, within=acyclic.nodes & ~z) & end
        if through:
            return {"directed_path_around_the_set": True, "set": sorted(graph.named(z))}
        to_set = bool(z) and not acyclic.without_outgoing(start).separated(start, z)
        to_outcome = bool(z) and not acyclic.without_outgoing(z).separated(z, end, start)
        facts = {"open_back_door_path_to_the_set": to_set, "open_back_door_path_to_the_outcome": to_outcome}
        return {"set": sorted(graph.named(z)), **facts}

    others = acyclic.nodes & ~(start | end)
    return _sets(graph, others, lambda z: is_front_door_set(acyclic, start, end, z), why)


def separators(graph: StatedGraph, x: str, y: str) -> Concept:
    """Returns the sets that d-separate two nodes."""
    acyclic, i, j = graph.mixed, graph.node(x), graph.node(y)
    if i == j:
        raise OutOfScopeError(f"the question is about {x!r} and itself")
    ends = 1 << i | 1 << j

    def holds(z: int) -> bool:
        return not z & ends and acyclic.separated(1 << i, 1 << j, z)

    def why(z: int) -> dict[str, Any]:
        return _open_or_blocked(graph, acyclic, i, j, z & ~ends, "path")

    return _sets(graph, acyclic.nodes & ~ends, holds, why)


def _open_or_blocked(graph: StatedGraph, searched: MixedGraph, i: int, j: int, z: int, what: str) -> dict[str, Any]:
    path = paths.open_path(searched, i, j, z)
    given = sorted(graph.named(z))
    return (
        {f"open_{what}": path.spell(graph.names), "given": given} if path else {"blocks_every": what, "given": given}
    )


def blocking_sets(graph: StatedGraph, text: str) -> Concept:
    """Returns the sets, without the ends of a path, that block it."""
    path = graph.path(text)
    if "-" in path.marks or not paths.holds(graph.mixed, path):
        raise OutOfScopeError(f"{text!r} is not a path of the graph")
    ends = 1 << path.nodes[0] | 1 << path.nodes[-1]

    def holds(z: int) -> bool:
        if z & ends:
            raise OutOfScopeError("the set has an end of the path")
        return paths.blocks(graph.mixed, path, z)

    def why(z: int) -> dict[str, Any]:
        inner = range(1, len(path.nodes) - 1)
        by = [graph.names[path.nodes[k]] for k in inner if paths.blocks(graph.mixed, _around(path, k), z)]
        return {"path": text, "given": sorted(graph.named(z)), "blocked_at": by}

    return _sets(graph, graph.mixed.nodes & ~ends, holds, why)


def _around(path: Path, index: int) -> Path:
    return Path(path.nodes[index - 1 : index + 2], path.marks[index - 1 : index + 1])


def instruments(graph: StatedGraph, x: str, y: str) -> Concept:
    """Returns the sets of variables that affect x, and that nothing but paths through x connects with y.

    By a wider definition in use, an instrument need not affect x: another effect of its causes will do.
    """
    acyclic, i, j = graph.mixed, 1 << graph.node(x), 1 << graph.node(y)
    cut, below = acyclic.without_outgoing(i), acyclic.descendants(i)
    apart = node_set(node for node in bits(acyclic.nodes & ~below & ~j) if cut.separated(1 << node, j))
    causes = apart & acyclic.ancestors(i)
    related = node_set(node for node in bits(apart) if not acyclic.separated(1 << node, i))

    def concept(members: int) -> Concept:
        def why(z: int) -> dict[str, Any]:
            return {"instruments": sorted(graph.named(members)), "others": sorted(graph.named(z & ~members))}

        return _sets(graph, members, lambda z: bool(z) and not z & ~members, why)

    definition = "if an instrument need not affect the treatment"
    return replace(concept(causes), alternative=concept(related), definition=definition)
