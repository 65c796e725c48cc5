"""Scores language models and the models of this package on files that other people published."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_causal.evaluation.language_models.evaluate import LanguageModel, LanguageModelOptions
from hf_causal.evaluation.language_models.reply_cache import Reply
from hf_causal.evaluation.predictors import Predictor, load_predictor
from hf_causal.evaluation.published.prompts import PublishedFormat, Wording, word
from hf_causal.evaluation.published.questions import Asked, PublishedQuestions, read_published
from hf_causal.evaluation.published.replies import judge_reply
from hf_causal.evaluation.published.scores import PublishedFile, PublishedScores, Result, score_types
from hf_causal.models import MODEL_TYPES
from hf_causal.tasks.registry import task_of_prompt
from hf_causal.utils.progress import Progress, start
from hf_causal.verification.adapters import Question
from hf_causal.verification.adapters.reply_forms import YES_NO

MAX_NEW_TOKENS = 256
"""Most tokens of an answer, if nothing else is said."""
NOT_YES_NO, NO_WORDS = "the model answers Yes or No alone", "the model does not read questions like this"
"""Reasons why a model of this package is not asked."""


def evaluate_published(
    lm: str | Path,
    files: Sequence[str | Path],
    limit: int | None = None,
    device: str | None = None,
    trust_remote_code: bool = False,
    progress: Progress | None = None,
    max_new_tokens: int | None = None,
    **options: Any,
) -> PublishedScores:
    """Scores the answers of a language model to all questions of published files.

    Every right answer counts, by any definition in use, and a label that the text refutes does not count. Yes/No is
    answered by likelihood, unless answers are generated; other answers are generated. Replies are kept as they
    arrive, as those of [`evaluate_language_model`].

    Args:
        lm (`str` or `Path`): As for [`evaluate_language_model`].
        files (sequence of paths): Files of the data sets that `hf_causal.verification.adapters` reads.
        limit (`int`, *optional*): At most this many questions of each type in a file, the first ones.
        device, trust_remote_code: Of a local model, see [`LocalModel.load`].
        progress (callable, *optional*): See [`Progress`].
        max_new_tokens (`int`, *optional*): Most tokens of an answer, 256 if not given.
        **options: Further fields of [`LanguageModelOptions`]; examples of `shots` are questions of the same type in
            the same file, which are not scored.

    Raises:
        `FileNotFoundError`: If the model or a file does not exist.
        `ValueError`: If an argument is wrong, or a file has no rows of a published data set.
        `ConnectionError`: If an endpoint cannot be reached.
    """
    _check_limit(limit)
    settings = LanguageModelOptions(**options, max_new_tokens=max_new_tokens or MAX_NEW_TOKENS)
    files_asked = read_published(files, progress)
    for questions in files_asked:
        if settings.shots:
            questions.draw_examples(settings.shots, settings.seed)
        if limit is not None:
            questions.limit(limit)
    by_likelihood = not settings.generate and settings.endpoint is None
    worded = [_words(questions, by_likelihood) for questions in files_asked]
    prompt_format = PublishedFormat(True, settings.shots, settings.seed, wordings=_by_prompt(worded))
    model, began = settings.loader(str(lm), device, trust_remote_code, prompt_format)(), time.perf_counter()
    chooser = model.by_likelihood() if by_likelihood else model  # type: ignore[attr-defined]
    results = [
        result
        for questions, wordings in zip(files_asked, worded, strict=True)
        for result in _ask(model, chooser, questions, wordings, progress)
    ]
    way = {"way": "generation, Yes/No by log-likelihood"} if by_likelihood else {}
    return _scores(str(lm), model.hardware, {**model.prompting, **way}, files_asked, results, began)


def evaluate_model_on_published(
    model: str | Path,
    files: Sequence[str | Path],
    limit: int | None = None,
    device: str | None = None,
    trust_remote_code: bool = False,
    progress: Progress | None = None,
) -> PublishedScores:
    """Scores a model that answers Yes or No on the questions of published files that it reads.

    Args:
        model (`str` or `Path`): As for [`evaluate_model`]. A model of this package is asked in the sentences of the
            tasks, where one of them asks the same question.
        files, limit, device, trust_remote_code, progress: As for [`evaluate_published`].

    Raises:
        `FileNotFoundError`: If the model or a file does not exist.
        `ValueError`: If an argument is wrong, a file has no rows of a published data set, or the model reads none of
            the questions.
    """
    _check_limit(limit)
    files_asked = read_published(files, progress)
    predictor, began = load_predictor(model, device, trust_remote_code), time.perf_counter()
    results = []
    for questions in files_asked:
        _keep_readable(questions, predictor)
        if limit is not None:
            questions.limit(limit)
        results += _predict(predictor, questions, progress)
    if not results:
        raise ValueError(f"the model {str(model)!r} reads no question of the files: {_reasons(files_asked)}")
    return _scores(str(model), predictor.hardware, None, files_asked, results, began)


def _check_limit(limit: int | None) -> None:
    if limit is not None and limit < 1:
        raise ValueError(f"`limit` must be at least 1, got {limit}")


def _words(questions: PublishedQuestions, by_likelihood: bool) -> list[Wording]:
    return [
        word(one.question, questions.examples.get(one.type, ()), not (by_likelihood and one.question.form is YES_NO))
        for one in questions.asked
    ]


def _by_prompt(worded: Sequence[Sequence[Wording]]) -> Mapping[str, Wording]:
    return {wording.prompt: wording for wordings in worded for wording in wordings}


def _ask(
    model: LanguageModel,
    chooser: LanguageModel,
    questions: PublishedQuestions,
    wordings: Sequence[Wording],
    progress: Progress | None,
) -> list[Result]:
    """Puts the questions of a file, those with Yes or No first."""
    advance = start(progress, f"asking {questions.name}", len(wordings))
    replies: dict[int, str | None] = {}
    for asked_model, is_yes_no in ((chooser, True), (model, False)):
        rows = [row for row, one in enumerate(questions.asked) if (one.question.form is YES_NO) == is_yes_no]
        answered = asked_model.reply([wordings[row].prompt for row in rows], advance) if rows else []
        replies |= dict(zip(rows, map(_text, answered), strict=True))
    return [_result(questions.name, one, replies[row]) for row, one in enumerate(questions.asked)]


def _text(reply: Reply) -> str | None:
    """Returns the text of a reply; for likelihoods, the more likely of the two answers."""
    if "yes" in reply:
        return "Yes" if reply["yes"] > reply["no"] else "No"
    text: str | None = reply["text"]
    return text


def _result(name: str, asked: Asked, reply: str | None) -> Result:
    return Result(name, asked, reply, judge_reply(reply, asked.question))


def _keep_readable(questions: PublishedQuestions, predictor: Any) -> None:
    """Leaves out what a model does not read, with the reason."""
    kept = []
    for one in questions.asked:
        reason = _reason_against(one.question, predictor)
        if reason:
            questions.left_out[reason] += 1
        else:
            kept.append(one)
    questions.asked = kept


def _reason_against(question: Question, predictor: Any) -> str:
    if question.form is not YES_NO:
        return NOT_YES_NO
    if predictor.model.config.model_type not in MODEL_TYPES:
        return ""
    if question.prompt is None:
        return NO_WORDS
    try:
        predictor.require_readable(task_of_prompt(question.prompt).name, question.prompt)
    except ValueError:
        return NO_WORDS
    return ""


def _predict(predictor: Predictor, questions: PublishedQuestions, progress: Progress | None) -> list[Result]:
    advance = start(progress, f"scoring {questions.name}", len(questions.asked))
    prompts = [one.question.prompt or one.question.text for one in questions.asked]
    answers = predictor.predict(prompts, advance) if prompts else []
    words = {1: "Yes", 0: "No"}
    return [
        _result(questions.name, one, words.get(answer)) for one, answer in zip(questions.asked, answers, strict=True)
    ]


def _reasons(files: Sequence[PublishedQuestions]) -> str:
    counts = [f"{count:,} where {reason}" for one in files for reason, count in one.left_out.most_common()]
    return "; ".join(counts)


def _scores(
    name: str,
    hardware: str,
    prompting: Mapping[str, Any] | None,
    files: Sequence[PublishedQuestions],
    results: Sequence[Result],
    began: float,
) -> PublishedScores:
    scored = {}
    for questions in files:
        of_file = [result for result in results if result.file == questions.name]
        wrong = tuple(dict.fromkeys(one.row for one in questions.asked if one.wrong_label))
        left_out = {reason: count for reason, count in questions.left_out.items() if count}
        scored[questions.name] = PublishedFile(
            questions.dataset, questions.num_rows, score_types(of_file), wrong, left_out
        )
    seconds = round(time.perf_counter() - began, 1)
    return PublishedScores(name, hardware, time.strftime("%Y-%m-%d"), seconds, prompting, scored, tuple(results))
