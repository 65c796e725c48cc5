"""Forms that ask for a separating set of the two nodes, or to say that there is none."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hf_causal.tasks.d_separation.separating_sets import (
    are_adjacent,
    is_minimal,
    minimal_set,
    minimum_set,
    separates,
)
from hf_causal.tasks.d_separation.text import Prompt
from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.shared.proofs import CertificateError, Proof, find_cycle
from hf_causal.tasks.shared.set_answers import LABEL, SET_INSTRUCTION, read_set_line, write_set_line
from hf_causal.tasks.shared.structured_replies import Reply, names_of

_HALF = 0.5
"""Value of a set that separates the two nodes and is not as small as the form asks."""


def write_set(find: Callable[..., set[str] | None], prompt: Prompt, proof: Proof) -> str:
    """Writes a separating set, or that there is none."""
    return write_set_line(find(prompt.edges, prompt.question))


def judge_set(is_small: Callable[[Prompt, set[str]], bool], shortfall: str, prompt: Prompt, reply: Reply) -> Score:
    """Judges a separating set: 1 for one that is as small as the form asks, 0.5 for a larger one."""
    adjacent = are_adjacent(prompt.edges, prompt.question)
    x, y = prompt.question
    try:
        nodes = read_set_line(reply, names_of(prompt.edges, x, y))
        if ends := (nodes or set()) & {x, y}:
            raise CertificateError(f"the set has {min(ends)!r}, which it should separate from the other node")
        if nodes is None and not adjacent:
            raise CertificateError(f"there is a set that separates {x!r} and {y!r}")
        if nodes is not None and not separates(nodes, prompt.edges, prompt.question):
            why = "one causes the other" if adjacent else f"a path is open given {sorted(nodes)}"
            raise CertificateError(f"the set does not separate {x!r} and {y!r}: {why}")
    except CertificateError as error:
        return Score(0.0, None, False, str(error), reply.line_of[LABEL])
    if nodes is None:
        return Score(1.0, None, True, f"no set separates {x!r} and {y!r}, since one causes the other")
    if not is_small(prompt, nodes):
        return Score(_HALF, None, False, f"the set separates {x!r} and {y!r}, but {shortfall}", reply.line_of[LABEL])
    return Score(1.0, None, True, f"the set separates {x!r} and {y!r}")


def _question(which: str, prompt: Prompt) -> str:
    return f"Which {which} of other nodes d-separates {prompt.question[0]} and {prompt.question[1]}?"


def _applies(prompt: Prompt) -> bool:
    return prompt.question[0] != prompt.question[1] and not find_cycle(prompt.edges)


def _as_small_as_possible(prompt: Prompt, nodes: set[str]) -> bool:
    return len(nodes) == len(minimum_set(prompt.edges, prompt.question) or ())


def _form(
    title: str,
    which: str,
    definition: str,
    find: Callable[..., set[str] | None],
    is_small: Callable[[Prompt, set[str]], bool],
    shortfall: str = "",
) -> AnswerForm:
    return AnswerForm(
        title=title,
        instruction=f"{definition}{SET_INSTRUCTION}",
        labels=(LABEL,),
        write=partial(write_set, find),
        judge=partial(judge_set, is_small, shortfall),
        question=partial(_question, which),
        applies=_applies,
        token_limit=64,
    )


SEPARATING_SET_FORMS = {
    "separating-set": _form("separating set", "set", "", minimal_set, lambda prompt, nodes: True),
    "minimal-separating-set": _form(
        "minimal separating set",
        "minimal set",
        "A set is minimal if no smaller set that is a part of it separates the two. ",
        minimal_set,
        lambda prompt, nodes: is_minimal(nodes, prompt.edges, prompt.question),
        "so does a proper subset of it",
    ),
    "minimum-separating-set": _form(
        "smallest separating set",
        "smallest set",
        "",
        minimum_set,
        _as_small_as_possible,
        "a smaller one does so as well",
    ),
}
"""The question of the row is replaced, and its conditioning set is not used."""
