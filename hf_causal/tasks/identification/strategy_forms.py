"""Forms that ask for a front-door set or an instrument for the effect of the question."""

from __future__ import annotations

from hf_causal.graphs.adjustment import front_door_fault, is_front_door_set
from hf_causal.graphs.instruments import (
    Instrument,
    find_front_door_set,
    find_instrument,
    instrument_fault,
    is_instrument,
)
from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.identification.text import Prompt
from hf_causal.tasks.shared.mixed_prompts import NumberedGraph, numbered_graph, require_effect
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.tasks.shared.set_answers import (
    IMPOSSIBLE,
    LABEL,
    NO_SET,
    SET_INSTRUCTION,
    read_set_line,
    write_set_line,
)
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply

INSTRUMENT, GIVEN = "Instrument", "Given"
_MOST_CANDIDATES = 10
"""Nodes other than treatment and outcome, in questions whose answers are found by listing all sets."""


def _stated(prompt: Prompt) -> tuple[NumberedGraph, int, int]:
    stated = numbered_graph(prompt.statements)
    x, y = (stated.number[node] for node in prompt.question)
    return stated, x, y


def write_front_door(prompt: Prompt, proof: Proof) -> str:
    """Writes a smallest front-door set, or that there is none."""
    stated, x, y = _stated(prompt)
    answer = find_front_door_set(stated.graph, x, y)
    return write_set_line(None if answer is None else stated.names_of(answer))


def judge_front_door(prompt: Prompt, reply: Reply) -> Score:
    """Judges a front-door set by the criterion; every set that satisfies it is right."""
    stated, x, y = _stated(prompt)
    try:
        nodes = read_set_line(reply, prompt.names)
        if nodes is None and find_front_door_set(stated.graph, x, y) is not None:
            raise CertificateError("some set satisfies the front-door criterion")
        if nodes is not None and not is_front_door_set(stated.graph, 1 << x, 1 << y, stated.set_of(nodes)):
            raise CertificateError(_front_door_fault(stated, x, y, stated.set_of(nodes)))
    except CertificateError as error:
        return Score(0.0, None, False, str(error), reply.line_of[LABEL])
    reason = "no set satisfies the front-door criterion" if nodes is None else "the set satisfies the criterion"
    return Score(1.0, None, True, reason)


def _front_door_fault(stated: NumberedGraph, x: int, y: int, z: int) -> str:
    if z & (1 << x | 1 << y):
        return "the set has the treatment or the outcome"
    return {
        "causal path": "a causal path from the treatment to the outcome does not meet the set",
        "open to set": "a back-door path from the treatment to the set is open",
    }.get(
        front_door_fault(stated.graph, 1 << x, 1 << y, z) or "",
        "the treatment does not block every back-door path from the set to the outcome",
    )


def write_instrument(prompt: Prompt, proof: Proof) -> str:
    """Writes an instrument with the set that it is one given, or that there is none.

    Example:

    ```python
    >>> from hf_causal.tasks.identification.text import parse_prompt
    >>> prompt = parse_prompt("Z -> A -> B, A <-> B. Is the effect of A on B identifiable?")
    >>> print(write_instrument(prompt, Proof("No", "{}", -1)))
    Instrument: Z
    Given: {}

    ```
    """
    stated, x, y = _stated(prompt)
    answer = find_instrument(stated.graph, x, y)
    if answer is None:
        return f"{INSTRUMENT}: {IMPOSSIBLE}"
    return f"{INSTRUMENT}: {stated.names[answer.node]}\n{GIVEN}: {{{', '.join(stated.names_of(answer.given))}}}"


def judge_instrument(prompt: Prompt, reply: Reply) -> Score:
    """Judges an instrument by the criterion; every instrument, given any set, is right."""
    stated, x, y = _stated(prompt)
    text = reply.content(INSTRUMENT).strip(" .")
    impossible = text.lower() in NO_SET and text not in prompt.names
    if not impossible and text not in prompt.names:
        raise UnreadableReply(f"'{INSTRUMENT}' should be a node of the graph or '{IMPOSSIBLE}', got {text!r:.40}")
    try:
        if impossible:
            if find_instrument(stated.graph, x, y) is not None:
                raise CertificateError("there is an instrument")
            return Score(1.0, None, True, "there is no instrument")
        given = read_set_line(reply, prompt.names, GIVEN)
        if given is None:
            raise UnreadableReply(f"'{GIVEN}' should be a set such as {{A, B}} or {{}}")
        if not is_instrument(stated.graph, x, y, Instrument(stated.number[text], stated.set_of(given))):
            raise CertificateError(_instrument_fault(stated, x, y, stated.number[text], stated.set_of(given)))
    except CertificateError as error:
        return Score(0.0, None, False, str(error), reply.line_of[INSTRUMENT])
    return Score(1.0, None, True, "it is an instrument given the set")


def _instrument_fault(stated: NumberedGraph, x: int, y: int, node: int, given: int) -> str:
    z = 1 << node
    if z & given or (z | given) & (1 << x | 1 << y):
        return "instrument, set, treatment and outcome should be different nodes"
    return {
        "affected": "the treatment causes the instrument or a node of the set",
        "separated": "the instrument tells nothing about the treatment given the set",
    }.get(
        instrument_fault(stated.graph, x, y, Instrument(node, given)) or "",
        "a path from the instrument to the outcome that does not go into the treatment is open",
    )


def _is_searchable(prompt: Prompt) -> bool:
    try:
        require_effect(prompt)
    except ValueError:
        return False
    return len(prompt.names) - 2 <= _MOST_CANDIDATES


def _question(which: str, prompt: Prompt) -> str:
    return f"{which} for the effect of {prompt.question[0]} on {prompt.question[1]}?"


STRATEGY_FORMS = {
    "front-door-set": AnswerForm(
        title="front-door set",
        instruction=(
            "A set satisfies the criterion if every directed path from the treatment to the outcome meets it, no open "
            "back-door path leads from the treatment to it, and the treatment blocks every back-door path from it to "
            f"the outcome. {SET_INSTRUCTION}"
        ),
        labels=(LABEL,),
        write=write_front_door,
        judge=judge_front_door,
        question=lambda prompt: _question("Which set satisfies the front-door criterion", prompt),
        applies=_is_searchable,
        token_limit=64,
    ),
    "instrument": AnswerForm(
        title="instrument",
        instruction=(
            "A node is an instrument given a set of other nodes if the treatment causes neither it nor a node of the "
            "set, the set does not separate it from the treatment, and the set separates it from the outcome in the "
            f"graph without the edges into the treatment. Answer in two lines: '{INSTRUMENT}: ' with the node and "
            f"'{GIVEN}: ' with the set in braces such as {{A, B}}, {{}} being the empty set; or in one line "
            f"'{INSTRUMENT}: {IMPOSSIBLE}' if there is none."
        ),
        labels=(INSTRUMENT, GIVEN),
        write=write_instrument,
        judge=judge_instrument,
        question=lambda prompt: _question("Which node is an instrument, and given which set,", prompt),
        applies=_is_searchable,
        token_limit=64,
    ),
}
"""The question of the row is replaced by one about the same treatment and outcome."""
