"""Criteria that are a statement about directed paths and several about separations, with proofs of Yes and of No.

A certificate is a JSON object with one entry for a No, the condition that fails, and one for each condition for a Yes:
a directed path or all nodes that directed paths lead to, and what `hf_causal.tasks.shared.criteria.separations`
describes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from hf_causal.tasks.shared.criteria.separations import Separation, reverse_path
from hf_causal.tasks.shared.mixed_prompts import MixedPrompt
from hf_causal.tasks.shared.proofs import (
    CertificateError,
    Proof,
    check_nothing_more,
    check_stated_path,
    distinct,
    neighbours,
    node_list,
    reachable,
    search,
)


@dataclass(frozen=True)
class Reach:
    """The condition that no directed path leads from a node to some others."""

    prompt: MixedPrompt
    key: str
    """Of the list of all nodes that paths lead to, which shows that the condition holds."""
    path_key: str
    """Of a path, which shows that it does not."""
    start: str
    avoided: frozenset[str]
    """Where no path may lead."""
    without: frozenset[str] = frozenset()
    """Nodes that a path does not pass."""

    @cached_property
    def _effects(self) -> dict[str, list[str]]:
        edges = [edge for edge in self.prompt.edges if edge[1] not in self.without]
        return neighbours(edges)[1]

    @cached_property
    def nodes(self) -> set[str]:
        """All nodes that paths lead to."""
        return reachable((self.start,), self._effects) - {self.start}

    @property
    def holds(self) -> bool:
        """Whether no path leads where none may."""
        return self.avoided.isdisjoint(self.nodes)

    def path(self) -> list[str]:
        """Returns a shortest path to where none may lead, if there is one."""
        path, _ = search(self.start, lambda node: self._effects.get(node, ()), self.avoided.__contains__)
        assert path is not None
        return path

    def check_nodes(self, nodes: list[str]) -> None:
        """Raises [`CertificateError`] unless these are all nodes that paths lead to, and none may not be."""
        listed = distinct(nodes, self.key)
        if missing := self.nodes - listed:
            raise CertificateError(f"{self.key!r} leaves out {min(missing)!r}, to which a directed path leads")
        check_nothing_more(listed, self.nodes, self.key, "no such directed path leads to")
        if members := listed & self.avoided:
            raise CertificateError(f"{self.key!r} has {min(members)!r}, which breaks the criterion")

    def check_path(self, path: list[str]) -> None:
        """Raises [`CertificateError`] unless a directed path leads where none may."""
        if len(path) < 2 or path[0] != self.start or path[-1] not in self.avoided:
            ends = " or ".join(map(repr, sorted(self.avoided)))
            raise CertificateError(f"the path {path} does not lead from {self.start!r} to {ends}")
        check_stated_path(path, self.prompt.edges)
        if passed := self.without.intersection(path):
            raise CertificateError(f"the path {path} passes {min(passed)!r}, so it shows nothing")


class Condition(NamedTuple):
    """The condition that a set separates nodes, or that it does not."""

    key: str
    separation: Separation
    separated: bool
    """What the criterion asks for."""
    from_end: bool = False
    """Whether open paths are listed from the other end than that at which the Bayes ball starts."""

    def prove(self) -> tuple[bool, dict[str, Any]]:
        """Returns whether the condition holds, and the certificate for that."""
        separated, certificate = self.separation.prove()
        return separated == self.separated, reverse_path(certificate) if self.from_end else certificate

    def check(self, holds: bool, certificate: Any) -> None:
        """Raises [`CertificateError`] unless a certificate shows that the condition holds, or that it does not."""
        turned = reverse_path(certificate) if self.from_end else certificate
        self.separation.check(self.separated == holds, turned)


class Criterion(NamedTuple):
    """The conditions of a criterion, in the order in which they are looked at."""

    reach: Reach
    conditions: tuple[Condition, ...]

    def prove(self) -> Proof:
        """Returns whether the criterion is satisfied, and why; `hops` are the edges of the path that shows it."""
        if not self.reach.holds:
            path = self.reach.path()
            return Proof("No", json.dumps({self.reach.path_key: path}), len(path) - 1)
        certificate: dict[str, Any] = {self.reach.key: sorted(self.reach.nodes)}
        for condition in self.conditions:
            holds, evidence = condition.prove()
            certificate = {**certificate, condition.key: evidence} if holds else {condition.key: evidence}
            if not holds:
                break
        paths = [one["arrows"] for one in certificate.values() if isinstance(one, dict) and "arrows" in one]
        hops = max(map(len, paths), default=-1)
        return Proof("Yes" if self.reach.key in certificate else "No", json.dumps(certificate), hops)

    def check(self, answer: str, certificate: Any) -> None:
        """Raises [`CertificateError`] unless the certificate proves the answer."""
        if not isinstance(certificate, Mapping):
            raise CertificateError(f"the certificate of a {answer!r} must be a JSON object, got {certificate!r:.80}")
        if answer == "Yes":
            self.reach.check_nodes(node_list(certificate, self.reach.key, answer))
            for condition in self.conditions:
                condition.check(True, certificate.get(condition.key))
        elif self.reach.path_key in certificate:
            self.reach.check_path(node_list(certificate, self.reach.path_key, answer))
        else:
            failing = self.failing(certificate)
            failing.check(False, certificate[failing.key])

    def failing(self, certificate: Mapping[str, Any]) -> Condition:
        """Returns the condition that a certificate is about."""
        for condition in self.conditions:
            if condition.key in certificate:
                return condition
        keys = [self.reach.path_key, *(condition.key for condition in self.conditions)]
        raise CertificateError(f"the certificate of a 'No' must have one of {', '.join(map(repr, keys))}")
