"""Scoring a model on the generalization splits and on files, beside shortcut baselines."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from hf_causal.corpora import get_config
from hf_causal.evaluation.binary_metrics import Detection
from hf_causal.evaluation.metrics import Score, score_cells
from hf_causal.evaluation.predictors import Answerer
from hf_causal.evaluation.questions import QuestionSet, corpus_questions, file_questions
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.shared.shortcuts import majority
from hf_causal.utils.files import write_json
from hf_causal.utils.progress import Advance, Progress


class Answers(Protocol):
    """Whatever answers Yes-or-No questions."""

    def answers(self, prompts: Sequence[str], progress: Advance | None = None) -> list[int]:
        """1 for Yes, 0 for No, anything else where the answer is neither."""
        ...

    def fingerprint(self) -> str:
        """The same for what gives the same answers."""
        ...

    def require_readable(self, grammar: str, prompt: str) -> None:
        """Raises `ValueError` where prompts of a grammar, such as this one, mean nothing to it."""
        ...

    def about(self) -> dict[str, Any]:
        """What the scores have to say of it, `hardware` among it."""
        ...


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
) -> dict[str, Any]:
    """Scores a model on every split of a config and on external files.

    Args:
        model (`str` or `Path`): Model folder, or model on the Hub.
        corpus, config (`str`): What to score; `config=None` for files alone.
        data_dir (`str` or `Path`, *optional*): Built corpus, or data set on the Hub; generated when not given.
        files (sequence of paths): JSON lines with `prompt` and `completion`, each a split of its own under `files`.
        limit (`int`, *optional*): At most this many questions of each cell, for a quick look.
        device (`str`, *optional*): A GPU where there is one.
        trust_remote_code (`bool`): Whether a model may bring its own code.
        partial (`str` or `Path`, *optional*): File that keeps finished splits, so that an interrupted evaluation of
            the same weights goes on where it was.
        progress (callable, *optional*): See [`Progress`].

    Returns:
        `dict`: `model`, `hardware`, `date`, `seconds`, `overall`, `splits` as [`score_cells`] makes them, `baselines`
        with the same for each shortcut, and `files`.

    Raises:
        `FileNotFoundError`: If the model, the data or a file does not exist.
        `ValueError`: If there is nothing to score or a file holds something else.
    """

    def load() -> Answers:
        return Answerer.load(model, device, trust_remote_code)

    return score_answers(load, str(model), corpus, config, data_dir, files, limit, partial, progress)


def score_answers(
    load: Callable[[], Answers],
    name: str,
    corpus: str = "axiomatic",
    config: str | None = "transitivity_generalization",
    data_dir: str | Path | None = None,
    files: Sequence[str | Path] = (),
    limit: int | None = None,
    partial: str | Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Scores whatever answers questions; it is loaded after everything else was found to be right.

    Args:
        load (callable): Returns what is asked, see [`Answers`].
        name (`str`): Its name in the scores.
        corpus, config, data_dir, files, limit, partial, progress: As for [`evaluate_model`], which this is called by.

    Returns:
        `dict`: What [`evaluate_model`] returns.
    """
    if config is None and not files:
        raise ValueError("nothing to score: give a `config` or `files`")
    if limit is not None and limit < 1:
        raise ValueError(f"`limit` must be at least 1, got {limit}")
    if config is not None:
        get_config(corpus, config)
    external = [file_questions(path) for path in files]
    answerer = load()
    done = _Partial(partial, {"weights": answerer.fingerprint(), "config": config, "limit": limit} if partial else {})
    started = time.perf_counter()
    sets = corpus_questions(corpus, config, data_dir, limit) if config else ()
    result: dict[str, Any] = {
        "model": name,
        "dataset": corpus,
        "config": config,
        **answerer.about(),
        "date": time.strftime("%Y-%m-%d"),
        **_score_sets(answerer, sets, done, progress),
        "files": {questions.name: _score_file(answerer, questions, progress) for questions in external},
    }
    result["seconds"] = round(time.perf_counter() - started, 1)
    done.forget()
    return result


