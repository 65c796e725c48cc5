"""Forms of answer to "Can changing X affect Y if Z is held fixed?": a path or what is reached, the search, a set."""

from __future__ import annotations

import json
from collections.abc import Iterator

from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.relevance.proof import check, prove, reached_nodes, require_answerable
from hf_causal.tasks.relevance.text import Prompt, write_condition, write_list
from hf_causal.tasks.shared.judging import judge_lines
from hf_causal.tasks.shared.proofs import CertificateError, Proof, distinct
from hf_causal.tasks.shared.search_traces import Search
from hf_causal.tasks.shared.structured_replies import Reply, names_of, write_nodes

_LABELS = {"Yes": ("Path",), "No": ("Reached",)}
_SET = "Affected"


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
    return f"No\nReached: {write_nodes(certificate['reached'], _names(prompt))}"


def judge_proof(prompt: Prompt, reply: Reply) -> Score:
    """Judges an answer with a path or the reached set."""
    require_answerable(prompt)
    names = _names(prompt)

    def check_lines(answer: str) -> Iterator[str]:
        if answer == "Yes":
            yield "Path"
            path = reply.path("Path", names)
            if len(set(path)) < len(path):
                raise CertificateError(f"the path {path} meets a node twice")
            check(prompt, "Yes", {"path": path})
        else:
            yield "Reached"
            check(prompt, "No", {"reached": reply.nodes("Reached", names)})

    return judge_lines(reply, _LABELS, check_lines, lambda: prove(prompt).answer)


def write_trace(prompt: Prompt, proof: Proof) -> str:
    """Writes the search from the changed nodes, one line for each node whose effects are looked up.

    Example:

    ```python
    >>> prompt = Prompt((("A", "B"), ("B", "C")), ("A", "C"), ("B",))
    >>> print(write_trace(prompt, prove(prompt)))
    From A: B
    Answer: No

    ```
    """
    return _search(prompt).write(proof.answer)


def judge_trace(prompt: Prompt, reply: Reply) -> Score:
    """Judges a search: each line must list exactly the stated effects of a node that the search has reached.

    The nodes may be looked up in any order, each once; those that are held fixed are not looked up. Yes is proved when
    a node of the question has been met, and No when all reached nodes have been looked up without meeting one.
    """
    require_answerable(prompt)
    return _search(prompt).judge(reply, prove(prompt).answer)


def _search(prompt: Prompt) -> Search:
    return Search(prompt.edges, _names(prompt), prompt.changed, prompt.targets, prompt.given)


def write_set(prompt: Prompt, proof: Proof) -> str:
    """Writes all nodes that the changed ones can affect."""
    return f"{_SET}: {write_nodes(sorted(reached_nodes(prompt)), _names(prompt))}"


def judge_set(prompt: Prompt, reply: Reply) -> Score:
    """Judges the set of all nodes that the changed ones can affect."""
    require_answerable(prompt)
    true = reached_nodes(prompt)
    try:
        nodes = distinct(reply.nodes(_SET, _names(prompt)), _SET)
        if extra := nodes - true:
            raise CertificateError(f"{min(extra)!r} cannot be affected, or is changed itself")
        if missing := true - nodes:
            raise CertificateError(f"{min(missing)!r} can be affected and is left out")
    except CertificateError as error:
        return Score(0.0, False, None, str(error), reply.line_of.get(_SET))
    return Score(1.0, True, None, "the set is exactly what can be affected")


def ask_for_set(prompt: Prompt) -> str:
    """Returns the question which nodes can be affected."""
    return f"Which other nodes can changing {write_list(prompt.changed, 'or')} affect{write_condition(prompt.given)}?"


def _names(prompt: Prompt) -> frozenset[str]:
    return names_of(prompt.edges, *prompt.question, *prompt.given)


FORMS = {
    "proof": AnswerForm(
        title="Yes/No with a proof",
        instruction=(
            "Answer in two lines. If yes, write 'Yes' and then 'Path: ' with a chain of stated causes such as "
            "A -> B -> C that avoids what is held fixed. If no, write 'No' and then 'Reached: ' with all other nodes "
            "that the change can affect, separated by commas, or 'none'."
        ),
        labels=("Path", "Reached"),
        write=write_proof,
        judge=judge_proof,
    ),
    "trace": AnswerForm(
        title="search step by step",
        instruction=(
            "Answer step by step. Begin with what is changed: write 'From X: ' with all stated effects of X, "
            "separated by commas, or 'none', and do the same for each one that you reach, once, except for those that "
            "are held fixed, until you meet one that the question asks about or have looked up all. The last line is "
            "'Answer: Yes' or 'Answer: No'."
        ),
        labels=(),
        write=write_trace,
        judge=judge_trace,
        steps=True,
        token_limit=768,
    ),
    "affected-set": AnswerForm(
        title="all that can be affected",
        instruction="Answer in one line: write 'Affected: ' with all of them, separated by commas, or 'none'.",
        labels=(_SET,),
        write=write_set,
        judge=judge_set,
        question=ask_for_set,
    ),
}
"""Forms of answer in addition to Yes/No."""
