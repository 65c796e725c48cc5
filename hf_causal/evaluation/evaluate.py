"""Scores a model on the splits of a config and on files, together with the shortcuts of the task."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_causal.corpora import get_config
from hf_causal.evaluation.metrics import Accuracy, BinaryMetrics
from hf_causal.evaluation.predictors import Predictor, load_predictor
from hf_causal.evaluation.questions import QuestionSet, corpus_questions, file_questions
from hf_causal.evaluation.scores import FileScore, Scores, SplitScore, YesScore, score_split, total_accuracy
from hf_causal.evaluation.variants import check_variants, score_variants
from hf_causal.evaluation.weaknesses import known_weaknesses, reads_names_as_vectors
from hf_causal.tasks.registry import get_task, task_of_config
from hf_causal.tasks.shared.shortcuts import majority
from hf_causal.utils.files import write_json
from hf_causal.utils.progress import Progress, start


def evaluate_model(
    model: str | Path,
    corpus: str = "axiomatic",
    config: str | None = "transitivity_generalization",
    data_dir: str | Path | None = None,
    files: Sequence[str | Path] = (),
    limit: int | None = None,
    device: str | None = None,
    trust_remote_code: bool = False,
    partial: str | Path | None = None,
    progress: Progress | None = None,
    variants: Sequence[str] = (),
) -> Scores:
    """Scores a model on every split of a config and on external files.

    Args:
        model (`str` or `Path`): Model folder, or model on the Hub.
        corpus, config (`str`): The data to score on; `config=None` for files alone.
        data_dir (`str` or `Path`, *optional*): Built corpus, or data set on the Hub; generated when not given.
        files (sequence of paths): Files of questions, see [`file_questions`].
        limit (`int`, *optional*): At most this many questions of each cell, the first ones.
        device (`str`, *optional*): A GPU where there is one.
        trust_remote_code (`bool`): Whether to run code that comes with the model.
        partial (`str` or `Path`, *optional*): File that keeps finished splits, so that an interrupted evaluation of
            the same weights continues where it stopped.
        progress (callable, *optional*): See [`Progress`].
        variants (sequence of `str`): Variants of the questions of the config to score, see [`hf_causal.vary`].

    Returns:
        [`Scores`]

    Raises:
        `FileNotFoundError`: If the model, the data or a file does not exist.
        `ValueError`: If there is nothing to score, or a file does not hold questions.
    """

    def load() -> Predictor:
        return load_predictor(model, device, trust_remote_code)

    require_yes_no(corpus, config)
    return score_predictor(load, str(model), corpus, config, data_dir, files, limit, partial, progress, variants)


def require_yes_no(corpus: str, config: str | None) -> None:
    """Raises `ValueError` for a config whose answers are not Yes and No, with how they are scored."""
    task = task_of_config(corpus, config or "")
    if task is not None and not task.is_yes_no:
        raise ValueError(
            f"the answers of `config` {config!r} are not Yes and No: score a language model with "
            f"`--answers {task.answer_form}`"
        )


def score_predictor(
    load: Callable[[], Predictor],
    name: str,
    corpus: str = "axiomatic",
    config: str | None = "transitivity_generalization",
    data_dir: str | Path | None = None,
    files: Sequence[str | Path] = (),
    limit: int | None = None,
    partial: str | Path | None = None,
    progress: Progress | None = None,
    variants: Sequence[str] = (),
) -> Scores:
    """Scores any predictor; it is loaded only after the other arguments were checked.

    Args:
        load (callable): Returns the [`Predictor`].
        name (`str`): Its name in the scores.
        corpus, config, data_dir, files, limit, partial, progress, variants: As for [`evaluate_model`].
    """
    check_variants(variants)
    if variants and config is None:
        raise ValueError("`variants` are made of the questions of a config: give a `config`")
    if config is None and not files:
        raise ValueError("nothing to score: give a `config` or `files`")
    if limit is not None and limit < 1:
        raise ValueError(f"`limit` must be at least 1, got {limit}")
    if config is not None:
        get_config(corpus, config)
    file_sets = [file_questions(path) for path in files]
    predictor = load()
    key = {"weights": predictor.fingerprint(), "config": config, "limit": limit} if partial else {}
    finished = _FinishedSplits(partial, key)
    began = time.perf_counter()
    split_sets: Iterable[QuestionSet] = corpus_questions(corpus, config, data_dir, limit) if config else ()
    if variants:
        split_sets = list(split_sets)
    varied = list(split_sets) if variants else []
    weaknesses: dict[str, list[str]] = {}
    if reads_names_as_vectors(predictor):
        split_sets = _noting_weaknesses(split_sets, weaknesses)
        file_sets = list(_noting_weaknesses(file_sets, weaknesses))
    splits, baselines = _score_splits(predictor, split_sets, finished, progress)
    file_scores = {questions.name: _score_file(predictor, questions, progress) for questions in file_sets}
    scores = Scores(
        model=name,
        dataset=corpus,
        config=config,
        hardware=predictor.hardware,
        prompting=predictor.prompting,
        date=time.strftime("%Y-%m-%d"),
        overall=total_accuracy(splits.values()) if splits else None,
        splits=splits,
        baselines=baselines,
        files=file_scores,
        seconds=round(time.perf_counter() - began, 1),
        weaknesses=weaknesses,
        variants=score_variants(predictor, varied, variants, progress=progress) if variants else None,
    )
    finished.delete()
    return scores


Baselines = dict[str, SplitScore]
"""The score of each shortcut on a split, by its name."""


def _noting_weaknesses(sets: Iterable[QuestionSet], weaknesses: dict[str, list[str]]) -> Iterator[QuestionSet]:
    """Yields question sets, and adds the known weaknesses that their prompts touch."""
    for questions in sets:
        if remarks := known_weaknesses(questions.prompts):
            weaknesses[questions.name] = remarks
        yield questions


def _score_splits(
    predictor: Predictor, sets: Iterable[QuestionSet], finished: _FinishedSplits, progress: Progress | None
) -> tuple[dict[str, SplitScore], dict[str, dict[str, SplitScore]]]:
    """Returns the score of each split, and of each shortcut on each split."""
    splits: dict[str, SplitScore] = {}
    baselines: dict[str, dict[str, SplitScore]] = {}
    for questions in sets:
        score, by_baseline = finished.get(questions) or _score_split(predictor, questions, finished, progress)
        splits[questions.name] = score
        for name, baseline in by_baseline.items():
            baselines.setdefault(name, {})[questions.name] = baseline
    return splits, baselines


def _score_split(
    predictor: Predictor, questions: QuestionSet, finished: _FinishedSplits, progress: Progress | None
) -> tuple[SplitScore, Baselines]:
    predictions = _predict(predictor, questions, progress)
    return finished.add(questions, _score(questions, predictions), score_shortcuts(questions, predictions))


def _score_file(predictor: Predictor, questions: QuestionSet, progress: Progress | None) -> FileScore:
    """Scores a file as it is, and its rows whose label does not contradict their own text."""
    predictions = _predict(predictor, questions, progress)
    metrics = BinaryMetrics.of(predictions, questions.references)
    hits = [prediction == label for prediction, label in zip(predictions, questions.references, strict=True)]
    contradicted = set(questions.contradicted)
    consistent = [hit for row, hit in enumerate(hits) if row not in contradicted]
    baselines = None if questions.unreadable else score_shortcuts(questions)
    return FileScore.of(
        sum(hits),
        len(hits),
        unparsable=metrics.unanswered,
        yes=YesScore.of(metrics),
        contradicted_rows=tuple(questions.contradicted),
        unreadable=len(questions.unreadable),
        correct_rows=Accuracy.of(sum(consistent), len(consistent)) if consistent else None,
        baselines=baselines and {name: score.accuracy for name, score in baselines.items()},
    )


def _predict(predictor: Predictor, questions: QuestionSet, progress: Progress | None) -> list[int]:
    for task, prompt in questions.task_examples().items():
        predictor.require_readable(task, prompt)
    advance = start(progress, f"scoring {questions.name}", len(questions.prompts))
    return predictor.predict(questions.prompts, advance)


def _score(questions: QuestionSet, predictions: Sequence[int]) -> SplitScore:
    return score_split(predictions, questions.references, questions.cells)


def score_shortcuts(questions: QuestionSet, predictions: Sequence[int] | None = None) -> Baselines:
    """Returns the score of the more frequent answer and of each shortcut of the questions' task, by name.

    Args:
        questions ([`QuestionSet`]): What is scored.
        predictions (sequence of `int`, *optional*): The model's answers; with them the score of a shortcut has the
            accuracy of the model on the questions that the shortcut gets wrong.
    """
    task_names = list(questions.task_examples())
    scores: Baselines = {}
    if all(get_task(name).is_yes_no for name in task_names):
        scores["majority"] = _score(questions, majority(questions.references))
    if len(task_names) == 1:  # a shortcut reads prompts of one task
        parsed = list(questions.parsed())
        for name, shortcut in get_task(task_names[0]).shortcuts.items():
            answers = shortcut(parsed, questions.references)
            errors = predictions and _accuracy_on_errors(predictions, answers, questions.references)
            scores[name] = replace(_score(questions, answers), model_on_errors=errors or None)
    return scores


def _accuracy_on_errors(
    predictions: Sequence[int], answers: Sequence[int], references: Sequence[int]
) -> Accuracy | None:
    """Returns the accuracy of predictions on the questions that other answers get wrong, `None` if there are none."""
    triples = zip(predictions, answers, references, strict=True)
    hits = [prediction == reference for prediction, answer, reference in triples if answer != reference]
    return Accuracy.of(sum(hits), len(hits)) if hits else None


class _FinishedSplits:
    """The splits that an interrupted evaluation of the same weights and questions has scored, kept in a file.

    Args:
        path (`str` or `Path`, *optional*): The file; nothing is kept without one.
        key (`dict`): What the scores depend on; the splits of a file with another key are ignored.
    """

    def __init__(self, path: str | Path | None, key: dict[str, Any]):
        self.path, self.key = Path(path) if path else None, key
        self.splits: dict[str, Any] = {}
        if self.path and self.path.is_file():
            saved = json.loads(self.path.read_text(encoding="utf-8"))
            if saved["key"] == key:
                self.splits = saved["splits"]

    def get(self, questions: QuestionSet) -> tuple[SplitScore, Baselines] | None:
        """Returns the scores of a split and its shortcuts, or `None` if it has not been scored."""
        kept = self.splits.get(_split_key(questions))
        if kept is None:
            return None
        baselines = {name: SplitScore.from_json(score) for name, score in kept["baselines"].items()}
        return SplitScore.from_json(kept["model"]), baselines

    def add(self, questions: QuestionSet, score: SplitScore, baselines: Baselines) -> tuple[SplitScore, Baselines]:
        """Keeps the scores of a split, and returns them."""
        by_name = {name: baseline.to_json() for name, baseline in baselines.items()}
        self.splits[_split_key(questions)] = {"model": score.to_json(), "baselines": by_name}
        if self.path:
            write_json(self.path, {"key": self.key, "splits": self.splits})
        return score, baselines

    def delete(self) -> None:
        """Deletes the file."""
        if self.path:
            self.path.unlink(missing_ok=True)


def _split_key(questions: QuestionSet) -> str:
    """Returns name and digest of a split, since the same split may have been built again at another size."""
    return f"{questions.name} {hashlib.sha256(chr(10).join(questions.prompts).encode()).hexdigest()}"
