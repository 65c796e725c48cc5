"""Forms of answer to "Can the effect of X on Y be computed from observations alone?": a proof and its steps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from hf_causal.graphs.identification import Factor, check_factors, check_hedge
from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.identification.proof import prove, read_factor, read_hedge
from hf_causal.tasks.identification.strategy_forms import STRATEGY_FORMS
from hf_causal.tasks.identification.text import Prompt
from hf_causal.tasks.identification.trace import TRACE_FORM
from hf_causal.tasks.shared.edge_lists import read_directed, write_edges
from hf_causal.tasks.shared.judging import judge_lines
from hf_causal.tasks.shared.mixed_prompts import numbered_graph
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.reply_values import read_nodes, write_nodes
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply

_HEDGE = {"Outer": "outer", "Inner": "inner", "Roots": "roots"}
_LABELS = {"Yes": ("Factors",), "No": (*_HEDGE, "Edges")}


def write_proof(prompt: Prompt, proof: Proof) -> str:
    """Writes the answer with the factors of the effect, or with a hedge.

    Example:

    ```python
    >>> prompt = Prompt((("A", "M", True), ("M", "B", True), ("A", "B", False)), ("A", "B"))
    >>> print(write_proof(prompt, prove(prompt)))
    Yes
    Factors: {B} after M, A; {M} after B, A

    ```
    """
    certificate = json.loads(proof.certificate)
    if proof.answer == "Yes":
        factors = (write_factor(**factor, names=prompt.names) for factor in certificate["factors"])
        return f"Yes\nFactors: {'; '.join(factors)}"
    sets = [f"{label}: {write_nodes(certificate[key], prompt.names)}" for label, key in _HEDGE.items()]
    return "\n".join(["No", *sets, f"Edges: {write_edges(certificate['edges'], prompt.names)}"])


def write_factor(district: Iterable[str], fixed: list[str], names: frozenset[str]) -> str:
    """Writes a district and the nodes that are fixed before it, such as `{M} after B, A`."""
    return f"{{{', '.join(district)}}} after {write_nodes(fixed, names)}"


def judge_proof(prompt: Prompt, reply: Reply) -> Score:
    """Judges an answer with the factors of the effect or with a hedge."""
    right, stated = prove(prompt).answer, numbered_graph(prompt.statements)
    x, y = (stated.set_of([node]) for node in prompt.question)

    def check_lines(answer: str) -> Iterator[str]:
        if answer == "Yes":
            yield "Factors"
            check_factors(stated.graph, x, y, tuple(_read_factors(prompt, reply.content("Factors"))))
            return
        hedge = {}
        for label, key in _HEDGE.items():
            yield label
            hedge[key] = reply.nodes(label, prompt.names)
        yield "Edges"
        edges = [list(edge) for edge in read_directed(reply.content("Edges"), prompt.names, "Edges")]
        check_hedge(stated.graph, x, y, read_hedge(stated, {**hedge, "edges": edges}))

    return judge_lines(reply, _LABELS, check_lines, lambda: right)


def _read_factors(prompt: Prompt, text: str) -> Iterator[Factor]:
    """Reads factors such as `{B} after M, A; {M} after B, A`."""
    stated = numbered_graph(prompt.statements)
    for item in filter(None, _NEXT.split(text.strip())):
        match = _FACTOR.fullmatch((_END if "and" in prompt.names else _END_OR_AND).sub("", item))
        if match is None:
            raise UnreadableReply(f"'Factors' has {item!r:.60}, which is no factor such as '{{A, B}} after C, D'")
        nodes = {key: read_nodes(match[key], prompt.names, "Factors") for key in ("district", "fixed")}
        yield read_factor(stated, nodes)


_NEXT = re.compile(r"(?=\{[^}])")
_END, _END_OR_AND = re.compile(r"[\s,;.]+$"), re.compile(r"[\s,;.]+(?:and[\s,]*)?$")
_FACTOR = re.compile(r"\{(?P<district>[^{}]+)\}\s+after\s+(?:fixing\s+)?(?P<fixed>[^{}]+|\{\})", re.IGNORECASE)

FORMS = {
    "proof": AnswerForm(
        title="Yes/No with a proof",
        instruction=(
            "Answer with a proof. If yes, write 'Yes', then 'Factors: ' with the districts of the nodes that lead to "
            "the outcome without the treatment (a district is what hidden causes connect), each in braces and with "
            "all other nodes of the graph in an order in which each can be fixed, such as '{B} after M, A; {M} after "
            "B, A', or 'none' after it. A node can be fixed if no other node of its district among those not fixed "
            "yet descends from it. If no, write 'No' and a hedge: 'Outer: ' with a set of nodes that has the "
            "treatment, 'Inner: ' with a part of it that has not, both connected by hidden causes, 'Roots: ' with "
            "nodes of both that lead to the outcome without the treatment, and 'Edges: ' such as 'A -> B, C -> B' "
            "with one from each other node of 'Outer', which stays in 'Inner' if it begins there."
        ),
        labels=("Factors", *_HEDGE, "Edges"),
        write=write_proof,
        judge=judge_proof,
    ),
    "trace": TRACE_FORM,
    **STRATEGY_FORMS,
}
"""Forms of answer in addition to Yes/No."""
