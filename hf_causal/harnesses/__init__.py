"""The corpora as tasks of other people's evaluation harnesses.

`lm_eval/` holds task files for lm-evaluation-harness, `lighteval_tasks.py` is a module of custom tasks for lighteval.
"""

from __future__ import annotations

from pathlib import Path

_PLACES = {"lm-eval": "lm_eval", "lighteval": "lighteval_tasks.py"}
HARNESSES = tuple(_PLACES)
"""Harnesses that there are tasks for."""


def harness_path(harness: str) -> Path:
    """What a harness wants to be told to find the tasks.

    Args:
        harness (`str`): `"lm-eval"` or `"lighteval"`.

    Returns:
        `Path`: The folder for `lm_eval --include_path`, or the module for `lighteval --custom-tasks`.

    Raises:
        `ValueError`: For another harness.

    Example:

    ```python
    >>> harness_path("lm-eval").name
    'lm_eval'

    ```
    """
    if harness not in _PLACES:
        raise ValueError(f"`harness` must be one of {', '.join(HARNESSES)}, got {harness!r}")
    return Path(__file__).resolve().parent / _PLACES[harness]
