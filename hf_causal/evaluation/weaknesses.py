"""Remarks on prompts of kinds that looped models with vectors for names are known to answer less reliably."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hf_causal.tasks.registry import task_of_prompt
from hf_causal.tasks.shared.proofs import find_cycle

FEEDBACK = "statements of some prompts form feedback loops, on which looped models may answer Yes where No is right"
NAMES = "long names of some prompts begin or end with another name, which looped models may take for each other"
_LONG_NAME = 6
"""Shortest long name, in characters: models are trained on names of 1 to 3 characters, which often share letters."""
_LONGEST_PART = 64
_MOST_PROMPTS = 500
"""Prompts of a split or file that are looked at, spread evenly, so that the look costs little."""


def reads_names_as_vectors(predictor: Any) -> bool:
    """Returns whether a predictor's model has the known weaknesses: it does not compare names by their spelling."""
    config = getattr(getattr(predictor, "model", None), "config", None)
    return getattr(config, "name_encoder", "spelling") != "spelling"


def known_weaknesses(prompts: Sequence[str]) -> list[str]:
    """Returns a remark on each known weakness that prompts of a split or file touch; a sample of them is looked at.

    Example:

    ```python
    >>> known_weaknesses(["A causes B. B causes A. Does A cause B?"]) == [FEEDBACK]
    True

    ```
    """
    step = max(1, len(prompts) // _MOST_PROMPTS)
    graphs = [edges for prompt in prompts[::step] if (edges := _stated_edges(prompt))]
    remarks = [FEEDBACK] if any(find_cycle(edges) for edges in graphs) else []
    return remarks + [NAMES] * any(_overlapping(name for edge in edges for name in edge) for edges in graphs)


def _stated_edges(prompt: str) -> Sequence[tuple[str, str]] | None:
    try:
        task = task_of_prompt(prompt)
        return task.facts(task.parse(prompt)).edges
    except ValueError:
        return None


def _overlapping(names: Iterable[str]) -> bool:
    """Returns whether a long name begins or ends with another name."""
    distinct = set(names)
    return any(
        part in distinct
        for name in distinct
        if len(name) >= _LONG_NAME
        for length in range(1, min(len(name), _LONGEST_PART))
        for part in (name[:length], name[-length:])
    )
