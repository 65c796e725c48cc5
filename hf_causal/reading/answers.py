"""Answers to what was read, each with the certificates of the tasks that prove it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from hf_causal.reading import tasks
from hf_causal.reading.effect_answers import ANSWERS
from hf_causal.reading.evidence import Answer, Evidence
from hf_causal.reading.lexicon import load
from hf_causal.reading.names import shorten
from hf_causal.reading.paths import simple_paths
from hf_causal.reading.reading import Reading
from hf_causal.reading.signs import signed_edges, signs_between


def answer(reading: Reading) -> Answer:
    """Answers what was read exactly, and proves the answer.

    Example:

    ```python
    >>> from hf_causal.reading import read
    >>> answer(read("Rain makes the road wet. A wet road causes accidents.", "What causes accidents?")).members
    ('Rain', 'wet road')

    ```
    """
    return Answering(reading).answer()


def _same(task_and_prompt: tuple[str, str]) -> tuple[str, str]:
    return task_and_prompt


class Answering:
    """The answers to one reading."""

    def __init__(self, reading: Reading):
        self.reading, self.asked = reading, reading.question
        self.short = reading.renaming.short
        self.names = {short: name for name, short in self.short.items()}

    def answer(self) -> Answer:
        kind = self.asked.kind
        if kind in ANSWERS:
            return ANSWERS[kind](self)
        single = kind.removeprefix("any_")
        plural = single[:-1] if single.endswith("s") else single
        if kind in ("causes", "effects", "direct_causes", "direct_effects"):
            return self.neighbours()
        if plural in _MEMBER:
            return self.members(plural)
        ways: dict[str, Callable[[], Answer]] = {
            "cause": self.cause,
            "affect": self.cause,
            "direct": self.direct,
            "increase": self.increase,
            "independent": self.independent,
            "hypothesis": self.hypothesis,
            "blockers": self.blockers,
            "why": self.why,
        }
        return ways[kind]()

    def say(self, message: str, **values: str) -> str:
        return load("answers.yaml")[message][self.reading.language].format(**values)

    def listed(self, names: Sequence[str], notes: Mapping[str, str] | None = None, word: str = "and") -> str:
        quoted = [f"“{name}”{(notes or {}).get(name, '')}" for name in names]
        if not quoted:
            return self.say("nothing")
        return self.say(word).join(filter(None, (self.say("comma").join(quoted[:-1]), quoted[-1])))

    def prove(self, task_and_prompt: tuple[str, str], names: dict[str, str] | None = None) -> Evidence:
        proof = tasks.prove(task_and_prompt[1])
        return Evidence(proof.answer, proof.certificate, partial(_same, task_and_prompt), names or self.names)

    def causes(self, cause: str, effect: str, edges: Iterable[tuple[str, str]] | None = None) -> Evidence:
        """Proves whether some of the statements lead from one name to another."""
        kept = self.reading.edges if edges is None else edges
        short = [(self.short[first], self.short[second]) for first, second in kept]
        asked = (self.short[cause], self.short[effect])
        return Evidence(*tasks.prove_cause(short, asked), partial(tasks.causes_prompt, short, asked), self.names)

    def around(self, cause: str, effect: str, avoided: str) -> Evidence:
        """Proves whether the statements lead from one name to another without a third."""
        return self.causes(cause, effect, [edge for edge in self.reading.edges if avoided not in edge])

    def directly(self, cause: str, effect: str) -> Evidence:
        """Proves whether a cause is stated of an effect: only then do the statements into it lead there."""
        return self.causes(
            cause, effect, [edge for edge in self.reading.edges if edge[1] == effect and edge[0] != effect]
        )

    def path(self, evidence: Evidence) -> tuple[str, ...]:
        """The path of a certificate in the names of the text; nothing where it has none."""
        return tuple(evidence.names[node] for node in json.loads(evidence.certificate).get("path", ()))

    def yes_no(self, message: str, evidence: Evidence, **values: str) -> Answer:
        path = self.path(evidence)
        text = self.say(f"{message}_{evidence.answer.lower()}", path=_arrows(path), **values)
        return self.done(evidence.answer, text, (evidence,), paths=(path,) if path else ())

    def done(self, answer: str, text: str, proofs: Sequence[Evidence], **fields: tuple) -> Answer:
        loop = tasks.find_cycle(self.reading.edges)
        note = self.say("loop", loop=_arrows(loop)) if loop else ""
        return Answer(self.reading, answer, text + note, proofs=tuple(proofs), **fields)

    def cause(self) -> Answer:
        assert self.reading.task is not None and self.reading.prompt is not None
        evidence = self.prove((self.reading.task, self.reading.prompt))
        cause, effect = self.asked.names
        return self.yes_no("causes", evidence, x=cause, y=effect, reached=self.reached(evidence, cause))

    def reached(self, evidence: Evidence, cause: str) -> str:
        nodes = json.loads(evidence.certificate).get("reachable", ())
        return self.listed([name for name in self.reading.names if self.short[name] in nodes and name != cause])

    def direct(self) -> Answer:
        cause, effect = self.asked.names
        evidence = self.directly(cause, effect)
        if evidence.answer == "No" and (path := self.path(around := self.causes(cause, effect))):
            text = self.say("direct_no_but", x=cause, y=effect, path=_arrows(path))
            return self.done("No", text, (evidence, around), paths=(path,))
        return self.yes_no("direct", evidence, x=cause, y=effect)

    def increase(self) -> Answer:
        cause, effect = self.asked.names
        states = signs_between(self.reading.statements, cause, effect)
        if not states:
            evidence = self.causes(cause, effect)
            return self.yes_no("causes", evidence, x=cause, y=effect, reached=self.reached(evidence, cause))
        proofs = self.signed_proofs(cause, effect)
        path = self.path(self.causes(cause, effect))
        if states == {"+", "-"}:
            return self.done("Unknown", self.say("increase_mixed", x=cause, y=effect), proofs)
        if states in ({"+"}, {"-"}):
            change = self.say("more" if states == {"+"} else "less")
            yes = states == {self.asked.direction}
            text = self.say(f"increase_{'yes' if yes else 'no'}", x=cause, y=effect, change=change, path=_arrows(path))
            return self.done("Yes" if yes else "No", text, proofs, paths=(path,))
        return self.done("Unknown", self.say("increase_unknown", x=cause, y=effect, path=_arrows(path)), proofs)

    def signed_proofs(self, cause: str, effect: str) -> list[Evidence]:
        """Proves in which states a change arrives, as questions of the same task about changes instead of names."""
        edges = list(signed_edges(self.reading.statements))
        nodes = {node: f"{node[0]} ({node[1]})" for edge in edges for node in edge}
        nodes |= {(name, state): f"{name} ({state})" for name in (cause, effect) for state in "+-?~"}
        short = shorten(nodes.values()).short
        pairs = [(short[nodes[first]], short[nodes[second]]) for first, second in edges]
        names = {one: name for name, one in short.items()}
        return [
            self.prove(tasks.causes_prompt(pairs, (short[nodes[cause, "+"]], short[nodes[effect, state]])), names)
            for state in "+-?~"
        ]

    def independent(self) -> Answer:
        assert self.reading.task is not None and self.reading.prompt is not None
        evidence = self.prove((self.reading.task, self.reading.prompt))
        first, second = self.asked.names
        given = self.say("given", members=self.listed(self.asked.given)) if self.asked.given else ""
        path = self.path(evidence)
        text = self.say(
            f"independent_{evidence.answer.lower()}", x=first, y=second, given=given, path=" – ".join(path)
        )
        return self.done(evidence.answer, text, (evidence,), paths=(path,) if path else ())

    def hypothesis(self) -> Answer:
        assert self.reading.task is not None and self.reading.prompt is not None
        evidence = self.prove((self.reading.task, self.reading.prompt))
        return self.done(evidence.answer, self.say(f"hypothesis_{evidence.answer.lower()}"), (evidence,))

    def neighbours(self) -> Answer:
        (name,) = self.asked.names
        prove = self.directly if self.asked.kind.startswith("direct_") else self.causes
        proofs = {}
        for other in self.reading.names:
            if other != name:
                proofs[other] = prove(other, name) if self.asked.kind.endswith("causes") else prove(name, other)
        members = tuple(other for other, evidence in proofs.items() if evidence.answer == "Yes")
        return self.listing(members, list(proofs.values()), self.lowering(members))

    def lowering(self, members: Sequence[str]) -> dict[str, str]:
        """Notes on the members of a list by way of which less comes about instead of more."""
        (name,) = self.asked.names
        causes = self.asked.kind.endswith("causes")
        note = self.say("lowers_it" if causes else "lowered")
        ends = {other: (other, name) if causes else (name, other) for other in members}
        return {one: note for one, pair in ends.items() if signs_between(self.reading.statements, *pair) & {"-", "~"}}

    def listing(
        self, members: tuple[str, ...], proofs: Sequence[Evidence], notes: Mapping[str, str] | None = None
    ) -> Answer:
        text = self.say("list_some", members=self.listed(members, notes)) if members else self.say("list_none")
        return self.done("", text, proofs, members=members)

    def is_member(self, role: str, first: str, second: str, middle: str) -> list[Evidence]:
        """Proves whether a name is a common cause, mediator or collider of two others: two paths around the other."""
        ends = {
            "mediator": ((first, middle, second), (middle, second, first)),
            "collider": ((first, middle, second), (second, middle, first)),
        }
        pairs = ends.get(role, ((middle, first, second), (middle, second, first)))
        return [self.around(*pair) for pair in pairs]

    def members(self, role: str) -> Answer:
        first, second = self.asked.names
        if self.asked.third is not None:
            proofs = self.is_member(role, first, second, self.asked.third)
            yes = all(evidence.answer == "Yes" for evidence in proofs)
            text = self.say(
                f"member_{'yes' if yes else 'no'}", z=self.asked.third, x=first, y=second, role=self.say(role)
            )
            return self.done("Yes" if yes else "No", text, proofs)
        by_name = {
            name: self.is_member(role, first, second, name)
            for name in self.reading.names
            if name not in (first, second)
        }
        members = tuple(name for name, proofs in by_name.items() if all(one.answer == "Yes" for one in proofs))
        proofs = [evidence for both in by_name.values() for evidence in both]
        if not self.asked.kind.startswith("any_"):
            return self.listing(members, proofs)
        text = self.say("any_yes", members=self.listed(members)) if members else self.say("any_no")
        return self.done("Yes" if members else "No", text, proofs, members=members)

    def blockers(self) -> Answer:
        first, second = self.asked.names
        edges = [(self.short[cause], self.short[effect]) for cause, effect in self.reading.edges]
        pair = (self.short[first], self.short[second])
        alone = self.prove(tasks.separation_prompt(edges, pair, ()))
        if alone.answer == "Yes":
            return self.done("", self.say("blockers_none_needed", x=first, y=second), (alone,))
        others = [name for name in self.reading.names if name not in (first, second)]
        proofs = {name: self.prove(tasks.separation_prompt(edges, pair, (self.short[name],))) for name in others}
        members = tuple(name for name, evidence in proofs.items() if evidence.answer == "Yes")
        message = "blockers_some" if members else "blockers_none"
        text = self.say(message, x=first, y=second, members=self.listed(members))
        return self.done("", text, (alone, *proofs.values()), members=members)

    def why(self) -> Answer:
        cause, effect = self.asked.names
        evidence = self.causes(cause, effect)
        if evidence.answer == "No":
            text = self.say("why_none", x=cause, y=effect, reached=self.reached(evidence, cause))
            return self.done("No", text, (evidence,))
        paths, complete = simple_paths(self.reading.statements, cause, effect, self.asked.direction)
        if not paths:
            return self.done("Unknown", self.say("why_direction"), (evidence, *self.signed_proofs(cause, effect)))
        certificates = [json.dumps({"path": [self.short[name] for name in path]}) for path in paths]
        proofs = [Evidence("Yes", certificate, evidence.write, self.names) for certificate in certificates]
        text = self.say("why_paths" if complete else "why_more", paths="; ".join(map(_arrows, paths)))
        return self.done("", text, proofs, paths=paths)


_MEMBER = ("common_cause", "confounder", "mediator", "collider")


def _arrows(names: Sequence[str]) -> str:
    return " → ".join(names)
