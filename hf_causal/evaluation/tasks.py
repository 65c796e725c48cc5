"""Scoring a model on every task that it reads, with the first one's scores in front."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hf_causal.corpora import generate_shard, get_config, task_name
from hf_causal.evaluation.evaluate import Answers, score_answers
from hf_causal.evaluation.predictors import Answerer
from hf_causal.evaluation.questions import file_questions
from hf_causal.evaluation.scored_tasks import scored_configs
from hf_causal.utils.progress import Progress


def readable_tasks(answerer: Answers) -> list[tuple[str, str]]:
    """Those of the tasks whose prompts mean something to a model."""
    return [task for task in scored_configs() if _reads(answerer, *task)]


def evaluate_tasks(
    model: str | Path,
    data_dir: str | Path | None = None,
    files: Sequence[str | Path] = (),
    limit: int | None = None,
    device: str | None = None,
    trust_remote_code: bool = False,
    partial: str | Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Scores a model on all tasks that it reads.

    Args:
        model, files, limit, device, trust_remote_code, progress: As for [`evaluate_model`]. Each file is scored with
            the task of its grammar.
        data_dir (`str` or `Path`, *optional*): A folder that holds built corpora under their names; generated when not
            given.
        partial (`str` or `Path`, *optional*): Folder that keeps what an interrupted evaluation has finished.

    Returns:
        `dict`: The first task's scores, as [`evaluate_model`] returns them, and those of the others under `further`.

    Raises:
        `ValueError`: If the model reads none of them.
    """
    answerer = Answerer.load(model, device, trust_remote_code)
    tasks = readable_tasks(answerer)
    if not tasks:
        names = ", ".join(config for _, config in scored_configs())
        raise ValueError(f"the model {str(model)!r} reads no prompts of {names}")
    grammars = {path: next(iter(file_questions(path).grammars()), None) for path in files}
    scored = []
    for corpus, config in tasks:
        grammar = task_name(corpus, config)
        own = [path for path, wanted in grammars.items() if wanted == grammar]
        grammars = {path: wanted for path, wanted in grammars.items() if path not in own}
        folder = None if data_dir is None else Path(data_dir) / corpus
        kept = None if partial is None else Path(partial) / f"{config}.json"
        scored.append(score_answers(lambda: answerer, str(model), corpus, config, folder, own, limit, kept, progress))
    first, *further = scored
    return {**first, "further": further} if further else first


def _reads(answerer: Answers, corpus: str, config: str) -> bool:
    chosen = get_config(corpus, config)
    split = next(reversed(chosen.splits))
    prompt = generate_shard(corpus, chosen, split, 0)["prompt"][0].as_py()
    try:
        answerer.require_readable(task_name(corpus, config), prompt)
    except ValueError:
        return False
    return True
