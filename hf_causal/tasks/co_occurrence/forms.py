"""Forms of answer to "Does X cause Y?" where things also appear together, and why the two appear together."""

from __future__ import annotations

import json
from collections.abc import Iterator

from hf_causal.tasks.co_occurrence.proof import check_together, prove
from hf_causal.tasks.co_occurrence.relations import Relation, check_relation, explain_relation
from hf_causal.tasks.co_occurrence.text import Prompt
from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.shared.judging import judge_lines
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.tasks.shared.reply_values import write_nodes
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply, names_of
from hf_causal.tasks.transitivity import forms as transitivity

_LABELS = {"Yes": ("Path",), "No": ("Reached", "Together")}
_RELATIONS: tuple[Relation, ...] = ("direct", "mediated", "confounded")


def write_proof(prompt: Prompt, proof: Proof) -> str:
    """Writes the answer with a path, or with the reached set and why the two appear together.

    Example:

    ```python
    >>> statements = (("A", "B", False), ("C", "A", True), ("C", "B", True))
    >>> prompt = Prompt(statements, ("A", "B"))
    >>> print(write_proof(prompt, prove(prompt)))
    No
    Reached: none
    Together: C -> A; C -> B

    ```
    """
    text = transitivity.write_proof(prompt.causal, proof)
    if proof.answer == "Yes":
        return text
    return f"{text}\nTogether: {_write_paths(json.loads(proof.certificate)['together'], _names(prompt))}"


def judge_proof(prompt: Prompt, reply: Reply) -> Score:
    """Judges an answer with a path, or with the reached set and the paths that explain why the two appear together."""
    names = _names(prompt)

    def check_lines(answer: str) -> Iterator[str]:
        yield from transitivity.check_lines(prompt.causal, reply, answer, names)
        if answer == "No":
            yield "Together"
            paths = reply.directed_paths("Together", names)
            if len(paths) == 2 and paths[0][-1] == prompt.question[1]:
                paths.reverse()
            check_together(prompt, paths)

    return judge_lines(reply, _LABELS, check_lines, lambda: prove(prompt).answer)


def write_trace(prompt: Prompt, proof: Proof) -> str:
    """Writes the search from the cause along the causal statements."""
    return transitivity.write_trace(prompt.causal, proof)


def judge_trace(prompt: Prompt, reply: Reply) -> Score:
    """Judges a search along the causal statements."""
    return transitivity.judge_trace(prompt.causal, reply)


def write_relation(prompt: Prompt, proof: Proof) -> str:
    """Writes why the two appear together, with the paths of statements that say so.

    Example:

    ```python
    >>> prompt = Prompt((("A", "B", False), ("A", "C", True), ("C", "B", True)), ("A", "B"))
    >>> print(write_relation(prompt, prove(prompt)))
    Relation: mediated
    Because: A -> C -> B

    ```
    """
    explanation = explain_relation(prompt)
    assert explanation is not None, "the form applies only where there is one"
    relation, paths = explanation
    return f"Relation: {relation}\nBecause: {_write_paths(paths, _names(prompt))}"


def judge_relation(prompt: Prompt, reply: Reply) -> Score:
    """Judges why the two appear together: each relation that holds is right, by any paths that show it."""
    relation = reply.content("Relation").strip(" .\"'").lower()
    if relation not in _RELATIONS:
        raise UnreadableReply(f"'Relation' must be one of {', '.join(_RELATIONS)}, got {relation!r:.60}")
    label = "Because"
    try:
        check_relation(prompt, relation, reply.directed_paths(label, _names(prompt)))
    except CertificateError as error:
        return Score(0.0, None, False, str(error), reply.line_of[label])
    return Score(1.0, None, True, f"the two appear together because the relation is {relation!r}, and the paths hold")


def _write_paths(paths: object, names: frozenset[str]) -> str:
    assert isinstance(paths, list)
    return "; ".join(map(" -> ".join, paths)) or write_nodes([], names)


def _names(prompt: Prompt) -> frozenset[str]:
    return names_of(prompt.edges, *prompt.question, *(name for pair in prompt.together for name in pair))


def _why(prompt: Prompt) -> str:
    return f"Why do {prompt.question[0]} and {prompt.question[1]} appear together?"


FORMS = {
    "proof": AnswerForm(
        title="Yes/No with a proof",
        instruction=(
            "Answer with a proof. If yes, write 'Yes' and then 'Path: ' with a chain of stated causes such as "
            "A -> B -> C. If no, write 'No', then 'Reached: ' with all that the first one leads to, directly or not, "
            "separated by commas, or 'none', and then 'Together: ' with the reason why the two appear together: a "
            "chain from the second one to the first one, or two chains from a common cause such as C -> A; C -> B, or "
            "'none' if no reason is stated."
        ),
        labels=("Path", "Reached", "Together"),
        write=write_proof,
        judge=judge_proof,
    ),
    "trace": AnswerForm(
        title=transitivity.FORMS["trace"].title,
        instruction=transitivity.FORMS["trace"].instruction,
        labels=(),
        write=write_trace,
        judge=judge_trace,
        steps=True,
        token_limit=transitivity.FORMS["trace"].token_limit,
    ),
    "relation": AnswerForm(
        title="why two things appear together",
        instruction=(
            "Answer in two lines. Write 'Relation: ' with direct (one is stated to cause the other), mediated (a "
            "chain of several statements leads from one to the other) or confounded (a third one causes both, by "
            "chains that do not pass through the other one); any that is true is right. Then write 'Because: ' with "
            "the chain such as A -> B -> C, or the two chains such as C -> A; C -> D -> B."
        ),
        labels=("Relation", "Because"),
        write=write_relation,
        judge=judge_relation,
        question=_why,
        applies=lambda prompt: explain_relation(prompt) is not None,
        token_limit=128,
    ),
}
"""Forms of answer in addition to Yes/No."""
