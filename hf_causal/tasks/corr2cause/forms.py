"""Forms of answer to "Does it follow?": a counter-model or the class as proof, the class itself, the verdict, a trace.

Every counter-model of the class is accepted, and a class in any order of its edges. No form gives credit between 0
and 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from hf_causal.tasks.corr2cause.pc_trace_checks import judge_trace
from hf_causal.tasks.corr2cause.pc_traces import write_class, write_trace
from hf_causal.tasks.corr2cause.proof import VERDICTS, prove
from hf_causal.tasks.corr2cause.stated_class import (
    StatedClass,
    check_counter_model,
    check_directed,
    check_undirected,
    stated_class,
)
from hf_causal.tasks.corr2cause.text import Prompt
from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.shared.edge_lists import read_directed, read_undirected, write_edges
from hf_causal.tasks.shared.judging import judge_lines
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.tasks.shared.structured_replies import ANSWER, Reply, UnreadableReply

COUNTER_MODEL, DIRECTED, UNDIRECTED, VERDICT = "Counter-model", "Directed", "Undirected", "Verdict"
CPDAG_QUESTION = (
    "Which directed edges do all causal graphs with exactly these relations share, and which edges have one direction "
    "in some of these graphs and the other direction in others?"
)


def write_proof(prompt: Prompt, proof: Proof) -> str:
    """Writes No with a counter-model, or Yes with the class.

    Example:

    ```python
    >>> from hf_causal.tasks.corr2cause.text import ClosedSystem
    >>> prompt = Prompt(ClosedSystem(("A", "B"), (("A", "B"),), ()), "parent", ("A", "B"))
    >>> print(write_proof(prompt, prove(prompt)))
    No
    Counter-model: B -> A

    ```
    """
    if proof.answer == "Yes":
        return f"Yes\n{write_cpdag(prompt, proof)}"
    counter_model = json.loads(proof.certificate)["counter_model"]
    return f"No\n{COUNTER_MODEL}: {write_edges(counter_model, stated_class(prompt.system).names)}"


def judge_proof(prompt: Prompt, reply: Reply) -> Score:
    """Judges No with a counter-model, or Yes with the class."""
    stated = stated_class(prompt.system)

    def check(answer: str) -> Iterator[str]:
        if answer == "No":
            yield COUNTER_MODEL
            check_counter_model(prompt, read_directed(reply.content(COUNTER_MODEL), stated.names, COUNTER_MODEL))
            return
        yield from _check_class(stated, reply)
        yield ANSWER
        if prove(prompt).answer == "No":
            counter_model = json.loads(prove(prompt).certificate)["counter_model"]
            edges = write_edges(counter_model, stated.names)
            raise CertificateError(f"the class is right, but {prompt.question_text!r} does not hold in {edges}")

    labels = {"No": (COUNTER_MODEL,), "Yes": (DIRECTED, UNDIRECTED)}
    return judge_lines(reply, labels, check, lambda: prove(prompt).answer)


def write_cpdag(prompt: Prompt, proof: Proof) -> str:
    """Writes the directed and the undirected edges of the class.

    Example:

    ```python
    >>> from hf_causal.tasks.corr2cause.text import ClosedSystem
    >>> prompt = Prompt(ClosedSystem(("A", "B"), (("A", "B"),), ()), "parent", ("A", "B"))
    >>> print(write_cpdag(prompt, prove(prompt)))
    Directed: none
    Undirected: A - B

    ```
    """
    return write_class(stated_class(prompt.system))


def judge_cpdag(prompt: Prompt, reply: Reply) -> Score:
    """Judges the directed and the undirected edges of the class: exactly these, in any order."""
    reply.require_only((DIRECTED, UNDIRECTED), "the answer")
    reached: list[str] = []
    try:
        for label in _check_class(stated_class(prompt.system), reply):
            reached.append(label)
    except CertificateError as error:
        wrong_line, right_lines = reply.line_of.get(reached[-1]), reply.lines_of(reached[:-1])
        return Score(0.0, False, reason=str(error), first_wrong_line=wrong_line, right_lines=right_lines)
    return Score(1.0, True, reason="these are the edges of the class", right_lines=reply.lines_of(reached))


def write_verdict(prompt: Prompt, proof: Proof) -> str:
    """Writes the verdict: one of the three published classes."""
    return f"{VERDICT}: {json.loads(proof.certificate)['verdict']}"


def judge_verdict(prompt: Prompt, reply: Reply) -> Score:
    """Judges the verdict: one of the three words, or the same one on several lines."""
    verdict = _read_verdict(reply)
    right = json.loads(prove(prompt).certificate)["verdict"]
    if verdict == right:
        return Score(1.0, True, reason=f"the verdict is {right!r}")
    return Score(0.0, False, reason=f"the verdict is {right!r}, not {verdict!r}")


def _check_class(stated: StatedClass, reply: Reply) -> Iterator[str]:
    """Yields each label of the class before its line is checked."""
    yield DIRECTED
    directed = read_directed(reply.content(DIRECTED), stated.names, DIRECTED)
    check_directed(stated, directed)
    yield UNDIRECTED
    undirected = read_undirected(reply.content(UNDIRECTED), stated.names, UNDIRECTED)
    check_undirected(stated, undirected)


def _read_verdict(reply: Reply) -> str:
    lines = [reply.fields[VERDICT]] if VERDICT in reply.fields else reply.lines
    words = {match["verdict"].lower() for match in map(_VERDICT.fullmatch, lines) if match}
    if len(words) != 1:
        verdicts = f"the verdicts {', '.join(sorted(words))}" if words else "no line with a verdict"
        raise UnreadableReply(f"the reply has {verdicts}; it should have one line such as 'Verdict: neutral'")
    verdict = words.pop()
    if reply.answer is not None and (reply.answer == "Yes") != (verdict == "entailment"):
        raise UnreadableReply(f"the reply says {reply.answer!r} and {verdict!r}, which contradict each other")
    return verdict


_VERDICT = re.compile(
    r"\s*(?:(?:the\s+)?(?:final\s+)?(?:answer|verdict|label|hypothesis)\b\s*(?::|is\b(?:\s+an?\b)?)?\s*)?[\"'“]?"
    rf"(?P<verdict>{'|'.join(VERDICTS)})[\"'”]?\s*[.!]?\s*",
    re.IGNORECASE,
)

_CPDAG_LAYOUT = (
    "two lines: 'Directed: ' with the edges that have the same direction in all of these graphs, such as A -> B, "
    "C -> B, and 'Undirected: ' with the edges that have different directions in different graphs, such as B - D. "
    "Write 'none' for an empty list"
)

FORMS = {
    "proof": AnswerForm(
        title="Yes/No with a counter-model or the class",
        instruction=(
            "Does the hypothesis hold in all causal graphs with exactly these relations? If no, write 'No' and then "
            "'Counter-model: ' with the edges of one of these graphs in which the hypothesis does not hold, such as "
            f"A -> B, C -> B, or 'none'. If yes, write 'Yes' and then {_CPDAG_LAYOUT}."
        ),
        labels=(COUNTER_MODEL, DIRECTED, UNDIRECTED),
        write=write_proof,
        judge=judge_proof,
    ),
    "trace": AnswerForm(
        title="PC algorithm step by step",
        instruction=(
            "Answer step by step with the PC algorithm. For each two variables that some set separates, write "
            "'Remove A - C: independent given B', or only 'independent'. Then 'Skeleton: ' with the remaining edges, "
            "such as A - B, B - C. For two variables that are not adjacent and independent without a common "
            "neighbour, write 'V-structure A -> B <- C: independent' with the set that separates them. Then apply "
            "Meek's rules, a line each: 'Rule 1: A -> B - C, so B -> C', 'Rule 2: A -> B -> C, so A -> C', "
            f"'Rule 3: A - B -> D, A - C -> D, so A -> D'. Then {_CPDAG_LAYOUT}. If the hypothesis does not hold in "
            "all of these graphs, write 'Counter-model: ' with the edges of one in which it fails. Otherwise write "
            "'Path: ' with a path between its two variables that makes it true, such as A -> B <- C, and further "
            "such lines until each of these graphs has one of the paths. The last line is 'Answer: Yes' or "
            "'Answer: No'."
        ),
        labels=(),
        write=write_trace,
        judge=judge_trace,
        steps=True,
        token_limit=1024,
    ),
    "cpdag": AnswerForm(
        title="edges that all graphs share",
        instruction=f"Answer in {_CPDAG_LAYOUT}.",
        join="Premise: {}\nQuestion: {}".format,
        labels=(DIRECTED, UNDIRECTED),
        write=write_cpdag,
        judge=judge_cpdag,
        question=lambda prompt: CPDAG_QUESTION,
    ),
    "verdict": AnswerForm(
        title="entailment, neutral or contradiction",
        instruction=(
            "Answer with one line: 'Verdict: entailment' if the hypothesis holds in all causal graphs with exactly "
            "these relations, 'Verdict: contradiction' if it holds in none, or 'Verdict: neutral' if it holds in some."
        ),
        labels=(VERDICT,),
        write=write_verdict,
        judge=judge_verdict,
        token_limit=32,
    ),
}
"""Forms of answer in addition to Yes/No."""
