"""The main job from start to end: corpora, training, generalization scores, report. Every part is done once."""

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

    A repeated call skips the parts that an earlier one has finished; training resumes from its latest checkpoint, and
    scoring after its last finished split.

    Args:
        recipe ([`Recipe`]): The recipe to train.
        out (`str` or `Path`): Folder for `data/`, a loadable data set, and `model/`, a model with report and card.
        rows_per_cell (`int`, *optional*): Questions of each generalization cell; the published number if not given.
        num_proc (`int`): Processes that generate the corpora.
        progress (callable, *optional*): As for [`evaluate_model`].
        say (callable): Called with a sentence when a part begins.

    Returns:
        [`Scores`]: The scores of all generalization splits.
    """
    from hf_causal.evaluation.report_files import write_model_report
    from hf_causal.training.loop import train

    out = Path(out)
    data, model = out / "data", out / "model"
    options = {} if rows_per_cell is None else {"rows_per_cell": rows_per_cell}
    tasks = _scored_tasks(recipe)
    _build(recipe, tasks, data, options, num_proc, progress, say)

    say(f"Training {recipe.name} in {model}")
    train(recipe, model, data_dir=_corpus_folder(data, recipe), resume_from_checkpoint="latest")

    scores_file = model / SCORES_FILE
    if _is_newest(scores_file, model, data, recipe, tasks):
        scores = Scores.from_json(read_scores(scores_file))
    else:
        say("Scoring every generalization split")
        scored = []
        for corpus, config in tasks:
            partial = out / f"scores.{config}.partial.json"
            folder = _corpus_folder(data, recipe, corpus)
            scored.append(evaluate_model(model, corpus, config, folder, partial=partial, progress=progress))
        scores = merge_scores(scored)
        write_json(scores_file, scores.to_json())
    write_model_report(model, scores)
    return scores


def _scored_tasks(recipe: Recipe) -> list[tuple[str, str]]:
    """Returns the corpora and configs that score a recipe's model: those of the tasks that it is trained on."""
    trained = [task_name(*source) for source in recipe.sources]
    return [task for task in scored_configs() if task_name(*task) in trained]


def _corpus_folder(data: Path, recipe: Recipe, corpus: str | None = None) -> Path:
    """Returns the folder of a corpus: `data` itself, or with several corpora a folder in it."""
    several = len({source for source, _ in recipe.sources}) > 1
    return data / corpus if several and corpus else data


def _is_newest(scores_file: Path, model: Path, data: Path, recipe: Recipe, tasks: list[tuple[str, str]]) -> bool:
    """Returns whether the scores were written after the model and the corpora, like a target of `make`."""
    inputs = [model / "model.safetensors"]
    inputs += [_corpus_folder(data, recipe, corpus) / config / MANIFEST for corpus, config in tasks]
    if not scores_file.is_file():
        return False
    return all(scores_file.stat().st_mtime > path.stat().st_mtime for path in inputs)


def _build(
    recipe: Recipe,
    tasks: list[tuple[str, str]],
    data: Path,
    options: dict[str, Any],
    num_proc: int,
    progress: Progress | None,
    say: Callable[[str], Any],
) -> None:
    """Builds the training and the evaluation configs that the folders do not hold yet."""
    from hf_causal.corpora.build import build

    for corpus, name in dict.fromkeys([*recipe.sources, *tasks]):
        folder = _corpus_folder(data, recipe, corpus)
        config_options = options if name.endswith("_generalization") else {}
        config = get_config(corpus, name, **config_options)
        built = {manifest["config"]: manifest for manifest in read_manifests(folder)}.get(name)
        if built and _is_built_from(built, config):
            continue
        say(f"Building {name} in {folder}")
        build(corpus, folder, [name], num_proc, progress, **config_options)


def _is_built_from(manifest: dict[str, Any], config: CorpusConfig) -> bool:
    """Returns whether a manifest has the version, seed and numbers of rows of a config."""
    rows = {split: summary["rows"] for split, summary in manifest["splits"].items()}
    expected_rows = {split: config.num_rows(split) for split in config.splits}
    return (manifest["version"], manifest["seed"], rows) == (config.version, config.seed, expected_rows)