def _score_sets(
    answerer: Answers, sets: Iterable[QuestionSet], done: _Partial, progress: Progress | None
) -> dict[str, Any]:
    """Every split scored on its own, and all of them together."""
    splits: dict[str, Any] = {}
    baselines: dict[str, dict[str, Any]] = {}
    for questions in sets:
        # By name and content: the same split may have been built at another size since.
        key = f"{questions.name} {hashlib.sha256(chr(10).join(questions.prompts).encode()).hexdigest()}"
        if key not in done.splits:
            answers = _ask(answerer, questions, progress)
            done.add(key, {"model": _score(questions, answers), "baselines": _score_baselines(questions)})
        kept = done.splits[key]
        splits[questions.name] = kept["model"]
        for name, score in kept["baselines"].items():
            baselines.setdefault(name, {})[questions.name] = score
    if not splits:
        return {"splits": {}, "baselines": {}}
    hits = sum(round(score["accuracy"] * score["n"]) for score in splits.values())
    overall = Score.of(hits, sum(score["n"] for score in splits.values()))
    return {"overall": dict(vars(overall)), "splits": splits, "baselines": baselines}


def _score_file(answerer: Answers, questions: QuestionSet, progress: Progress | None) -> dict[str, Any]:
    """A file's accuracy as it is, and over the rows whose label does not contradict their own text."""
    answers = _ask(answerer, questions, progress)
    right = [answer == reference for answer, reference in zip(answers, questions.references, strict=True)]
    doubtful = set(questions.contradicted)
    correct = [hit for index, hit in enumerate(right) if index not in doubtful]
    score = {
        **vars(Score.of(sum(right), len(right))),
        **_beside(questions, answers),
        "contradicted": len(questions.contradicted),
        "contradicted_rows": questions.contradicted,
        "unreadable": len(questions.unreadable),
        "correct_rows": vars(Score.of(sum(correct), len(correct))) if correct else None,
    }
    if not questions.unreadable:
        score["baselines"] = {name: baseline["accuracy"] for name, baseline in _score_baselines(questions).items()}
    return score


def _ask(answerer: Answers, questions: QuestionSet, progress: Progress | None) -> list[int]:
    for grammar, prompt in questions.grammars().items():
        answerer.require_readable(grammar, prompt)
    told = progress(f"scoring {questions.name}", len(questions.prompts)) if progress else None
    return answerer.answers(questions.prompts, told)


def _score(questions: QuestionSet, answers: Sequence[int]) -> dict[str, Any]:
    scored = score_cells(answers, questions.references, [questions.name] * len(answers), questions.cells)
    return {**scored["splits"][questions.name], **_beside(questions, answers)}


def _beside(questions: QuestionSet, answers: Sequence[int]) -> dict[str, Any]:
    """What accuracy leaves out: answers that are neither Yes nor No, and how well a Yes is found among many a No."""
    found = asdict(Detection.of(answers, questions.references))
    yes = {name: found[name] for share in ("precision", "recall", "f1") for name in (share, f"{share}_stderr")}
    return {"unparsable": found["unanswered"], "yes": yes}


def _score_baselines(questions: QuestionSet) -> dict[str, Any]:
    scores = {"majority": _score(questions, majority(questions.references))}
    grammars = list(questions.grammars())
    if len(grammars) == 1:  # a shortcut reads one grammar
        parsed = list(questions.parsed())
        for name, baseline in get_task(grammars[0]).shortcuts.items():
            scores[name] = _score(questions, baseline(parsed, questions.references))
    return scores


class _Partial:
    """Splits that an interrupted evaluation of the same weights and questions has finished."""

    def __init__(self, path: str | Path | None, key: dict[str, Any]):
        self.path, self.key = Path(path) if path else None, key
        self.splits: dict[str, Any] = {}
        if self.path and self.path.is_file():
            saved = json.loads(self.path.read_text(encoding="utf-8"))
            if saved["key"] == key:
                self.splits = saved["splits"]

    def add(self, split: str, scores: dict[str, Any]) -> None:
        # Through JSON, so that a resumed evaluation returns the very same values.
        self.splits[split] = json.loads(json.dumps(scores))
        if self.path:
            write_json(self.path, {"key": self.key, "splits": self.splits})

    def forget(self) -> None:
        if self.path:
            self.path.unlink(missing_ok=True)
