"""The form of answer that narrows all nodes down to each district, one step a line."""

from __future__ import annotations

import re

from hf_causal.graphs.identification import relevant_nodes
from hf_causal.graphs.mixed_graphs import bits
from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.identification.proof import prove
from hf_causal.tasks.identification.text import Prompt
from hf_causal.tasks.shared.mixed_prompts import numbered_graph
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.tasks.shared.reply_values import read_nodes
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply
from hf_causal.tasks.shared.traces import judge_steps


class _Narrowing:
    """The stated graph, and the two ways to narrow down a set of nodes around a district."""

    def __init__(self, prompt: Prompt) -> None:
        self.stated = numbered_graph(prompt.statements)
        graph = self.stated.graph
        x, y = (self.stated.set_of([node]) for node in prompt.question)
        self.relevant = relevant_nodes(graph, x, y)
        self.districts = graph.districts(self.relevant)

    def narrow(self, rule: str, district: int, remaining: int) -> int:
        """Returns what a rule leaves of the remaining nodes: the district's ancestors, or what is connected to it."""
        if rule == _ANCESTORS:
            return self.stated.graph.ancestors(district, within=remaining)
        return self.stated.graph.district(next(bits(district)), remaining)

    def write(self, nodes: int) -> str:
        """Writes a set of nodes."""
        return ", ".join(self.stated.names_of(nodes))


def write_trace(prompt: Prompt, proof: Proof) -> str:
    """Writes what leads to the outcome, and for each of its districts how far the graph can be narrowed down to it.

    Example:

    ```python
    >>> prompt = Prompt((("A", "M", True), ("M", "B", True), ("A", "B", False)), ("A", "B"))
    >>> print(write_trace(prompt, prove(prompt)))
    Relevant: B, M
    Reach: B
    Connected: A, B
    Ancestors: B
    Reach: M
    Connected: M
    Answer: Yes

    ```
    """
    state = _Narrowing(prompt)
    lines = [f"Relevant: {state.write(state.relevant)}"]
    for district in state.districts:
        lines.append(f"Reach: {state.write(district)}")
        remaining, stuck = state.stated.graph.nodes, False
        while remaining != district and not stuck:
            rule = next((r for r in _RULES if state.narrow(r, district, remaining) != remaining), None)
            stuck = rule is None
            if rule is not None:
                remaining = state.narrow(rule, district, remaining)
                lines.append(f"{rule}: {state.write(remaining)}")
        if stuck:
            break
    return "\n".join([*lines, f"Answer: {proof.answer}"])


def judge_trace(prompt: Prompt, reply: Reply) -> Score:
    """Judges the steps: each line must list exactly what its rule leaves.

    The first line lists what leads to the outcome without the treatment. Districts come in any order, and for each the
    two rules in any order. Yes is proved when every district has been reached; No when neither rule narrows down what
    is left to the last district.
    """
    right = prove(prompt).answer
    walk = _Walk(prompt)
    return judge_steps(reply, _STEP.match, walk.take_step, walk.conclude, right)


class _Walk:
    """The steps of a reply so far."""

    def __init__(self, prompt: Prompt) -> None:
        self.state, self.names = _Narrowing(prompt), prompt.names
        self.unreached = list(self.state.districts)
        self.district, self.remaining = 0, 0
        self.has_relevant = False

    def take_step(self, line: str) -> None:
        match = _STEP.fullmatch(line)
        if match is None:
            raise UnreadableReply(f"{line!r:.80} is no step 'Reach: …', 'Connected: …' or 'Ancestors: …'")
        label = match["label"].capitalize()
        listed = read_nodes(match["nodes"], self.names, label)
        nodes = self.state.stated.set_of(listed)
        if nodes.bit_count() < len(listed):
            raise CertificateError(f"{label!r} has a node twice")
        if (label == "Relevant") == self.has_relevant:
            raise CertificateError("the first line, and no other, must be 'Relevant: …'")
        {"Relevant": self._take_relevant, "Reach": self._take_district}.get(label, self._take_rule)(label, nodes)

    def _take_relevant(self, label: str, nodes: int) -> None:
        self._require(label, nodes, self.state.relevant)
        self.has_relevant = True

    def _take_district(self, label: str, nodes: int) -> None:
        if self.district and self.remaining != self.district:
            raise CertificateError(f"the district {self.state.write(self.district)} has not been reached")
        if nodes not in self.unreached:
            raise CertificateError(f"{self.state.write(nodes)} is no district that is left to be reached")
        self.unreached.remove(nodes)
        self.district, self.remaining = nodes, self.state.stated.graph.nodes

    def _take_rule(self, label: str, nodes: int) -> None:
        if not self.district:
            raise CertificateError(f"{label!r} must follow a line 'Reach: …'")
        left = self.state.narrow(label, self.district, self.remaining)
        self._require(label, nodes, left)
        if left == self.remaining:
            raise CertificateError(f"{label!r} leaves all nodes, so it is no step")
        self.remaining = left

    def _require(self, label: str, nodes: int, true: int) -> None:
        if nodes != true:
            raise CertificateError(f"{label!r} should be {self.state.write(true)}, not {self.state.write(nodes)}")

    def conclude(self, answer: str) -> None:
        """Raises [`CertificateError`] unless the steps taken prove the answer."""
        if not self.has_relevant:
            raise CertificateError("the first line must be 'Relevant: …'")
        reached = self.remaining == self.district
        if answer == "Yes" and (self.unreached or not reached):
            raise CertificateError("not every district has been reached")
        if answer == "No":
            if reached:
                raise CertificateError("the last district is reached, or there is none, so nothing proves a No")
            if any(self.state.narrow(rule, self.district, self.remaining) != self.remaining for rule in _RULES):
                raise CertificateError("a rule narrows down what is left, so nothing proves a No yet")


_ANCESTORS = "Ancestors"
_RULES = ("Connected", _ANCESTORS)
_STEP = re.compile(r"(?P<label>relevant|reach|connected|ancestors)\s*:(?P<nodes>.+)", re.IGNORECASE)

TRACE_FORM = AnswerForm(
    title="Narrowing down to districts step by step",
    instruction=(
        "Answer step by step. First write 'Relevant: ' with the outcome and the nodes that lead to it without the "
        "treatment, separated by commas. Hidden causes among them connect them to districts. For each district write "
        "'Reach: ' with its nodes, begin with all nodes of the graph, and narrow them down until the district is "
        "left: 'Connected: ' with those that hidden causes among the remaining ones connect to the district, or "
        "'Ancestors: ' with the district and those that lead to it along remaining ones. Write a line only where it "
        "leaves out a node, with all nodes that it leaves. If a district cannot be reached so, the answer is no. The "
        "last line is 'Answer: Yes' or 'Answer: No'."
    ),
    labels=(),
    write=write_trace,
    judge=judge_trace,
    steps=True,
    token_limit=1024,
)
