"""Proofs of what follows from statements of irrelevance.

A certificate is a JSON object:

- Yes: `{"derivation": [LINE, …]}`, by the axioms of Galles and Pearl; `hf_causal.tasks.relevance_axioms.derivations`
  describes the lines. It is empty where the conclusion is one of the statements.
- No: `{"graph": [[cause, effect], …]}`, the edges of a directed graph, cycles allowed, in which every statement holds
  and the conclusion does not. A statement holds in a graph if every directed path from what is changed to what may be
  affected meets what is held fixed.

The axioms are sound and complete for path interception with up to four nodes, which is checked by all digraphs; a
question about more nodes has no answer here, but its certificates are checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from hf_causal.graphs.mixed_graphs import bits
from hf_causal.graphs.relevance import Derivation, Statement, derive, digraph, statements, truth_table
from hf_causal.tasks.relevance_axioms.derivations import Checker, Nodes, write_lines
from hf_causal.tasks.relevance_axioms.text import Claim, Prompt
from hf_causal.tasks.shared.proofs import CertificateError, Proof, neighbours, search

MOST_NODES = 4
_MOST_CASES = 4
"""Nested cases that a derivation may have; with four nodes fewer suffice."""

Edge = tuple[str, str]


def prove(prompt: Prompt) -> Proof:
    """Returns the exact answer with a derivation, or with a graph that has as few edges as possible.

    Raises:
        `ValueError`: If there are more than four nodes.

    Example:

    ```python
    >>> from hf_causal.tasks.relevance_axioms.text import parse_prompt
    >>> statement = "Changing A cannot affect B or C."
    >>> prove(parse_prompt(f"{statement} Does it follow that changing A cannot affect C?")).certificate
    '{"derivation": ["right-decomposition: changing A cannot affect C"]}'
    >>> prove(parse_prompt(f"{statement} Does it follow that changing C cannot affect A?")).certificate
    '{"graph": [["C", "A"]]}'

    ```
    """
    names = prompt.names
    if len(names) > MOST_NODES:
        raise ValueError(f"the statements are about {len(names)} nodes; at most {MOST_NODES} can be decided")
    nodes = Nodes(names)
    premises = tuple(sorted({nodes.statement(claim) for claim in prompt.statements}))
    solution = solve(len(names), premises, nodes.statement(prompt.question))
    if isinstance(solution, Derivation):
        return Proof("Yes", json.dumps({"derivation": write_lines(solution, nodes.claim)}), -1)
    edges = [[names[cause], names[effect]] for cause, effect in solution]
    return Proof("No", json.dumps({"graph": edges}), -1)


@lru_cache(maxsize=65536)
def solve(
    num_nodes: int, premises: tuple[Statement, ...], conclusion: Statement
) -> Derivation | tuple[tuple[int, int], ...]:
    """Returns a derivation, or the edges of a digraph in which the premises hold and the conclusion does not."""
    models = _Models.of(num_nodes)
    counter_models = models.all & ~models.of_statement[conclusion]
    for premise in premises:
        counter_models &= models.of_statement[premise]
    if not counter_models:
        derivation = derive(premises, conclusion, num_nodes, _MOST_CASES)
        if derivation is None:  # the axioms are complete for so few nodes
            raise AssertionError(f"no derivation of {conclusion} from {premises}")
        return derivation
    fewest = next(fitting for graphs in models.by_edges if (fitting := graphs & counter_models))
    children = digraph(num_nodes, next(bits(fewest)))
    return tuple((cause, effect) for cause in range(num_nodes) for effect in bits(children[cause]))


class _Models(NamedTuple):
    """The digraphs over some nodes; a set of them is an integer with a bit for each."""

    all: int
    by_edges: tuple[int, ...]
    """Those with as many edges as the index says."""
    of_statement: dict[Statement, int]
    """Those in which a statement holds."""

    @staticmethod
    @lru_cache(maxsize=4)
    def of(num_nodes: int) -> _Models:
        """Returns the digraphs over a number of nodes."""
        table = truth_table(num_nodes)
        edges = np.array([code.bit_count() for code in range(len(table))])
        by_edges = tuple(_as_integer(edges == count) for count in range(num_nodes * (num_nodes - 1) + 1))
        return _Models(
            (1 << len(table)) - 1, by_edges, dict(zip(statements(num_nodes), map(_as_integer, table.T), strict=True))
        )


def _as_integer(members: np.ndarray) -> int:
    """Returns a boolean vector as an integer with a bit for each element."""
    return int.from_bytes(np.packbits(members, bitorder="little").tobytes(), "little")


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer.

    Example:

    ```python
    >>> from hf_causal.tasks.relevance_axioms.text import parse_prompt
    >>> prompt = parse_prompt("Changing A cannot affect B. Does it follow that changing B cannot affect A?")
    >>> check(prompt, "No", {"graph": [["B", "A"]]})
    >>> check(prompt, "No", {"graph": [["B", "A"], ["A", "B"]]})
    Traceback (most recent call last):
        ...
    hf_causal.tasks.shared.proofs.CertificateError: in the graph changing 'A' affects 'B', against 'changing A cannot \
affect B'

    ```
    """
    key = "derivation" if answer == "Yes" else "graph"
    if not isinstance(certificate, Mapping) or not isinstance(certificate.get(key), list):
        raise CertificateError(
            f"the certificate of a {answer!r} must be JSON with a list {key!r}, got {certificate!r}"
        )
    if answer == "Yes":
        check_lines(prompt, certificate[key])
    else:
        check_graph(prompt, certificate[key])


def check_lines(prompt: Prompt, lines: Iterable[Any]) -> None:
    """Raises [`CertificateError`] unless lines derive the conclusion."""
    checker = Checker(prompt.statements, prompt.question, prompt.names)
    for line in lines:
        if not isinstance(line, str):
            raise CertificateError(f"'derivation' must be a list of lines, got {line!r:.80}")
        try:
            checker.take(line)
        except CertificateError:
            raise
        except ValueError as error:
            raise CertificateError(str(error)) from None
    checker.finish()


def check_graph(prompt: Prompt, edges: list[Any]) -> None:
    """Raises [`CertificateError`] unless every statement holds in a graph, and the conclusion does not."""
    names, pairs = set(prompt.names), []
    for edge in edges:
        if not (isinstance(edge, list) and len(edge) == 2 and all(isinstance(name, str) for name in edge)):
            raise CertificateError(f"'graph' must be a list of pairs of nodes, got {edge!r:.80}")
        if unknown := [name for name in edge if name not in names]:
            raise CertificateError(f"'graph' has {unknown[0]!r}, which is no node of the statements")
        pairs.append((edge[0], edge[1]))
    if len(set(pairs)) < len(pairs):
        raise CertificateError("'graph' has an edge twice")
    for claim in prompt.statements:
        if path := violation(claim, pairs):
            raise CertificateError(f"in the graph changing {path[0]!r} affects {path[-1]!r}, against '{claim}'")
    if violation(prompt.question, pairs) is None:
        raise CertificateError(f"in the graph it holds that {prompt.question}")


def violation(claim: Claim, edges: Iterable[Edge]) -> list[str] | None:
    """Returns a path that shows that a claim does not hold in a graph, `None` where it holds."""
    _, effects = neighbours(edges)
    for changed in claim.changed:
        path, _ = search(
            changed,
            lambda node: [effect for effect in effects.get(node, ()) if effect not in claim.held],
            lambda node: node in claim.targets,
        )
        if path is not None:
            return path
    return None
