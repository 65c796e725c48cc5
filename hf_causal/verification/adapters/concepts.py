"""What a question can be about in a graph, such as its back-door paths: which items there are, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

from hf_causal.graphs import structure
from hf_causal.graphs.identification import Hedge, factors_or_hedge
from hf_causal.graphs.mixed_graphs import MixedGraph, bits
from hf_causal.graphs.paths import TooManyStepsError
from hf_causal.verification.adapters.answer_texts import literal, name_set, plain_text, spell_set
from hf_causal.verification.adapters.questions import OutOfScopeError, UnreadableError
from hf_causal.verification.adapters.stated_graphs import StatedGraph, node_name, path_of, read_graph

MOST_ITEMS = 5000


@dataclass(frozen=True)
class Concept:
    """The items that a question is about."""

    holds: Callable[[Any], bool]
    """Whether an item is one of them."""
    items: Callable[[], Iterable[Any]]
    """All of them."""
    parse: Callable[[Any], Any] = plain_text
    spell: Callable[[Any], str] = str
    why: Callable[[Any], dict[str, Any]] | None = None
    """The reason for the verdict on one item, where the list of all items is not the best."""
    size: Callable[[Any], int] = len
    """What the shortest, longest, minimal and maximal items have least or most of."""
    alternative: Concept | None = None
    """The items by another definition in use."""
    definition: str = ""
    """The other definition, as it continues the sentence "the answer is right …"."""
    item: str = "name"
    """What an item is: a name, an edge, a triple, a set, a path, a graph or an order."""

    def listed(self) -> tuple[Any, ...]:
        """Returns all items.

        Raises:
            [`OutOfScopeError`]: If there are too many.
        """
        items = self.first(MOST_ITEMS + 1)
        if len(items) > MOST_ITEMS:
            raise OutOfScopeError(f"there are more than {MOST_ITEMS:,} items to list")
        return items

    def first(self, number: int) -> tuple[Any, ...]:
        """Returns the first items, or all of them.

        Raises:
            [`OutOfScopeError`]: If they are too hard to find.
        """
        try:
            return tuple(islice(self.items(), number))
        except TooManyStepsError as error:
            raise OutOfScopeError(str(error)) from None


def among(items: Iterable[Any], **further: Any) -> Concept:
    """Returns the concept of a few items."""
    known = tuple(items)
    return Concept(known.__contains__, lambda: known, **further)


def nodes(graph: StatedGraph) -> Concept:
    """Returns the nodes of a graph."""
    return among(graph.names, parse=node_name)


def edges(graph: StatedGraph) -> Concept:
    """Returns the edges of a graph; the ends of an undirected or bidirected edge have no order."""
    sides = ((graph.directed, "->"), (graph.bidirected, "<->"), (graph.undirected, "-"))
    known = [f"{graph.names[i]}{mark}{graph.names[j]}" for side, mark in sides for i, j in side]
    return among(map(_edge, known), parse=_edge, spell="".join)


def _edge(text: str) -> tuple[str, str, str]:
    names, marks = path_of(text)
    if len(marks) > 1:
        raise UnreadableError(f"expected one edge, got {text!r:.80}")
    (first, second), (mark,) = names, marks
    if mark == "<-":
        return second, "->", first
    return (first, mark, second) if mark == "->" or first < second else (second, mark, first)


def relatives(graph: StatedGraph, relation: str, node: str) -> Concept:
    """Returns the parents, children, ancestors or descendants of a node, without itself."""
    start = 1 << graph.node(node)
    acyclic = graph.mixed
    nodes = {
        "parent": lambda: acyclic.parents_of(start),
        "child": lambda: acyclic.children[graph.node(node)],
        "ancestor": lambda: acyclic.ancestors(start) & ~start,
        "descendant": lambda: acyclic.descendants(start) & ~start,
    }[relation]()
    return among([graph.names[other] for other in bits(nodes)], parse=node_name)


def triples(graph: StatedGraph, relation: str) -> Concept:
    """Returns the chains, forks or v-structures.

    By one of two definitions in use, the ends of a chain or a fork must not be adjacent.
    """

    def concept(shielded: bool) -> Concept:
        matching = structure.triples(graph.mixed, relation, shielded)
        known = {_triple(relation, tuple(graph.names[node] for node in triple)) for triple in matching}
        parse = partial(_parsed_triple, relation)
        return Concept(known.__contains__, lambda: sorted(known), parse, str, item="triple")

    definition = f"if a {relation} may have adjacent ends"
    return replace(concept(False), alternative=concept(True), definition=definition)


def _names(text: Any) -> tuple[str, ...]:
    value = literal(text)
    if not isinstance(value, tuple) or len(value) != 3 or not all(isinstance(name, str) for name in value):
        raise UnreadableError(f"expected three nodes, got {text!r:.80}")
    return value


def _parsed_triple(relation: str, text: Any) -> tuple[str, ...]:
    return _triple(relation, _names(text))


def _triple(relation: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Returns a triple with its interchangeable ends in the order of the alphabet."""
    if relation == "fork":
        return (names[0], *sorted(names[1:]))
    return names if relation == "chain" else (*sorted(names[:2]), names[2])


