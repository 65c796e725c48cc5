"""The form that asks which of some sets are valid: options A, B and C, of which several may be right."""

from __future__ import annotations

import re
from functools import lru_cache

from hf_causal.tasks.adjustment.set_forms import minimal_set, sets_of
from hf_causal.tasks.adjustment.text import Prompt
from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.shared.mixed_prompts import numbered_graph, require_effect
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply
from hf_causal.utils.randomness import Draws, Stream

OPTION, NONE = "Option", "none"
LETTERS = "ABC"
_TRIES = 20


@lru_cache(maxsize=1024)
def options_of(prompt: Prompt) -> dict[str, tuple[str, ...]]:
    """Returns the options by letter: the set of the row, a minimal set where there is one, and others at random.

    They depend on the text of the prompt alone.
    """
    draws = Draws(int(Stream("options", str(prompt)).words((1,))[0]))
    stated, sets = numbered_graph(prompt.statements), sets_of(prompt)
    others = sorted(prompt.names.difference(prompt.question))
    minimal = minimal_set(sets)
    options = dict.fromkeys(
        [frozenset(prompt.given), *([] if minimal is None else [frozenset(stated.names_of(minimal))])]
    )
    for _ in range(_TRIES):
        if len(options) == len(LETTERS):
            break
        options[frozenset(draws.shuffled(others)[: draws.below(3)])] = None
    return dict(zip(LETTERS, (tuple(sorted(one)) for one in draws.shuffled(options)), strict=False))


def right_options(prompt: Prompt) -> list[str]:
    """Returns the letters of the valid sets."""
    stated, sets = numbered_graph(prompt.statements), sets_of(prompt)
    return [letter for letter, nodes in options_of(prompt).items() if stated.set_of(nodes) in sets]


def write_question(prompt: Prompt) -> str:
    """Writes the question with its options.

    Example:

    ```python
    >>> from hf_causal.tasks.adjustment.text import parse_prompt
    >>> prompt = parse_prompt("C -> A -> B, C -> B. Is {} a valid adjustment set for the effect of A on B?")
    >>> write_question(prompt)
    'Which of the following sets are valid adjustment sets for the effect of A on B? A: {C}. B: {}. Several may be \
right.'

    ```
    """
    listed = " ".join(f"{letter}: {{{', '.join(nodes)}}}." for letter, nodes in options_of(prompt).items())
    x, y = prompt.question
    question = f"Which of the following sets are valid adjustment sets for the effect of {x} on {y}?"
    return f"{question} {listed} Several may be right."


def write_options(prompt: Prompt, proof: Proof) -> str:
    """Writes all right options."""
    return f"{OPTION}: {', '.join(right_options(prompt)) or NONE}"


def judge_options(prompt: Prompt, reply: Reply) -> Score:
    """Judges the stated options: each of them must be right, and one suffices."""
    text, right = reply.content(OPTION).strip(" ."), right_options(prompt)
    if text.lower() == NONE:
        if right:
            return _wrong(reply, f"option {right[0]} is right")
        return Score(1.0, None, True, "no option is right")
    letters = _LETTER.split(text)
    if not all(letter in options_of(prompt) for letter in letters):
        raise UnreadableReply(f"'{OPTION}' should be letters such as 'A, C', or '{NONE}', got {text!r:.60}")
    if wrong := [letter for letter in letters if letter not in right]:
        return _wrong(reply, f"option {wrong[0]} is not a valid adjustment set")
    return Score(1.0, None, True, "every stated option is right")


def _wrong(reply: Reply, reason: str) -> Score:
    return Score(0.0, None, False, reason, reply.line_of[OPTION])


def _applies(prompt: Prompt) -> bool:
    try:
        require_effect(prompt, *prompt.given)
    except ValueError:
        return False
    return len(options_of(prompt)) > 1 and not set(prompt.given) & set(prompt.question)


_LETTER = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+")

OPTION_FORM = AnswerForm(
    title="options",
    instruction=f"Answer in one line: '{OPTION}: ' with a letter, or with several separated by commas, or '{NONE}'.",
    labels=(OPTION,),
    write=write_options,
    judge=judge_options,
    question=write_question,
    applies=_applies,
    token_limit=32,
)
