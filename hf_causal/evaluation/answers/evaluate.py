"""Scores a language model's answers in a form other than Yes/No."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hf_causal.corpora import get_config, task_name
from hf_causal.evaluation.answers.failures import choose_failures
from hf_causal.evaluation.answers.scores import AnswerScore, AnswerScores, AnswerSplit, Failure, score_cells
from hf_causal.evaluation.evaluate import score_shortcuts
from hf_causal.evaluation.language_models.evaluate import LanguageModel, LanguageModelOptions
from hf_causal.evaluation.questions import QuestionSet, corpus_questions, file_questions
from hf_causal.scoring import score
from hf_causal.tasks.answering import applies, get_form, question_in_form, write_answer
from hf_causal.tasks.forms import YES_NO, AnswerForm, Score
from hf_causal.tasks.registry import get_task
from hf_causal.utils.progress import Progress, start

_YES_NO_PART = ("proof", "trace")
"""Forms in which the answer to the row's own question is Yes or No."""


@dataclass
class _Judged:
    """The questions of a set that can be put in a form, with the scores of their replies."""

    questions: QuestionSet
    left_out: int
    replies: list[str | None] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)


def evaluate_answers(
    lm: str | Path,
    form: str,
    corpus: str = "axiomatic",
    config: str | None = "transitivity_generalization",
    data_dir: str | Path | None = None,
    files: Sequence[str | Path] = (),
    limit: int | None = None,
    device: str | None = None,
    trust_remote_code: bool = False,
    progress: Progress | None = None,
    max_new_tokens: int | None = None,
    **options: Any,
) -> AnswerScores:
    """Scores the answers of a language model in a form of the task, such as `"proof"`.

    Replies are kept as they arrive, as those of [`evaluate_language_model`].

    Args:
        lm (`str` or `Path`): As for [`evaluate_language_model`].
        form (`str`): A form of the config's task, other than Yes/No.
        corpus, config, data_dir, files, limit, progress: As for [`evaluate_model`].
        device, trust_remote_code: Of a local model, see [`LocalModel.load`].
        max_new_tokens (`int`, *optional*): Most tokens of an answer; those that the form needs if not given.
        **options: Further fields of [`LanguageModelOptions`].

    Raises:
        `FileNotFoundError`: If the model, the data or a file does not exist.
        `ValueError`: If an argument is wrong, or the form is not one of the task's.
        `ConnectionError`: If an endpoint cannot be reached.
    """
    if config is None and not files:
        raise ValueError("nothing to score: give a `config` or `files`")
    if limit is not None and limit < 1:
        raise ValueError(f"`limit` must be at least 1, got {limit}")
    file_sets = [file_questions(path) for path in files]
    forms = _forms_in_use(form, corpus, config, file_sets)
    tokens = max(one.token_limit for one in forms) if max_new_tokens is None else max_new_tokens
    load = LanguageModelOptions(**options, form=form, max_new_tokens=tokens).loader(str(lm), device, trust_remote_code)
    model, began = load(), time.perf_counter()
    split_sets = corpus_questions(corpus, config, data_dir, limit) if config else iter(())
    judged = [_judge(model, questions, form, progress) for questions in _chain(split_sets, file_sets)]
    return AnswerScores(
        model=str(lm),
        dataset=corpus,
        config=config,
        form=form,
        title=forms[0].title,
        hardware=model.hardware,
        date=time.strftime("%Y-%m-%d"),
        seconds=round(time.perf_counter() - began, 1),
        prompting=model.prompting,
        splits={one.questions.name: _split(one, form) for one in judged},
        failures=choose_failures(failure for one in judged for failure in _failures(one, form)),
    )


def _chain(*sets: Iterable[QuestionSet]) -> Iterator[QuestionSet]:
    for some in sets:
        yield from some


def _forms_in_use(form: str, corpus: str, config: str | None, files: Sequence[QuestionSet]) -> list[AnswerForm]:
    """Returns the form of each task that is scored; raises `ValueError` if a task does not have it."""
    if form == YES_NO:
        raise ValueError("`form` must be a form with more than Yes or No, which `evaluate_language_model` scores")
    if config is not None:
        get_config(corpus, config)
    names = {task_name(corpus, config): None} if config is not None else {}
    for questions in files:
        names |= dict.fromkeys(questions.task_examples())
    if not names:
        raise ValueError("no task reads a row of the files")
    return [get_form(get_task(name), form) for name in names]


def _judge(model: LanguageModel, questions: QuestionSet, form: str, progress: Progress | None) -> _Judged:
    unreadable = set(questions.unreadable)
    fit = [
        index
        for index, prompt in enumerate(questions.prompts)
        if index not in unreadable and applies({"prompt": prompt}, form)
    ]
    kept = QuestionSet(questions.name, [questions.prompts[index] for index in fit])
    kept.references = [questions.references[index] for index in fit]
    kept.cells = [questions.cells[index] for index in fit]
    judged = _Judged(kept, len(questions.prompts) - len(fit))
    if not fit:
        raise ValueError(f"no question of {questions.name!r} can be put in the form {form!r}")
    advance = start(progress, f"asking {questions.name}", len(fit))
    judged.replies = [reply["text"] for reply in model.reply(kept.prompts, advance)]
    judged.scores = [
        score(reply, {"prompt": prompt}, form) for reply, prompt in zip(judged.replies, kept.prompts, strict=True)
    ]
    return judged


def _split(judged: _Judged, form: str) -> AnswerSplit:
    questions = judged.questions
    cells = score_cells(judged.scores, questions.cells)
    shortcuts = score_shortcuts(questions) if form in _YES_NO_PART else {}
    return AnswerSplit(AnswerScore.of(judged.scores), cells, judged.left_out, shortcuts)


def _failures(judged: _Judged, form: str) -> Iterator[Failure]:
    """Yields the replies that do not score 1, with the exact answers."""
    questions = judged.questions
    for prompt, cell, reply, result in zip(
        questions.prompts, questions.cells, judged.replies, judged.scores, strict=True
    ):
        if result.value < 1:
            row = {"prompt": prompt}
            yield Failure(
                split=questions.name,
                cell=cell,
                prompt=question_in_form(row, form),
                reply=reply,
                solver=write_answer(row, form),
                value=result.value,
                reason=result.reason,
                right_lines=result.right_lines,
                first_wrong_line=result.first_wrong_line,
                readable=result.readable,
            )
