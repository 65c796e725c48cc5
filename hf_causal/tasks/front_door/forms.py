"""Forms of answer to "Does Z satisfy the front-door criterion for the effect of X on Y?": a proof and its steps."""

from __future__ import annotations

from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.front_door.proof import CAUSAL_PATH, REACHED, TO_OUTCOME, TO_SET, criterion_of, prove
from hf_causal.tasks.front_door.text import Prompt
from hf_causal.tasks.shared.criteria import forms, trace
from hf_causal.tasks.shared.criteria.forms import OPEN_FORMAT, PATH_FORMAT, labels_of_criterion
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.structured_replies import Reply


def write_proof(prompt: Prompt, proof: Proof) -> str:
    """Writes the answer with what shows it.

    Example:

    ```python
    >>> prompt = Prompt((("A", "M", True), ("M", "B", True), ("M", "B", False)), ("A", "B"), ("M",))
    >>> print(write_proof(prompt, prove(prompt)))
    No
    To outcome: M <-> B
    To outcome open: none

    ```
    """
    return forms.write_proof(criterion_of(prompt), prompt.names, proof)


def judge_proof(prompt: Prompt, reply: Reply) -> Score:
    """Judges an answer with a proof; a No may show any condition that fails."""
    return forms.judge_proof(criterion_of(prompt), prompt.names, lambda: prove(prompt).answer, reply)


def write_trace(prompt: Prompt, proof: Proof) -> str:
    """Writes what the treatment leads to without the set, and then the moves of the ball for each other condition.

    Example:

    ```python
    >>> prompt = Prompt((("A", "M", True), ("M", "B", True), ("A", "B", False)), ("A", "B"), ("M",))
    >>> print(write_trace(prompt, prove(prompt)))
    Reached: none
    Ancestors: none
    Up A: down A, down B
    Down A: none
    Down B: none
    Ancestors: A
    Up B: down A, down B
    Down A: down A, down B
    Down B: none
    Answer: Yes

    ```
    """
    return trace.write_trace(criterion_of(prompt), prompt.names, proof.answer)


def judge_trace(prompt: Prompt, reply: Reply) -> Score:
    """Judges the steps: each line must list exactly what it says."""
    return trace.judge_trace(criterion_of(prompt), prompt.names, prove(prompt).answer, reply)


FORMS = {
    "proof": AnswerForm(
        title="Yes/No with a proof",
        instruction=(
            "Answer with a proof. If no, write 'No' and then one of three: 'Causal path: ' with a directed path such "
            "as A -> B from the treatment to the outcome without a member of the set; or 'To set: ' with an open path "
            "from the treatment to a member that begins with an arrow into the treatment; or 'To outcome: ' with a "
            "path from a member to the outcome that is open given the treatment and has no arrow out of a member, "
            f"{PATH_FORMAT}; after it 'To set open: ' or 'To outcome open: ' with {OPEN_FORMAT}. If yes, write 'Yes', "
            "then 'Reached: ' with all nodes to which directed paths without the set lead from the treatment; then, "
            "unless the set is empty, 'To set from child: ' and 'To set from parent: ' with the nodes that the Bayes "
            "ball, which starts at the treatment, enters from a child (the treatment included) and from a parent in "
            "the graph without the arrows out of the treatment; then 'To outcome from child: ' and 'To outcome from "
            "parent: ' with those that it enters from the outcome given the treatment in the graph without the arrows "
            "out of the set, and 'To outcome ancestors: ' with the treatment and its ancestors there, separated by "
            "commas, or 'none'. Hidden causes are parents that are not listed."
        ),
        labels=labels_of_criterion(REACHED, CAUSAL_PATH, {TO_SET: False, TO_OUTCOME: True}),
        write=write_proof,
        judge=judge_proof,
    ),
    "trace": AnswerForm(
        title="The conditions of the criterion step by step",
        instruction=(
            "Answer step by step. First write 'Reached: ' with all nodes to which directed paths without the set lead "
            "from the treatment, separated by commas, or 'none'. If the outcome is one of them, or the set is empty, "
            "go to the last line. Then follow the Bayes ball from the treatment in the graph without the arrows out "
            "of the treatment: write 'Ancestors: none' and begin with 'Up X: ' for the treatment X and list where the "
            "ball moves next, 'up ' before a parent and 'down ' before a child, separated by commas, or 'none'; a "
            "hidden cause is a parent that is passed at once, down to both its effects. Write such a line once for "
            "each 'up' and 'down' that you reach, until you reach the set or nothing is left. If it is not reached, "
            "follow the ball from the outcome given the treatment in the graph without the arrows out of the set in "
            "the same way, after 'Ancestors: ' with the treatment and its ancestors there. The last line is "
            "'Answer: Yes' or 'Answer: No'."
        ),
        labels=(),
        write=write_trace,
        judge=judge_trace,
        steps=True,
        token_limit=1024,
    ),
}
"""Forms of answer in addition to Yes/No."""
