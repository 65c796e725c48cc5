"""Forms that ask for an adjustment set, or for the number of minimal ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from hf_causal.graphs.adjustment import AdjustmentSets
from hf_causal.graphs.mixed_graphs import bits
from hf_causal.tasks.adjustment.text import Prompt
from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.shared.mixed_prompts import numbered_graph, require_effect
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.tasks.shared.set_answers import LABEL, SET_INSTRUCTION, read_set_line, write_set_line
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply

NUMBER = "Number"
_HALF = 0.5
"""Value of a valid set that is not as small as the form asks."""
MOST_CANDIDATES = 14
"""Nodes that a set may have, in questions whose answers are found by listing all sets."""


def sets_of(prompt: Prompt) -> AdjustmentSets:
    """Returns all adjustment sets for the effect of a prompt."""
    stated = numbered_graph(prompt.statements)
    return AdjustmentSets(stated.graph, *(stated.set_of([node]) for node in prompt.question))


def minimal_set(sets: AdjustmentSets) -> int | None:
    """Returns a minimal valid set, or `None`: the largest set of ancestors, without what it does not need."""
    if not sets.exists():
        return None
    z = sets.ancestral
    for node in bits(z):
        if z & ~(1 << node) in sets:
            z &= ~(1 << node)
    return z


def minimum_set(sets: AdjustmentSets) -> int | None:
    """Returns a smallest valid set, or `None`."""
    return next(iter(sets.minimal()), None)


def write_set(find: Callable[[AdjustmentSets], int | None], prompt: Prompt, proof: Proof) -> str:
    """Writes a valid set, or that there is none."""
    answer = find(sets_of(prompt))
    return write_set_line(None if answer is None else numbered_graph(prompt.statements).names_of(answer))


def judge_set(is_small: Callable[[AdjustmentSets, int], bool], shortfall: str, prompt: Prompt, reply: Reply) -> Score:
    """Judges an adjustment set: 1 for one that is as small as the form asks, 0.5 for another valid one."""
    (x, y), sets = prompt.question, sets_of(prompt)
    try:
        nodes = read_set_line(reply, prompt.names)
        if nodes is None and sets.exists():
            raise CertificateError(f"there is an adjustment set for the effect of {x!r} on {y!r}")
        if nodes is not None and (ends := nodes & {x, y}):
            raise CertificateError(f"the set has {min(ends)!r}, the treatment or the outcome")
        z = numbered_graph(prompt.statements).set_of(nodes or ())
        if nodes is not None and z not in sets:
            why = "a member is forbidden" if z & ~sets.candidates else "a path that is not causal is open"
            raise CertificateError(f"the set is not valid: {why}")
    except CertificateError as error:
        return Score(0.0, None, False, str(error), reply.line_of[LABEL])
    if nodes is None:
        return Score(1.0, None, True, f"no set is valid for the effect of {x!r} on {y!r}")
    if not is_small(sets, z):
        return Score(_HALF, None, False, f"the set is valid, but {shortfall}", reply.line_of[LABEL])
    return Score(1.0, None, True, "the set is valid")


def write_number(prompt: Prompt, proof: Proof) -> str:
    """Writes the number of minimal valid sets."""
    return f"{NUMBER}: {len(sets_of(prompt).minimal())}"


def judge_number(prompt: Prompt, reply: Reply) -> Score:
    """Judges the number of minimal valid sets."""
    text = reply.content(NUMBER).strip(" .")
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise UnreadableReply(f"'{NUMBER}' should be a number such as 2, got {text!r:.40}")
    right = len(sets_of(prompt).minimal())
    if int(text) == right:
        return Score(1.0, None, True, f"there are {right} minimal adjustment sets")
    return Score(0.0, None, False, f"there are {right} minimal adjustment sets, not {text}", reply.line_of[NUMBER])


def _question(which: str, prompt: Prompt) -> str:
    return f"Which {which} is valid for the effect of {prompt.question[0]} on {prompt.question[1]}?"


def _count_question(prompt: Prompt) -> str:
    x, y = prompt.question
    return f"How many minimal valid adjustment sets are there for the effect of {x} on {y}?"


def _applies(prompt: Prompt) -> bool:
    try:
        require_effect(prompt)
    except ValueError:
        return False
    return True


def _is_countable(prompt: Prompt) -> bool:
    return _applies(prompt) and sets_of(prompt).ancestral.bit_count() <= MOST_CANDIDATES


_MINIMAL = "A set is minimal if no smaller set that is a part of it is valid. "


def _form(
    which: str,
    definition: str,
    find: Callable[[AdjustmentSets], int | None],
    is_small: Callable[[AdjustmentSets, int], bool],
    shortfall: str = "",
    applies: Callable[[Prompt], bool] = _applies,
) -> AnswerForm:
    return AnswerForm(
        title=which,
        instruction=f"{definition}{SET_INSTRUCTION}",
        labels=(LABEL,),
        write=partial(write_set, find),
        judge=partial(judge_set, is_small, shortfall),
        question=partial(_question, which),
        applies=applies,
        token_limit=64,
    )


SET_FORMS = {
    "adjustment-set": _form("adjustment set", "", minimal_set, lambda sets, z: True),
    "minimal-adjustment-set": _form(
        "minimal adjustment set",
        _MINIMAL,
        minimal_set,
        lambda sets, z: sets.is_minimal(z),
        "so is a proper subset of it",
    ),
    "minimum-adjustment-set": _form(
        "smallest adjustment set",
        "",
        minimum_set,
        lambda sets, z: z.bit_count() == sets.minimum_size(),
        "so is a smaller one",
        _is_countable,
    ),
    "count-minimal": AnswerForm(
        title="number of minimal adjustment sets",
        instruction=(
            f"{_MINIMAL}Answer in one line: write '{NUMBER}: ' with the number, which is 0 if no set is valid, and 1 "
            "if the empty set is."
        ),
        labels=(NUMBER,),
        write=write_number,
        judge=judge_number,
        question=_count_question,
        applies=_is_countable,
        token_limit=32,
    ),
}
"""The question of the row is replaced, and its set is not used."""