def triple_sets(graph: StatedGraph, relation: str) -> Concept:
    """Returns the sets of three nodes that form a chain, fork or v-structure in some order."""
    ordered = triples(graph, relation)
    # In the order of the triples, since that of sets of names differs between processes.
    sets = among(dict.fromkeys(map(frozenset, ordered.items())), parse=_braces, spell=spell_set)
    other = among(dict.fromkeys(map(frozenset, ordered.alternative.items())))  # type: ignore[union-attr]
    return replace(sets, alternative=other, definition=ordered.definition)


def _braces(text: str) -> frozenset[str]:
    return frozenset(map(node_name, text.strip("{}").split(",")))


def blanket(graph: StatedGraph, node: str) -> Concept:
    """Returns the Markov blanket of a node as the only item."""
    if graph.bidirected:
        raise OutOfScopeError("Markov blankets are covered for graphs without bidirected edges")
    names = graph.named(structure.markov_blanket(graph.mixed, graph.node(node)))
    return among([names], parse=name_set, spell=spell_set, item="set")


def root_set(graph: StatedGraph) -> Concept:
    """Returns the maximal root set as the only item."""
    names = graph.named(structure.roots(graph.mixed))
    return among([names], parse=name_set, spell=spell_set, item="set")


def c_components(graph: StatedGraph) -> Concept:
    """Returns the maximal C-components, as sets of nodes."""
    return among(map(graph.named, graph.mixed.districts()), parse=name_set, spell=spell_set, item="set")


def orders(graph: StatedGraph) -> Concept:
    """Returns the topological orders."""

    def holds(order: tuple[str, ...]) -> bool:
        known = set(order) <= graph.number.keys()
        return known and structure.is_topological_order(graph.mixed, [graph.node(name) for name in order])

    def listed() -> Iterator[tuple[str, ...]]:
        return (tuple(graph.names[node] for node in order) for order in structure.topological_orders(graph.mixed))

    def why(order: tuple[str, ...]) -> dict[str, Any]:
        place = {name: index for index, name in enumerate(order)}
        late = [f"{graph.names[i]}->{graph.names[j]}" for i, j in graph.directed if not _before(place, graph, i, j)]
        return {"order": list(order), "edges_against_it": late}

    return Concept(holds, listed, _order, ", ".join, why, item="order")


def _order(text: Any) -> tuple[str, ...]:
    names = plain_text(text)
    return tuple(map(node_name, names.split(","))) if names else ()


def _before(place: dict[str, int], graph: StatedGraph, i: int, j: int) -> bool:
    return place.get(graph.names[i], -1) < place.get(graph.names[j], -1)


