"""Writes the report, scores and figures of an evaluation into a folder, and renews the card of a model folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_causal.artifacts import REPORT_FILE, SCORES_FILE, STUDIES_FILE
from hf_causal.cards.model_card import write_model_card
from hf_causal.evaluation.plots import plot_scores
from hf_causal.evaluation.report import PLOTS, model_label, render_report
from hf_causal.evaluation.scores import OtherModel, Scores, read_scores
from hf_causal.systems import evaluation_of_model_type
from hf_causal.utils.files import write_json, write_text

AnyScores = Scores | Mapping[str, Any]
"""[`Scores`], or the dictionary that a sister system's evaluation returns."""


def write_model_report(
    folder: str | Path, scores: AnyScores | None = None, other_models: Sequence[Scores] = ()
) -> Path:
    """Writes `report.md`, `generalization.json` and `plots/` into a model folder and renews its card.

    Args:
        folder (`str` or `Path`): Model folder.
        scores ([`Scores`] or `dict`, *optional*): Those in the folder when not given.
        other_models (sequence of [`Scores`]): Other models on the same config, for rows of the tables. They are kept
            in `generalization.json`, and replace rows of the same name.

    Returns:
        `Path`: The report.

    Raises:
        `FileNotFoundError`: If it is not a model folder, or there are no scores.
        `ValueError`: If no split was scored.
    """
    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"{str(folder)!r} is not a model folder: it has no config.json")
    if scores is None:
        if not (folder / SCORES_FILE).is_file():
            raise FileNotFoundError(
                f"{str(folder / SCORES_FILE)!r} does not exist: score the model first with `hf-causal evaluate`"
            )
        scores = parse_scores(read_scores(folder / SCORES_FILE))
    if other_models:
        scores = add_other_models(scores, other_models)
    report = write_report(folder, scores)
    write_model_card(folder)
    return report


def write_report(folder: str | Path, scores: AnyScores) -> Path:
    """Writes `report.md`, `generalization.json` and `plots/` into any folder, and returns the report's path.

    Raises:
        `ValueError`: If no split was scored.
    """
    folder = Path(folder)
    if not isinstance(scores, Scores):
        return _write_system_report(folder, scores)
    text = render_report(scores)
    write_json(folder / SCORES_FILE, scores.to_json())
    first, *further = scores.by_config
    plot_scores(first, folder / PLOTS)
    for other in further:
        plot_scores(other, folder / PLOTS / str(other.config))
    return write_text(folder / REPORT_FILE, _with_studies(text, folder))


def add_other_models(scores: AnyScores, other_models: Sequence[Scores]) -> Scores:
    """Returns scores with rows of other models, by name and prompting.

    Raises:
        `ValueError`: If another model was scored on another config.
    """
    if not isinstance(scores, Scores):
        raise ValueError("`beside` is for models that answer questions")
    rows = dict(scores.other_models or {})
    for other in other_models:
        if (other.dataset, other.config) != (scores.dataset, scores.config):
            raise ValueError(
                f"`beside` must be scores on {scores.config!r}, those of {other.model!r} are on {other.config!r}"
            )
        rows[model_label(other)] = OtherModel(other.splits, other.date)
    return replace(scores, other_models=rows)


def parse_scores(values: Mapping[str, Any]) -> AnyScores:
    """Returns the typed scores of a file; those of a sister system stay a dictionary.

    Raises:
        `ValueError`: If they are neither.
    """
    return values if evaluation_of_model_type(values.get("kind")) else Scores.from_json(values)


def scores_to_json(scores: AnyScores) -> dict[str, Any]:
    """Returns scores as a dictionary for JSON."""
    return scores.to_json() if isinstance(scores, Scores) else dict(scores)


def _write_system_report(folder: Path, scores: Mapping[str, Any]) -> Path:
    evaluation = evaluation_of_model_type(scores.get("kind"))
    if evaluation is None:
        raise ValueError(f"no system of this package has scores of the architecture {scores.get('kind')!r}")
    write_json(folder / SCORES_FILE, dict(scores))
    (folder / PLOTS).mkdir(parents=True, exist_ok=True)
    return write_text(folder / REPORT_FILE, _with_studies(evaluation.render(dict(scores), folder, PLOTS), folder))


def _with_studies(report: str, folder: Path) -> str:
    """Appends the text of the studies of a model, if its folder has any."""
    studies = folder / STUDIES_FILE
    return f"{report}\n{studies.read_text(encoding='utf-8')}" if studies.is_file() else report
