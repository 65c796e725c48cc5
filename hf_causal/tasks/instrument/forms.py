"""Forms of answer to "Is Z an instrument for the effect of X on Y given W?": a proof and its steps."""

from __future__ import annotations

from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.instrument.proof import AFFECTED, EFFECT_PATH, TO_OUTCOME, TO_TREATMENT, criterion_of, prove
from hf_causal.tasks.instrument.text import Prompt
from hf_causal.tasks.shared.criteria import forms, trace
from hf_causal.tasks.shared.criteria.forms import OPEN_FORMAT, PATH_FORMAT, labels_of_criterion
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.structured_replies import Reply


def write_proof(prompt: Prompt, proof: Proof) -> str:
    """Writes the answer with what shows it.

    Example:

    ```python
    >>> prompt = Prompt((("Z", "A", True), ("A", "B", True), ("A", "B", False)), ("A", "B"), (), "Z")
    >>> print(write_proof(prompt, prove(prompt)))
    Yes
    Affected: B
    To treatment: Z -> A
    To treatment open: none
    To outcome from child: Z
    To outcome from parent: none

    ```
    """
    return forms.write_proof(criterion_of(prompt), prompt.names, proof)


def judge_proof(prompt: Prompt, reply: Reply) -> Score:
    """Judges an answer with a proof; a No may show any condition that fails."""
    return forms.judge_proof(criterion_of(prompt), prompt.names, lambda: prove(prompt).answer, reply)


def write_trace(prompt: Prompt, proof: Proof) -> str:
    """Writes what the treatment causes, and then the moves of the Bayes ball for each other condition.

    Example:

    ```python
    >>> prompt = Prompt((("Z", "A", True), ("A", "B", True), ("A", "B", False)), ("A", "B"), (), "Z")
    >>> print(write_trace(prompt, prove(prompt)))
    Affected: B
    Ancestors: none
    Up Z: down A
    Ancestors: none
    Up Z: none
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
            "Answer with a proof. If no, write 'No' and then one of three: 'Effect path: ' with a directed path such "
            "as A -> B from the treatment to the instrument or to a member of the set; or 'To treatment from child: ' "
            "and 'To treatment from parent: ' with the nodes that the Bayes ball, which starts at the instrument, "
            "enters from a child (the instrument included) and from a parent, if it does not get to the treatment; or "
            "'To outcome: ' with an open path from the instrument to the outcome that has no arrow into the "
            f"treatment, {PATH_FORMAT}, and 'To outcome open: ' with {OPEN_FORMAT}. If yes, write 'Yes', then "
            "'Affected: ' with all nodes that the treatment leads to, 'To treatment: ' and 'To treatment open: ' with "
            "an open path from the instrument to the treatment in the same way, and 'To outcome from child: ' and 'To "
            "outcome from parent: ' with what the ball enters in the graph without the arrows into the treatment. "
            "Unless the set is empty, add 'To treatment ancestors: ' or 'To outcome ancestors: ' with the set and its "
            "ancestors in that graph to the lines of the ball, separated by commas, or 'none'. Hidden causes are "
            "parents that are not listed."
        ),
        labels=labels_of_criterion(AFFECTED, EFFECT_PATH, {TO_TREATMENT: True, TO_OUTCOME: True}),
        write=write_proof,
        judge=judge_proof,
    ),
    "trace": AnswerForm(
        title="The conditions of an instrument step by step",
        instruction=(
            "Answer step by step. First write 'Affected: ' with all nodes that the treatment leads to, separated by "
            "commas, or 'none'. If the instrument or a member of the set is one of them, go to the last line. Then "
            "follow the Bayes ball from the instrument: write 'Ancestors: ' with the set and all its ancestors, or "
            "'none', and begin with 'Up Z: ' for the instrument Z and list where the ball moves next, 'up ' before a "
            "parent and 'down ' before a child, separated by commas, or 'none'; a hidden cause is a parent that is "
            "passed at once, down to both its effects. Write such a line once for each 'up' and 'down' that you "
            "reach, until you reach the treatment or nothing is left. If it is reached, follow the ball from the "
            "instrument to the outcome in the graph without the arrows into the treatment in the same way, again "
            "after 'Ancestors: ', until you reach the outcome or nothing is left. The last line is 'Answer: Yes' or "
            "'Answer: No'."
        ),
        labels=(),
        write=write_trace,
        judge=judge_trace,
        steps=True,
        token_limit=1024,
    ),
}
"""Forms of answer in addition to Yes/No."""
