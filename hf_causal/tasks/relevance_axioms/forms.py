"""Forms of answer to "Does it follow that changing X cannot affect Y?": a derivation, or a graph and a path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.relevance_axioms.derivations import Checker, is_line
from hf_causal.tasks.relevance_axioms.proof import check_graph, check_lines, prove, violation
from hf_causal.tasks.relevance_axioms.text import Prompt
from hf_causal.tasks.shared.judging import judge_lines
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.tasks.shared.reply_values import is_empty, read_chains, read_path
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply
from hf_causal.tasks.shared.traces import judge_steps

_LABELS = {"Yes": ("Derivation",), "No": ("Graph",)}
_FIELD = re.compile(r"(graph|path)\s*:\s*(.*)", re.IGNORECASE)
_STATED = "stated"
"""A derivation without lines, where the conclusion is one of the statements."""


def write_proof(prompt: Prompt, proof: Proof) -> str:
    """Writes the answer with a derivation, or with a graph in which the statements hold and the conclusion does not.

    Example:

    ```python
    >>> from hf_causal.tasks.relevance_axioms.text import parse_prompt
    >>> prompt = parse_prompt("Changing A cannot affect B or C. Does it follow that changing A cannot affect C?")
    >>> print(write_proof(prompt, prove(prompt)))
    Yes
    Derivation: right-decomposition: changing A cannot affect C

    ```
    """
    certificate = json.loads(proof.certificate)
    if proof.answer == "Yes":
        return f"Yes\nDerivation: {'; '.join(certificate['derivation']) or _STATED}"
    return f"No\nGraph: {_write_edges(certificate['graph'])}"


def _write_edges(edges: list[list[str]]) -> str:
    return "; ".join(f"{cause} -> {effect}" for cause, effect in edges)


def judge_proof(prompt: Prompt, reply: Reply) -> Score:
    """Judges an answer with a derivation or a graph."""

    def check_fields(answer: str) -> Iterator[str]:
        if answer == "Yes":
            yield "Derivation"
            check_lines(prompt, _read_lines(reply.content("Derivation")))
        else:
            yield "Graph"
            check_graph(prompt, _read_edges(reply.content("Graph"), prompt, "Graph"))

    return judge_lines(reply, _LABELS, check_fields, lambda: prove(prompt).answer)


def _read_lines(text: str) -> list[str]:
    text = text.strip().rstrip(".")
    lines = [] if text.lower() == _STATED else [line.strip().rstrip(".") for line in text.split(";")]
    for line in lines:
        if not is_line(line):
            raise UnreadableReply(f"{line!r:.100} is no line of a derivation such as 'strong-union: changing A …'")
    return lines


def _read_edges(text: str, prompt: Prompt, label: str) -> list[list[str]]:
    names = frozenset(prompt.names)
    if text not in names and is_empty(text.rstrip(". "), names, label):
        return []
    edges = []
    for chain in read_chains(text, names, label):
        if chain.forward is None or len(chain.nodes) < 2:
            raise UnreadableReply(f"'{label}' has a node without an arrow")
        for first, second, forward in zip(chain.nodes, chain.nodes[1:], chain.forward, strict=False):
            edges.append([first, second] if forward else [second, first])
    return edges


def write_trace(prompt: Prompt, proof: Proof) -> str:
    """Writes a derivation line by line, or a graph and then the path that contradicts the conclusion.

    Example:

    ```python
    >>> from hf_causal.tasks.relevance_axioms.text import parse_prompt
    >>> prompt = parse_prompt("Changing A cannot affect B. Does it follow that changing B cannot affect A?")
    >>> print(write_trace(prompt, prove(prompt)))
    Graph: B -> A
    Path: B -> A
    Answer: No

    ```
    """
    certificate = json.loads(proof.certificate)
    if proof.answer == "Yes":
        return "\n".join([*(certificate["derivation"] or [_STATED]), "Answer: Yes"])
    path = violation(prompt.question, [(cause, effect) for cause, effect in certificate["graph"]]) or []
    return f"Graph: {_write_edges(certificate['graph'])}\nPath: {' -> '.join(path)}\nAnswer: No"


class _Trace:
    """Takes the lines of a trace: a derivation, or a graph and a path."""

    def __init__(self, prompt: Prompt):
        self.prompt = prompt
        self.checker = Checker(prompt.statements, prompt.question, prompt.names)
        self.edges: list[list[str]] | None = None
        self.path: list[str] | None = None

    def take(self, line: str) -> None:
        match = _FIELD.fullmatch(line)
        if match is None and line.lower() != _STATED:
            self.checker.take(line)
        elif match and match[1].lower() == "graph":
            self.edges = _read_edges(match[2], self.prompt, "Graph")
            check_graph(self.prompt, self.edges)
        elif match:
            self.path = read_path(match[2], frozenset(self.prompt.names), "Path")
            self._check_path(self.path)

    def _check_path(self, path: list[str]) -> None:
        question = self.prompt.question
        if self.edges is None:
            raise CertificateError("the path comes before the graph")
        if len(path) < 2 or path[0] not in question.changed or path[-1] not in question.targets:
            raise CertificateError("the path does not lead from what is changed to what may be affected")
        if set(path) & set(question.held):
            raise CertificateError("the path meets what is held fixed")
        if missing := [step for step in zip(path, path[1:], strict=False) if list(step) not in self.edges]:
            raise CertificateError(f"the graph has no edge {missing[0][0]} -> {missing[0][1]}")

    def conclude(self, answer: str) -> None:
        if answer == "Yes":
            self.checker.finish()
        elif self.path is None:
            raise CertificateError("a No needs a graph and a path")


def judge_trace(prompt: Prompt, reply: Reply) -> Score:
    """Judges a derivation line by line, or a graph in which every statement holds and a path against the question."""
    trace = _Trace(prompt)
    return judge_steps(reply, _is_step, trace.take, trace.conclude, prove(prompt).answer)


def _is_step(line: str) -> bool:
    return is_line(line) or _FIELD.fullmatch(line) is not None or line.lower() == _STATED


_AXIOMS = (
    "'right-decomposition' (fewer nodes that may be affected), 'left-decomposition' (fewer that are changed), "
    "'strong-union' (more that are held fixed), 'right-intersection' (from 'X cannot affect Y if Z and W are held "
    "fixed' and 'X cannot affect W if Z and Y are held fixed' to 'X cannot affect Y or W if Z is held fixed') and "
    "'left-intersection' (the same for what is changed). By transitivity, if X cannot affect Y then for any further "
    "node A, with the same held fixed, A cannot affect Y or X cannot affect A: write 'case: ' with one of the two, go "
    "on to the conclusion, and then 'other case: ' with the other, and go on to the conclusion again."
)

FORMS = {
    "proof": AnswerForm(
        title="Yes/No with a proof",
        instruction=(
            "Answer in two lines. If yes, write 'Yes' and then 'Derivation: ' with steps separated by semicolons, "
            "each an axiom, a colon and the statement that it gives, such as 'strong-union: changing A cannot affect "
            f"B if C is held fixed'. The axioms are {_AXIOMS} Write 'Derivation: stated' if the conclusion is one of "
            "the statements. If no, write 'No' and then 'Graph: ' with the edges, such as 'A -> B; B -> C', of a "
            "graph in which every statement holds and the conclusion does not."
        ),
        labels=("Derivation", "Graph"),
        write=write_proof,
        judge=judge_proof,
        token_limit=768,
    ),
    "trace": AnswerForm(
        title="derivation step by step",
        instruction=(
            "Answer step by step. If it follows, write one line for each step: an axiom, a colon and the statement "
            f"that it gives. The axioms are {_AXIOMS} Write 'stated' if the conclusion is one of the statements. If "
            "it does not follow, write 'Graph: ' with the edges, such as 'A -> B; B -> C', of a graph in which every "
            "statement holds, and then 'Path: ' with the path in it that the conclusion excludes. The last line is "
            "'Answer: Yes' or 'Answer: No'."
        ),
        labels=(),
        write=write_trace,
        judge=judge_trace,
        steps=True,
        token_limit=768,
    ),
}
"""Forms of answer in addition to Yes/No."""
