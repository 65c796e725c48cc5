"""Forms of answer to "Does X cause Y?": a path or the reached set as proof, and the search step by step."""

from __future__ import annotations

import json
from collections.abc import Iterator

from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.shared.judging import judge_lines
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.tasks.shared.search_traces import Search
from hf_causal.tasks.shared.structured_replies import Reply, names_of, write_nodes
from hf_causal.tasks.transitivity.proof import check, prove
from hf_causal.tasks.transitivity.text import Prompt

_LABELS = {"Yes": ("Path",), "No": ("Reached",)}


def write_proof(prompt: Prompt, proof: Proof) -> str:
    """Writes the answer with a path or the reached set.

    Example:

    ```python
    >>> prompt = Prompt((("A", "B"), ("B", "C")), ("A", "C"))
    >>> print(write_proof(prompt, prove(prompt)))
    Yes
    Path: A -> B -> C

    ```
    """
    certificate = json.loads(proof.certificate)
    if proof.answer == "Yes":
        return f"Yes\nPath: {' -> '.join(certificate['path'])}"
    return f"No\nReached: {write_nodes(certificate['reachable'], _names(prompt))}"


def judge_proof(prompt: Prompt, reply: Reply) -> Score:
    """Judges an answer with a path or the reached set."""
    names = _names(prompt)
    return judge_lines(
        reply, _LABELS, lambda answer: check_lines(prompt, reply, answer, names), lambda: prove(prompt).answer
    )


def check_lines(prompt: Prompt, reply: Reply, answer: str, names: frozenset[str]) -> Iterator[str]:
    """Yields the label of the line that it checks, for [`judge_lines`]."""
    if answer == "Yes":
        yield "Path"
        path = reply.path("Path", names)
        if len({*path[1:]}) < len(path) - 1 or len({*path[:-1]}) < len(path) - 1:
            raise CertificateError(f"the path {path} meets a node twice")
        check(prompt, "Yes", {"path": path})
    else:
        yield "Reached"
        check(prompt, "No", {"reachable": reply.nodes("Reached", names)})


def write_trace(prompt: Prompt, proof: Proof) -> str:
    """Writes the search from the cause, one line for each node whose effects are looked up.

    Example:

    ```python
    >>> prompt = Prompt((("A", "B"), ("B", "C")), ("A", "C"))
    >>> print(write_trace(prompt, prove(prompt)))
    From A: B
    From B: C
    Answer: Yes

    ```
    """
    return _search(prompt).write(proof.answer)


def judge_trace(prompt: Prompt, reply: Reply) -> Score:
    """Judges a search: each line must list exactly the stated effects of a node that the search has reached.

    The nodes may be looked up in any order, each once. Yes is proved when the effect has been reached, and No when
    all reached nodes have been looked up without meeting it.
    """
    return _search(prompt).judge(reply, prove(prompt).answer)


def _search(prompt: Prompt) -> Search:
    cause, effect = prompt.question
    return Search(prompt.edges, _names(prompt), (cause,), (effect,))


def _names(prompt: Prompt) -> frozenset[str]:
    return names_of(prompt.edges, *prompt.question)


FORMS = {
    "proof": AnswerForm(
        title="Yes/No with a proof",
        instruction=(
            "Answer in two lines. If yes, write 'Yes' and then 'Path: ' with a chain of stated causes such as "
            "A -> B -> C. If no, write 'No' and then 'Reached: ' with all that the first one leads to, directly or "
            "not, separated by commas, or 'none'."
        ),
        labels=("Path", "Reached"),
        write=write_proof,
        judge=judge_proof,
    ),
    "trace": AnswerForm(
        title="search step by step",
        instruction=(
            "Answer step by step. Begin with the first one: write 'From X: ' with all stated effects of X, separated "
            "by commas, or 'none', and do the same for each one that you reach, once, until you meet the second one "
            "or have looked up all. The last line is 'Answer: Yes' or 'Answer: No'."
        ),
        labels=(),
        write=write_trace,
        judge=judge_trace,
        steps=True,
        token_limit=768,
    ),
}
"""Forms of answer in addition to Yes/No."""
