"""The tasks in other people's evaluation harnesses, derived from the registry of tasks.

`lm_eval_tasks` writes the task files of lm-evaluation-harness; `lighteval_tasks` is a module of custom tasks for
lighteval, and `inspect_tasks` one for Inspect. `reasoning_gym` registers the tasks with reasoning-gym. The taskset of
verifiers is the package `hf_causal_taskset`, since verifiers finds it by that name.
"""

from __future__ import annotations

from pathlib import Path

_MODULES = {"lighteval": "lighteval_tasks.py", "inspect": "inspect_tasks.py"}
HARNESSES = ("lm-eval", *_MODULES)
"""Harnesses that load tasks from a path."""


def harness_path(harness: str, out: str | Path | None = None) -> Path:
    """Returns the path from which a harness loads the tasks.

    Args:
        harness (`str`): `"lm-eval"`, `"lighteval"` or `"inspect"`.
        out (`str` or `Path`, *optional*): Folder for the task files of lm-eval; in the cache of `huggingface_hub` if
            not given.

    Returns:
        `Path`: The folder for `lm_eval --include_path`, or the module for `lighteval --custom-tasks` or
        `inspect eval`.

    Raises:
        `ValueError`: For another harness, or `out` with another than lm-eval.

    Example:

    ```python
    >>> harness_path("lighteval").name
    'lighteval_tasks.py'

    ```
    """
    if harness not in HARNESSES:
        raise ValueError(f"`harness` must be one of {', '.join(HARNESSES)}, got {harness!r}")
    if harness == "lm-eval":
        from hf_causal.harnesses.lm_eval_tasks import cached_task_folder, write_task_folder

        return cached_task_folder() if out is None else write_task_folder(out)
    if out is not None:
        raise ValueError(f"`out` is for lm-eval: the tasks of {harness} are a module of this package")
    return Path(__file__).resolve().parent / _MODULES[harness]
