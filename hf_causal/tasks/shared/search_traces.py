"""Writes and judges a search through stated causes, one line for each node whose effects are looked up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from hf_causal.tasks.forms import Score
from hf_causal.tasks.shared.proofs import CertificateError, neighbours
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply, read_nodes, write_nodes
from hf_causal.tasks.shared.traces import judge_steps

_FROM = re.compile(r"from\s+(?P<node>[^:]+?)\s*:(?P<effects>.*)", re.IGNORECASE)


@dataclass
class Search:
    """A search from some nodes for others, whose lines are `From A: B, C` and last `Answer: Yes` or `Answer: No`.

    Args:
        edges (iterable of pairs): The stated (cause, effect) pairs.
        names (frozenset of `str`): The names of the prompt.
        start, targets (tuples of `str`): Where the search begins, and the nodes of which it looks for one.
        fixed (tuple of `str`): Nodes that may be met but are not looked up.
    """

    edges: Iterable[tuple[str, str]]
    names: frozenset[str]
    start: tuple[str, ...]
    targets: tuple[str, ...]
    fixed: tuple[str, ...] = ()
    effects: dict[str, list[str]] = field(init=False)
    """The stated effects of each node, each once, in the order of the text."""

    def __post_init__(self) -> None:
        self.effects = {node: list(dict.fromkeys(nodes)) for node, nodes in neighbours(self.edges)[1].items()}

    def write(self, answer: str) -> str:
        """Writes the search breadth first, until a target is met or all reached nodes have been looked up."""
        lines, queue, met = [], list(self.start), set[str]()
        for node in queue:  # the loop appends to the queue
            if not met.isdisjoint(self.targets):
                break
            effects = self.effects.get(node, [])
            lines.append(f"From {node}: {write_nodes(effects, self.names)}")
            met.update(effects)
            queue += [name for name in effects if name not in queue and name not in self.fixed]
        return "\n".join([*lines, f"Answer: {answer}"])

    def judge(self, reply: Reply, right_answer: str) -> Score:
        """Judges a search: each line must list exactly the stated effects of a node that the search has reached.

        The nodes may be looked up in any order, each once. Yes is proved when a target has been met, and No when all
        reached nodes have been looked up without meeting one.
        """
        walk = SearchWalk(self)
        return judge_steps(reply, walk.is_step, walk.take_step, walk.conclude, right_answer)


class SearchWalk:
    """The lines of a search so far."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.reached, self.looked_up, self.met = set(search.start), set[str](), set[str]()

    def is_step(self, line: str) -> bool:
        """Returns whether a line has the form of a step: it looks up one word, or a name of the prompt."""
        match = _FROM.match(line)
        return match is not None and (match["node"].isalnum() or match["node"] in self.search.names)

    def take_step(self, line: str) -> None:
        """Takes a line; raises `ValueError` unless it lists the effects of a node that has been reached, once."""
        node, listed = self._read(line)
        if node not in self.reached or node in self.looked_up:
            raise CertificateError(f"{node!r} {self._why_not(node)}")
        true = self.search.effects.get(node, [])
        if len(set(listed)) < len(listed) or set(listed) != set(true):
            raise CertificateError(f"the stated effects of {node!r} are {true}, not {listed}")
        self.looked_up.add(node)
        self.met.update(listed)
        self.reached.update(set(listed).difference(self.search.fixed))

    def conclude(self, answer: str) -> None:
        """Raises [`CertificateError`] unless the lines prove an answer."""
        met_targets = sorted(self.met.intersection(self.search.targets))
        if answer == "Yes" and not met_targets:
            raise CertificateError(f"the search has not reached {' or '.join(map(repr, self.search.targets))}")
        if answer == "No" and met_targets:
            raise CertificateError(f"{met_targets[0]!r} has been reached")
        if answer == "No" and self.looked_up != self.reached:
            raise CertificateError(f"{min(self.reached - self.looked_up)!r} is not looked up")

    def _read(self, line: str) -> tuple[str, list[str]]:
        """Returns the node of a line, and the nodes that it lists."""
        match = _FROM.fullmatch(line.strip())
        if match is None:
            raise UnreadableReply(f"{line!r:.80} is no step 'From X: …'")
        return match["node"], read_nodes(match["effects"], self.search.names, f"From {match['node']}")

    def _why_not(self, node: str) -> str:
        if node in self.search.fixed:
            return "is held fixed"
        return "has been looked up" if node in self.looked_up else "has not been reached"
