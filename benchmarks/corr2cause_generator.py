"""What the faults of the published Corr2Cause generator change (`code/data_gen.cpp` of causalNLP/corr2cause).

The faults are put into the exact enumeration one by one, and the labels and independences that come out are compared.
About half a minute on one core:

    python benchmarks/corr2cause_generator.py
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

from hf_causal.graphs.enumeration import SIZES, canonical_codes, classes
from hf_causal.graphs.equivalence import RELATIONS, closures, independences, members, relations
from hf_causal.graphs.equivalence_classes import EquivalenceClass

FAULTS = ("count_relation", "line 364", "both")


def upper_triangular(size: int) -> dict[int, np.ndarray]:
    """From canonical code to the graph by which the generator represents it: the first one in its order of edges."""
    early, late = np.triu_indices(size, k=1)
    graphs = np.zeros((2 ** len(early), size, size), dtype=bool)
    graphs[:, early, late] = (np.arange(len(graphs))[:, None] >> np.arange(len(early))) & 1 == 1
    codes, first = np.unique(canonical_codes(graphs), return_index=True)
    return {int(code): graphs[index] for code, index in zip(codes, first, strict=True)}


def near_confounders(dag: np.ndarray) -> np.ndarray:
    """The confounders that line 364 finds: those with an edge to the second variable."""
    size = len(dag)
    kept = ~np.eye(size, dtype=bool)
    around = closures(dag & kept[:, :, None] & kept[:, None, :])  # [avoided, from, to]
    return (around.transpose(2, 0, 1) & dag.T).any(axis=-1) & kept


def published_shares(dags: np.ndarray, representatives: dict[int, np.ndarray]) -> dict[str, np.ndarray]:
    """The shares of members in which relations hold, with each fault: [relation, i, j]."""
    orders = np.array(list(permutations(range(dags.shape[-1]))))
    held: dict[str, list[np.ndarray]] = {fault: [] for fault in FAULTS}
    for code, dag in zip(canonical_codes(dags), dags, strict=True):
        graph = representatives[int(code)]
        order = orders[np.argmax((dag[orders[:, :, None], orders[:, None, :]] == graph).all(axis=(1, 2)))]
        right = np.argsort(order)
        exact = relations(graph[None])[0]
        faulty = exact.copy()
        faulty[RELATIONS.index("has_confounder")] = near_confounders(graph)
        held["count_relation"].append(exact[:, order][:, :, order])
        held["line 364"].append(faulty[:, right][:, :, right])
        held["both"].append(faulty[:, order][:, :, order])
    return {fault: np.mean(shares, axis=0) for fault, shares in held.items()}


def first_labelling(cpdag: np.ndarray, representatives: dict[int, np.ndarray]) -> np.ndarray:
    """The representative by which the generator first meets a class: the least, read along its order of edges."""
    early, late = np.triu_indices(len(cpdag), k=1)
    graphs = [representatives[int(code)] for code in canonical_codes(members(cpdag))]
    return min(graphs, key=lambda graph: int(graph[early, late] @ 2 ** np.arange(len(early))))


def found_descendants(dag: np.ndarray) -> np.ndarray:
    """Descendants by `find_descendent`, which skips a child where the node after the child has been visited."""
    size = len(dag)

    def find(node: int, visited: set[int]) -> set[int]:
        visited.add(node)
        for child in range(size):
            if dag[node, child] and child + 1 not in visited:
                find(child, visited)
        return visited

    return np.array([[node in find(start, set()) for node in range(size)] for start in range(size)])


def lists_wrong_independences(dag: np.ndarray) -> bool:
    """Whether a set that opens a collider through a descendant is taken for one that does not."""
    descendants, size = found_descendants(dag), len(dag)
    exact, wrong = independences(dag), closures(dag) & ~descendants
    return bool(wrong[dag.sum(axis=0) >= 2].any()) and any(
        _separated(dag, descendants, i, j, given) != exact[i, j, given]
        for i in range(size)
        for j in range(i + 1, size)
        for given in range(2**size)
        if not (given >> i | given >> j) & 1
    )


def split_classes(wrong: list[np.ndarray]) -> int:
    """How many classes have graphs with wrong independences and others, not isomorphic, with the right ones."""
    codes = set(canonical_codes(np.array(wrong)).tolist()) if wrong else set()
    members = [set(canonical_codes(EquivalenceClass.of_dag(graph).members).tolist()) for graph in wrong]
    return len({frozenset(codes_of) for codes_of in members if codes_of & codes and codes_of - codes})


def _separated(dag: np.ndarray, descendants: np.ndarray, start: int, end: int, given: int) -> bool:
    """d-separation by looking at every path, with the descendants that are given."""
    inside = [bool(given >> node & 1) for node in range(len(dag))]

    def active(path: tuple[int, ...]) -> bool:
        node = path[-1]
        for following in np.flatnonzero(dag[node] | dag[:, node]):
            if following in path or not (len(path) == 1 or passes(path[-2], node, following)):
                continue
            if following == end or active((*path, int(following))):
                return True
        return False

    def passes(before: int, node: int, after: int) -> bool:
        if dag[before, node] and dag[after, node]:
            return bool((descendants[node] & inside).any())
        return not inside[node]

    return not active((start,))


def wrong_labels(size: int, representatives: dict[int, np.ndarray]) -> np.ndarray:
    """The number of labels of all classes of a size, and how many of them each fault makes wrong."""
    upper, counts = np.triu_indices(size, k=1), np.zeros(1 + len(FAULTS), dtype=int)
    for cpdag in classes(size):
        equivalence_class = EquivalenceClass.of_dag(first_labelling(cpdag, representatives))
        follows = equivalence_class.shares[:, *upper] == 1
        published = published_shares(equivalence_class.members, representatives)
        counts += [follows.size, *(((published[fault][:, *upper] == 1) != follows).sum() for fault in FAULTS)]
    return counts


def main() -> None:
    faults = " | ".join(f"wrong by {fault}" for fault in FAULTS)
    print(f"| variables | classes | labels | {faults} | graphs with wrong independences | classes taken for two |")
    print("|---|---|---|---|---|---|---|---|")
    total = np.zeros(1 + len(FAULTS), dtype=int)
    for size in SIZES:
        representatives = upper_triangular(size)
        counts = wrong_labels(size, representatives)
        wrong = [graph for graph in representatives.values() if lists_wrong_independences(graph)]
        row = (len(classes(size)), *counts, len(wrong), split_classes(wrong))
        print(f"| {size} | " + " | ".join(f"{count:,}" for count in row) + " |")
        total += counts
    print("| all | | " + " | ".join(f"{count:,}" for count in total) + " | | |")


if __name__ == "__main__":
    main()