def equivalents(graph: StatedGraph) -> Concept:
    """Returns the other DAGs of the Markov equivalence class, as sentences with their edges."""
    if graph.bidirected:
        raise OutOfScopeError("equivalence is covered for graphs without bidirected edges")

    def mixed(other: StatedGraph) -> MixedGraph | None:
        """Returns the other graph over the same numbers of nodes, or `None` if it has a cycle."""
        if set(other.names) != set(graph.names) or other.bidirected or other.undirected:
            raise OutOfScopeError("the two graphs must be DAGs over the same nodes")
        number = [graph.number[name] for name in other.names]
        try:
            return MixedGraph.of_edges(len(number), [(number[i], number[j]) for i, j in other.directed])
        except ValueError:
            return None

    def holds(other: StatedGraph) -> bool:
        dag = mixed(other)
        return dag is not None and structure.markov_equivalent(graph.mixed, dag)

    def listed() -> Iterator[StatedGraph]:
        for dag in structure.equivalent_dags(graph.mixed):
            edges = tuple((i, j) for i, kids in enumerate(dag.children) for j in bits(kids))
            yield StatedGraph(graph.names, edges, number=graph.number)

    def why(other: StatedGraph) -> dict[str, Any]:
        dag = mixed(other)
        if dag is None:
            return {"the_other_has_a_cycle": True}
        return {"v_structures": v_structures(graph.mixed), "v_structures_of_the_other": v_structures(dag)}

    def v_structures(dag: MixedGraph) -> list[list[str]]:
        return [[graph.names[node] for node in triple] for triple in structure.triples(dag, "v-structure", False)]

    return Concept(holds, listed, canonical_graph, _dag_text, why, item="graph")


def other_equivalents(graph: StatedGraph) -> Concept:
    """Returns the DAGs of the Markov equivalence class except the graph itself."""
    every, same = equivalents(graph), _edge_names(graph)
    return replace(every, holds=lambda other: _edge_names(other) != same and every.holds(other))


def _edge_names(graph: StatedGraph) -> frozenset[tuple[str, str]]:
    return frozenset((graph.names[i], graph.names[j]) for i, j in graph.directed)


def canonical_graph(text: str) -> StatedGraph:
    """Reads a graph, with its edges in the order of the alphabet, so that equal graphs are equal."""
    graph = read_graph(plain_text(text))
    return StatedGraph(graph.names, tuple(sorted(graph.directed)), graph.bidirected, graph.undirected, graph.number)


def _dag_text(graph: StatedGraph) -> str:
    listed = ", ".join(f"{graph.names[i]}->{graph.names[j]}" for i, j in graph.directed)
    return f"DAG with nodes {', '.join(graph.names)} and directed edges {listed}."


def identified(graph: StatedGraph, x: str, y: str) -> Concept:
    """Returns the effect of x on y as the only item if it is identified, and no item otherwise."""
    acyclic, i, j = graph.mixed, graph.node(x), graph.node(y)
    if i == j:
        raise OutOfScopeError(f"the question is about {x!r} and itself")
    result = factors_or_hedge(acyclic, 1 << i, 1 << j)

    def why(item: Any) -> dict[str, Any]:
        if isinstance(result, Hedge):
            return {"hedge": [sorted(graph.named(part)) for part in (result.outer, result.inner)]}
        return {
            "factors": [
                {"district": sorted(graph.named(f.district)), "fixed": [graph.names[k] for k in f.fixed]}
                for f in result
            ]
        }

    return replace(among([] if isinstance(result, Hedge) else ["effect"]), why=why)


def graph_property(graph: StatedGraph, name: str) -> Concept:
    """Returns the graph as the only item if it is a C-component, C-forest or C-tree."""
    tests = {
        "C-component": structure.is_c_component,
        "C-forest": structure.is_c_forest,
        "C-tree": structure.is_c_tree,
    }
    acyclic = graph.mixed
    facts = {
        "c_components": [sorted(graph.named(district)) for district in acyclic.districts()],
        "nodes_with_several_children": [
            graph.names[node] for node, children in enumerate(acyclic.children) if children.bit_count() > 1
        ],
        "roots": sorted(graph.named(structure.roots(acyclic))),
    }
    return replace(among(["graph"] if tests[name](acyclic) else []), why=lambda item: facts)
