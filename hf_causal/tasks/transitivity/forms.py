"""Forms of answer to "Does X cause Y?": a path or the reached set as proof, and the search step by step."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.shared.judging import judge_lines
from hf_causal.tasks.shared.proofs import CertificateError, Proof, neighbours
from hf_causal.tasks.shared.structured_replies import (
    Reply,
    UnreadableReply,
    names_of,
    read_nodes,
    write_nodes,
)
from hf_causal.tasks.shared.traces import judge_steps
from hf_causal.tasks.transitivity.proof import check, prove
from hf_causal.tasks.transitivity.text import Prompt

_LABELS = {"Yes": ("Path",), "No": ("Reached",)}
_FROM = re.compile(r"from\s+(?P<node>[A-Za-z0-9]+)\s*:(?P<effects>.*)", re.IGNORECASE)


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
    cause, effect = prompt.question
    effects, names = _effects(prompt), _names(prompt)
    lines, queue, reached = [], [cause], set[str]()
    for node in queue:  # the loop appends to the queue
        lines.append(f"From {node}: {write_nodes(effects.get(node, []), names)}")
        new = [name for name in effects.get(node, ()) if name not in reached]
        reached.update(new)
        queue += [name for name in new if name != cause]
        if effect in reached:
            break
    return "\n".join([*lines, f"Answer: {proof.answer}"])


def judge_trace(prompt: Prompt, reply: Reply) -> Score:
    """Judges a search: each line must list exactly the stated effects of a node that the search has reached.

    The nodes may be looked up in any order, each once. Yes is proved when the effect has been reached, and No when
    all reached nodes have been looked up without meeting it.
    """
    cause, effect = prompt.question
    effects, names = _effects(prompt), _names(prompt)
    reached, looked_up = {cause}, set[str]()
    met = set[str]()

    def take_step(line: str) -> None:
        match = _FROM.fullmatch(line.strip())
        if match is None:
            raise UnreadableReply(f"{line!r:.80} is no step 'From X: …'")
        node = match["node"]
        if node not in reached or node in looked_up:
            raise CertificateError(f"{node!r} has {'been looked up' if node in looked_up else 'not been reached'}")
        listed = read_nodes(match["effects"], names, f"From {node}")
        if len(set(listed)) < len(listed) or set(listed) != set(effects.get(node, ())):
            raise CertificateError(f"the stated effects of {node!r} are {effects.get(node, [])}, not {listed}")
        looked_up.add(node)
        met.update(listed)
        reached.update(listed)

    def conclude(answer: str) -> None:
        if answer == "Yes" and effect not in met:
            raise CertificateError(f"the search has not reached {effect!r}")
        if answer == "No" and (effect in met or looked_up != reached):
            raise CertificateError(
                f"{effect!r} has been reached" if effect in met else f"{min(reached - looked_up)!r} is not looked up"
            )

    return judge_steps(reply, _FROM.match, take_step, conclude, prove(prompt).answer)


def _effects(prompt: Prompt) -> Mapping[str, list[str]]:
    """Returns the stated effects of each node, each once, in the order of the text."""
    return {node: list(dict.fromkeys(nodes)) for node, nodes in neighbours(prompt.edges)[1].items()}


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
