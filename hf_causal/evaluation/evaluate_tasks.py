"""Scores a model on every task whose prompts it can read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hf_causal.corpora import generate_shard, task_name
from hf_causal.evaluation.evaluate import score_predictor
from hf_causal.evaluation.predictors import Predictor, load_predictor
from hf_causal.evaluation.questions import file_questions
from hf_causal.evaluation.scores import Scores, merge_scores
from hf_causal.tasks.registry import get_task, scored_configs
from hf_causal.utils.progress import Progress


def readable_configs(predictor: Predictor) -> list[tuple[str, str]]:
    """Returns the scored configs whose prompts a model can read, as (corpus, config)."""
    return [(corpus, config) for corpus, config in scored_configs() if _can_read(predictor, corpus, config)]


def evaluate_tasks(
    model: str | Path,
    data_dir: str | Path | None = None,
    files: Sequence[str | Path] = (),
    limit: int | None = None,
    device: str | None = None,
    trust_remote_code: bool = False,
    partial: str | Path | None = None,
    progress: Progress | None = None,
    variants: Sequence[str] = (),
) -> Scores:
    """Scores a model on all tasks that it can read.

    Args:
        model, limit, device, trust_remote_code, progress, variants: As for [`evaluate_model`].
        data_dir (`str` or `Path`, *optional*): A folder that holds built corpora under their names; generated when not
            given.
        files (sequence of paths): Files of questions; each is scored with its task.
        partial (`str` or `Path`, *optional*): Folder that keeps finished splits, so that an interrupted evaluation
            continues where it stopped.

    Returns:
        [`Scores`]: Those on the first config, with the others as `further`.

    Raises:
        `ValueError`: If the model can read none of them, or no task of a file.
    """
    predictor = load_predictor(model, device, trust_remote_code)
    configs = readable_configs(predictor)
    if not configs:
        names = ", ".join(config for _, config in scored_configs())
        raise ValueError(f"the model {str(model)!r} reads no prompts of {names}")
    task_of_file = {path: next(iter(file_questions(path).task_examples()), None) for path in files}
    readable = {task_name(corpus, config) for corpus, config in configs}
    if unscored := [str(path) for path, task in task_of_file.items() if task not in readable]:
        raise ValueError(
            f"{unscored[0]!r} holds questions of no task that the model reads: {', '.join(sorted(readable))}"
        )
    scores = []
    for corpus, config in configs:
        task = task_name(corpus, config)
        # A file is scored with the first config of its task.
        own_files = [path for path, name in task_of_file.items() if name == task]
        for path in own_files:
            del task_of_file[path]
        folder = None if data_dir is None else Path(data_dir) / corpus
        kept = None if partial is None else Path(partial) / f"{config}.json"
        data = (corpus, config, folder, own_files, limit, kept)
        scores.append(score_predictor(lambda: predictor, str(model), *data, progress, variants))
    return merge_scores(scores)


def _can_read(predictor: Predictor, corpus: str, name: str) -> bool:
    task = get_task(task_name(corpus, name))
    if not task.is_yes_no:
        return False
    config = task.small_config(name)  # a prompt is enough, and a published shard of some tasks takes seconds
    last_split = next(reversed(config.splits))
    prompt = generate_shard(corpus, config, last_split, 0)["prompt"][0].as_py()
    try:
        predictor.require_readable(task.name, prompt)
    except ValueError:
        return False
    return True
