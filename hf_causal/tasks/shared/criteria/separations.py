"""Whether a set separates nodes in a stated graph with hidden causes, or in that graph without some of its edges.

Hidden causes are nodes of the graph that certificates do not list. A certificate is a JSON object:

- not separated: `{"path": […], "arrows": […], "open": […]}`, a path that is open given the set. `arrows` has one of
  `"->"`, `"<-"` and `"<->"` for each step, `"<->"` being a hidden cause, and `open` a reason for each inner node, as
  in `hf_causal.tasks.d_separation.proof`.
- separated: `{"from_child": […], "from_parent": […], "ancestors": […]}`, exactly what the Bayes ball enters in the
  graph without the edges, in any order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hf_causal.tasks.d_separation import proof as d_separation
from hf_causal.tasks.d_separation.proof import State
from hf_causal.tasks.d_separation.text import Prompt as Question
from hf_causal.tasks.shared.mixed_prompts import MixedPrompt
from hf_causal.tasks.shared.proofs import CertificateError, neighbours, node_list, reachable

Edges = frozenset[tuple[str, str]]

BALL_SETS = ("from_child", "from_parent", "ancestors")
ARROWS = ("->", "<-", "<->")
_HIDDEN = "~"
"""Joins two names to that of their hidden cause, which no name of a prompt can be."""
_END = _HIDDEN
"""A common effect of several ends, which an open path gets to exactly where one gets to an end."""


def hidden_node(first: str, second: str) -> str:
    """Returns the name of the hidden cause of two nodes, the same in either order."""
    return _HIDDEN.join(sorted((first, second)))


def is_hidden(node: str) -> bool:
    """Returns whether a node is a hidden cause."""
    return _HIDDEN in node


def all_edges(prompt: MixedPrompt) -> tuple[tuple[str, str], ...]:
    """Returns the stated edges, and those of the hidden causes."""
    pairs = dict.fromkeys(tuple(sorted(pair)) for pair in prompt.hidden)
    return (*prompt.edges, *((hidden_node(*pair), node) for pair in pairs for node in pair))


def edges_out_of(prompt: MixedPrompt, nodes: Collection[str]) -> Edges:
    """Returns the edges that leave some nodes."""
    return frozenset(edge for edge in prompt.edges if edge[0] in nodes)


def edges_into(prompt: MixedPrompt, node: str) -> Edges:
    """Returns the edges that point to a node, those of hidden causes included."""
    return frozenset(edge for edge in all_edges(prompt) if edge[1] == node)


@dataclass(frozen=True)
class Separation:
    """The question whether a set separates a node from others."""

    prompt: MixedPrompt
    """States the graph."""
    start: str
    ends: tuple[str, ...]
    given: tuple[str, ...] = ()
    """The set."""
    removed: Edges = frozenset()
    """Edges that the graph is looked at without, as [`all_edges`] has them."""
    why_removed: str = ""
    """What is wrong with a path that has one of these edges, after "the path"."""

    @cached_property
    def question(self) -> Question:
        """The question in the graph without the edges."""
        edges = tuple(edge for edge in all_edges(self.prompt) if edge not in self.removed)
        if len(self.ends) == 1:
            return Question(edges, (self.start, self.ends[0]), self.given)
        return Question((*edges, *((end, _END) for end in self.ends)), (self.start, _END), self.given)

    def prove(self) -> tuple[bool, dict[str, Any]]:
        """Returns whether the set separates, and a certificate."""
        separation = d_separation.prove(self.question)
        certificate = json.loads(separation.certificate)
        if separation.answer == "Yes":
            return True, {key: sorted(_observed(certificate[key])) for key in BALL_SETS}
        path, arrows = self._without_hidden(certificate["path"])
        reasons = [reason for reason in certificate["open"] if reason["node"] in path[1:-1]]
        return False, {"path": path, "arrows": arrows, "open": reasons}

    def _without_hidden(self, path: list[str]) -> tuple[list[str], list[str]]:
        """Returns the observed nodes of a path, and the arrow of each step between them."""
        stated = set(self.prompt.edges)
        nodes, arrows = [path[0]], []
        for before, node in zip(path, path[1:], strict=False):
            if is_hidden(node):
                continue
            arrows.append("<->" if is_hidden(before) else "->" if (before, node) in stated else "<-")
            nodes.append(node)
        return nodes, arrows

    def check(self, separated: bool, certificate: Any) -> None:
        """Raises [`CertificateError`] unless a certificate shows that the set separates, or that it does not."""
        if separated:
            self.check_ball_sets({key: node_list(certificate, key, "Yes") for key in BALL_SETS})
        else:
            path, arrows = node_list(certificate, "path", "No"), check_arrows(certificate.get("arrows"))
            self.check_path(path, arrows)
            self.check_reasons(path, arrows, certificate.get("open"))

    def check_ball_sets(self, sets: Mapping[str, list[str]]) -> None:
        """Raises [`CertificateError`] unless the ball enters exactly these nodes, and no end."""
        entered = d_separation.ball_sets(self.question)
        if self.question.question[1] in entered[0] | entered[1]:
            raise CertificateError(f"an open path leads from {self.start!r} to {' or '.join(map(repr, self.ends))}")
        hidden = [filter(is_hidden, nodes) for nodes in entered]
        with_hidden = {key: [*sets[key], *nodes] for key, nodes in zip(BALL_SETS, hidden, strict=True)}
        d_separation.check(self.question, "Yes", with_hidden)

    def check_path(self, path: list[str], arrows: list[str]) -> None:
        """Raises [`CertificateError`] unless the premise states a path with these arrows to an end."""
        if len(arrows) != len(path) - 1:
            raise CertificateError(f"'arrows' must have one for each step of the path {path}, got {arrows}")
        check_steps(self.prompt, path, arrows)
        if path[-1] not in self.ends:
            raise CertificateError(f"the path {path} does not lead to {' or '.join(map(repr, self.ends))}")
        nodes = _with_hidden(path, arrows)
        d_separation.check_path(self._in_whole_graph(path), nodes)
        steps = zip(nodes, nodes[1:], strict=False)
        if any(edge in self.removed for step in steps for edge in (step, step[::-1])):
            raise CertificateError(f"the path {self.why_removed}")

    def check_reasons(self, path: list[str], arrows: list[str], reasons: Any) -> None:
        """Raises [`CertificateError`] unless each inner node of a stated path has a reason, in order, that holds."""
        if not isinstance(reasons, list):
            raise CertificateError(f"'open' must be a list of reasons, got {reasons!r:.80}")
        number, with_hidden = iter(reasons), []
        nodes = _with_hidden(path, arrows)
        for node in nodes[1:-1]:
            with_hidden.append({"node": node, "type": "fork"} if is_hidden(node) else next(number, None))
        if (more := [*number]) or None in with_hidden:
            raise CertificateError(
                f"'open' must have a reason for each of {path[1:-1]}; it has {len(more) or 'too few'}"
            )
        d_separation.check_reasons(self._in_whole_graph(path), nodes, with_hidden)

    def _in_whole_graph(self, path: list[str]) -> Question:
        """Returns the question about the ends of a path with all edges: what opens a collider may lead along any."""
        return Question(all_edges(self.prompt), (self.start, path[-1]), self.given)

    def ancestors(self) -> set[str]:
        """Returns the set and its ancestors, without hidden causes."""
        causes, _ = neighbours(self.question.edges)
        return set(_observed(reachable(self.given, causes)))

    def moves(self) -> Callable[[State], list[State]]:
        """Returns the rules of the Bayes ball; a move to a hidden cause goes on to both its effects."""
        step = d_separation.ball_moves(Question(self.question.edges, (self.start, self.ends[0]), self.given))

        def next_states(state: State) -> list[State]:
            states = [entered for entered in step(state) if entered[0] != _END]
            return list(
                dict.fromkeys(
                    after for entered in states for after in (step(entered) if is_hidden(entered[0]) else [entered])
                )
            )

        return next_states


def check_arrows(arrows: Any) -> list[str]:
    """Returns the arrows of a certificate; raises [`CertificateError`] if there is anything else among them."""
    if not isinstance(arrows, list) or not all(arrow in ARROWS for arrow in arrows):
        raise CertificateError(f"'arrows' must be a list of {', '.join(ARROWS)}, got {arrows!r:.80}")
    return arrows


def check_steps(prompt: MixedPrompt, path: list[str], arrows: list[str]) -> None:
    """Raises [`CertificateError`] unless the premise states each step of a path with its arrow."""
    stated = set(prompt.edges)
    for first, second, arrow in zip(path, path[1:], arrows, strict=False):
        edge = {"->": (first, second), "<-": (second, first)}.get(arrow)
        if edge and edge not in stated:
            raise CertificateError(f"the premise does not state '{edge[0]} causes {edge[1]}.'")
        if not edge and not {(first, second), (second, first)} & set(prompt.hidden):
            raise CertificateError(f"the premise does not state '{first} and {second} share a hidden cause.'")


def reverse_path(certificate: Any) -> Any:
    """Returns the certificate of an open path, listed from its other end; anything else as it is."""
    if not isinstance(certificate, Mapping):
        return certificate
    turned = {
        key: certificate[key][::-1] for key in ("path", "arrows", "open") if isinstance(certificate.get(key), list)
    }
    if "arrows" in turned:
        turned["arrows"] = [
            _TURNED.get(arrow, arrow) if isinstance(arrow, str) else arrow for arrow in turned["arrows"]
        ]
    return {**certificate, **turned}


_TURNED = {"->": "<-", "<-": "->"}


def _observed(nodes: Iterable[str]) -> list[str]:
    return [node for node in nodes if not is_hidden(node)]


def _with_hidden(path: list[str], arrows: list[str]) -> list[str]:
    """Returns a path with the hidden causes between its nodes."""
    nodes = path[:1]
    for before, node, arrow in zip(path, path[1:], arrows, strict=False):
        nodes += [hidden_node(before, node), node] if arrow == "<->" else [node]
    return nodes
