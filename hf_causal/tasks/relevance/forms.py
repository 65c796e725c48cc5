"""Forms of answer to "Can changing X affect Y if Z is held fixed?": a path or what is reached, the search, a set."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.relevance.proof import check, prove, reached_nodes, require_answerable
from hf_causal.tasks.relevance.text import Prompt, write_condition, write_list
from hf_causal.tasks.shared.judging import judge_lines
from hf_causal.tasks.shared.proofs import CertificateError, Proof, distinct, neighbours
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply, names_of, read_nodes, write_nodes
from hf_causal.tasks.shared.traces import judge_steps

_LABELS = {"Yes": ("Path",), "No": ("Reached",)}
_FROM = re.compile(r"from\s+(?P<node>[A-Za-z0-9]+)\s*:(?P<effects>.*)", re.IGNORECASE)
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
    effects, names = _effects(prompt), _names(prompt)
    lines, queue, met = [], list(prompt.changed), set[str]()
    for node in queue:  # the loop appends to the queue
        if not met.isdisjoint(prompt.targets):
            break
        lines.append(f"From {node}: {write_nodes(effects.get(node, []), names)}")
        met.update(effects.get(node, ()))
        queue += [name for name in effects.get(node, ()) if name not in queue and name not in prompt.given]
    return "\n".join([*lines, f"Answer: {proof.answer}"])


def judge_trace(prompt: Prompt, reply: Reply) -> Score:
    """Judges a search: each line must list exactly the stated effects of a node that the search has reached.

    The nodes may be looked up in any order, each once; those that are held fixed are not looked up. Yes is proved when
    a node of the question has been met, and No when all reached nodes have been looked up without meeting one.
    """
    require_answerable(prompt)
    effects, names = _effects(prompt), _names(prompt)
    reached, looked_up, met = set(prompt.changed), set[str](), set[str]()

    def take_step(line: str) -> None:
        match = _FROM.fullmatch(line.strip())
        if match is None:
            raise UnreadableReply(f"{line!r:.80} is no step 'From X: …'")
        node = match["node"]
        if node not in reached or node in looked_up:
            why = "held fixed" if node in prompt.given else "looked up" if node in looked_up else "not reached"
            raise CertificateError(f"{node!r} is {why}")
        listed = read_nodes(match["effects"], names, f"From {node}")
        if len(set(listed)) < len(listed) or set(listed) != set(effects.get(node, ())):
            raise CertificateError(f"the stated effects of {node!r} are {effects.get(node, [])}, not {listed}")
        looked_up.add(node)
        met.update(listed)
        reached.update(set(listed) - set(prompt.given))

    def conclude(answer: str) -> None:
        found = sorted(met & set(prompt.targets))
        if answer == "Yes" and not found:
            raise CertificateError(f"the search has not met any of {list(prompt.targets)}")
        if answer == "No" and found:
            raise CertificateError(f"{found[0]!r} has been met")
        if answer == "No" and looked_up != reached:
            raise CertificateError(f"{min(reached - looked_up)!r} is not looked up")

    return judge_steps(reply, _FROM.match, take_step, conclude, prove(prompt).answer)


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


def _effects(prompt: Prompt) -> dict[str, list[str]]:
    """Returns the stated effects of each node, each once, in the order of the text."""
    return {node: list(dict.fromkeys(nodes)) for node, nodes in neighbours(prompt.edges)[1].items()}


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
