"""The main job, end to end: corpora, training, generalization scores, report; each part is done once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hf_causal.artifacts import SCORES_FILE
from hf_causal.corpora import get_config, task_name
from hf_causal.corpora.parquet import MANIFEST, read_manifests
from hf_causal.evaluation.evaluate import evaluate_model
from hf_causal.evaluation.scores import Scores, merge_scores, read_scores
from hf_causal.tasks.registry import scored_configs
from hf_causal.tasks.shared.schema import CorpusConfig
from hf_causal.training.recipe import Recipe
from hf_causal.utils.files import write_json
from hf_causal.utils.progress import Progress


def reproduce(
    recipe: Recipe,
    out: str | Path,
    rows_per_cell: int | None = None,
    num_proc: int = 1,
    progress: Progress | None = None,
    say: Callable[[str], Any] = lambda text: None,
) -> Scores:
    """Builds the corpora, trains a recipe, scores every generalization split and writes the report.

    What an interrupted call has finished is not done again; training goes on from its latest checkpoint and scoring
    from its last finished split.

    Args:
        recipe ([`Recipe`]): What to train.
        out (`str` or `Path`): Gets `data/`, a loadable data set, and `model/`, a model folder with report and card.
        rows_per_cell (`int`, *optional*): Questions of each generalization cell, the published number when not given.
        num_proc (`int`): Processes that generate the corpora.
        progress (callable, *optional*): As for [`evaluate_model`].
        say (callable): Told in a sentence what begins.

    Returns:
        [`Scores`]
    """
    from hf_causal.evaluation.report_files import write_model_report
    from hf_causal.training.loop import train

    out = Path(out)
    data, model = out / "data", out / "model"
    options = {} if rows_per_cell is None else {"rows_per_cell": rows_per_cell}
    tasks = _tasks(recipe)
    _build(recipe, tasks, data, options, num_proc, progress, say)

    say(f"Training {recipe.name} in {model}")
    train(recipe, model, data_dir=_folder(data, recipe), resume_from_checkpoint="latest")

    scores_file = model / SCORES_FILE
    made_of = [model / "model.safetensors"]
    made_of += [_folder(data, recipe, corpus) / config / MANIFEST for corpus, config in tasks]
    if scores_file.is_file() and all(scores_file.stat().st_mtime > path.stat().st_mtime for path in made_of):
        scores = Scores.from_json(read_scores(scores_file))
    else:
        say("Scoring every generalization split")
        scored = []
        for corpus, config in tasks:
            partial = out / f"scores.{config}.partial.json"
            folder = _folder(data, recipe, corpus)
            scored.append(evaluate_model(model, corpus, config, folder, partial=partial, progress=progress))
        scores = merge_scores(scored)
        write_json(scores_file, scores.to_json())
    write_model_report(model, scores)
    return scores


def _tasks(recipe: Recipe) -> list[tuple[str, str]]:
    """What a recipe's model is scored on: the tasks of the grammars that it was trained on."""
    grammars = [task_name(*source) for source in recipe.sources]
    return [task for task in scored_configs() if task_name(*task) in grammars]


def _folder(data: Path, recipe: Recipe, corpus: str | None = None) -> Path:
    """Where a corpus is: one of several has a folder of its own."""
    several = len({source for source, _ in recipe.sources}) > 1
    return data / corpus if several and corpus else data


def _build(
    recipe: Recipe,
    tasks: list[tuple[str, str]],
    data: Path,
    options: dict[str, Any],
    num_proc: int,
    progress: Progress | None,
    say: Callable[[str], Any],
) -> None:
    """Builds the training and the evaluation configs, unless the folders hold just those."""
    from hf_causal.corpora.build import build

    for corpus, name in dict.fromkeys([*recipe.sources, *tasks]):
        folder = _folder(data, recipe, corpus)
        given = options if name.endswith("_generalization") else {}
        config = get_config(corpus, name, **given)
        found = {manifest["config"]: manifest for manifest in read_manifests(folder)}.get(name)
        if found and _describes(found, config):
            continue
        say(f"Building {name} in {folder}")
        build(corpus, folder, [name], num_proc, progress, **given)


def _describes(manifest: dict[str, Any], config: CorpusConfig) -> bool:
    rows = {split: summary["rows"] for split, summary in manifest["splits"].items()}
    wanted = {split: config.num_rows(split) for split in config.splits}
    return (manifest["version"], manifest["seed"], rows) == (config.version, config.seed, wanted)
