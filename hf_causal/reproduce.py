"""The main job, end to end: corpora, training, generalization scores, report; each part is done once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hf_causal.corpora import get_config
from hf_causal.corpora.parquet import MANIFEST, read_manifests
from hf_causal.corpora.schema import CorpusConfig
from hf_causal.evaluation.evaluate import Progress, evaluate_model
from hf_causal.files import write_json
from hf_causal.hub.cards import SCORES_FILE
from hf_causal.training.recipes import Recipe

GENERALIZATION = "transitivity_generalization"


def reproduce(
    recipe: Recipe,
    out: str | Path,
    rows_per_cell: int | None = None,
    num_proc: int = 1,
    progress: Progress | None = None,
    say: Callable[[str], Any] = lambda text: None,
) -> dict[str, Any]:
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
        `dict`: The scores, as [`evaluate_model`] returns them.
    """
    from hf_causal.evaluation.report import write_report
    from hf_causal.training.loop import train

    out = Path(out)
    data, model = out / "data", out / "model"
    options = {} if rows_per_cell is None else {"rows_per_cell": rows_per_cell}
    _build(recipe, data, options, num_proc, progress, say)

    say(f"Training {recipe.name} in {model}")
    train(recipe, model, data_dir=data, resume_from_checkpoint="latest")

    scores_file = model / SCORES_FILE
    made_of = (model / "model.safetensors", data / GENERALIZATION / MANIFEST)
    if scores_file.is_file() and all(scores_file.stat().st_mtime > path.stat().st_mtime for path in made_of):
        scores = json.loads(scores_file.read_text(encoding="utf-8"))
    else:
        say("Scoring every generalization split")
        partial = out / "scores.partial.json"
        scores = evaluate_model(model, config=GENERALIZATION, data_dir=data, partial=partial, progress=progress)
        write_json(scores_file, scores)
    write_report(model, scores)
    return scores


def _build(
    recipe: Recipe,
    data: Path,
    options: dict[str, Any],
    num_proc: int,
    progress: Progress | None,
    say: Callable[[str], Any],
) -> None:
    """Builds the training and the generalization config, unless the folder holds just those."""
    from hf_causal.dataset_builders import build

    built = {manifest["config"]: manifest for manifest in read_manifests(data)}
    for name, given in ((recipe.config, {}), (GENERALIZATION, options)):
        config = get_config(recipe.corpus, name, **given)
        found = built.get(name)
        if found and _describes(found, config):
            continue
        say(f"Building {name} in {data}")
        build(recipe.corpus, data, [name], num_proc, progress, **given)


def _describes(manifest: dict[str, Any], config: CorpusConfig) -> bool:
    rows = {split: summary["rows"] for split, summary in manifest["splits"].items()}
    wanted = {split: config.num_rows(split) for split in config.splits}
    return (manifest["version"], manifest["seed"], rows) == (config.version, config.seed, wanted)
