"""Proves labels, and checks certificates against nothing but a row's own text.

A certificate is a JSON object; the module `proof` of each task describes its keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from hf_causal.tasks.missing import INSUFFICIENT, check_missing, prove_missing, says_missing
from hf_causal.tasks.registry import task_of_prompt, tasks
from hf_causal.tasks.shared.proofs import CertificateError, ParsedPrompt, Proof
from hf_causal.tasks.shared.unwrapping import unwrap
from hf_causal.tasks.stories import is_story, join_story, read_story
from hf_causal.tasks.task import Task


def read(*texts: str) -> tuple[Task, Any]:
    """Parses a prompt, or a premise and a question, by the task that they belong to.

    A prompt that its task cannot read as it is may have an instruction, labels or missing full stops, see [`unwrap`],
    or be a story or in Chinese, as [`hf_causal.vary`] writes it.

    Args:
        *texts (`str`): The prompt, or premise and question.

    Returns:
        `tuple[Task, ParsedPrompt]`

    Raises:
        `ValueError`: With the sentence that cannot be read.

    Example:

    ```python
    >>> task, prompt = read("A causes B.", "does A cause B")
    >>> task.name, str(prompt)
    ('transitivity', 'A causes B. Does A cause B?')

    ```
    """
    try:
        return _read_as_written(*texts)
    except ValueError:
        if is_story(story := join_story(*texts) if len(texts) == 2 else texts[0]):
            return read_story(story)
        unwrapped = unwrap(*texts)
        if unwrapped == texts:
            raise
    return _read_as_written(*unwrapped)


def _read_as_written(*texts: str) -> tuple[Task, Any]:
    task = task_of_prompt(" ".join(texts))
    if len(texts) == 1:
        return task, task.parse(texts[0])
    try:
        return task, task.parse(task.join(*texts))
    except ValueError:
        # A task may be recognized by words between premise and question, which rows with two columns lack.
        for other in tasks().values():
            joined = other.join(*texts)
            if other is not task and other.recognizes(joined):
                with suppress(ValueError):
                    return other, other.parse(joined)
        raise


def prove(prompt: str | ParsedPrompt) -> Proof:
    """Answers a prompt of any task exactly and proves the answer.

    Args:
        prompt (`str` or a parsed prompt): For example `"A causes B. Does A cause B?"`.

    Returns:
        [`Proof`]: The answer, its certificate and the number of hops.

    Raises:
        `ValueError`: If the prompt cannot be read, or its question has no answer.

    Example:

    ```python
    >>> prove("A causes B. B causes C. Does A cause C?")
    Proof(answer='Yes', certificate='{"path": ["A", "B", "C"]}', hops=2)
    >>> prove("A causes B. B causes C. Does B cause A?").certificate
    '{"reachable": ["C"]}'
    >>> prove("A causes B. C causes B. Are A and C d-separated?").certificate
    '{"from_child": ["A"], "from_parent": ["B"], "ancestors": []}'

    ```
    """
    if isinstance(prompt, str):
        if says_missing(prompt):
            return prove_missing(prompt)
        task, parsed = read(prompt)
        return task.prove(parsed)
    return task_of_prompt(str(prompt)).prove(prompt)


def check(row: Mapping[str, Any]) -> None:
    """Checks that a row's certificate proves its label from the row's own text.

    Args:
        row (mapping): With `prompt`, `completion` and `certificate`; a `label` (0 for No, 1 for Yes), `premise` and
            `question` must agree with them where present. Rows whose answer is neither have no label; that of a
            prompt that says that a statement is missing is `"insufficient information"`.

    Raises:
        [`CertificateError`]: If the certificate does not prove the completion, or the row contradicts itself.
        `ValueError`: If the prompt cannot be read, or its question has no answer.

    Example:

    ```python
    >>> check({"prompt": "A causes B. Does A cause B?", "completion": "Yes", "certificate": '{"path": ["A", "B"]}'})
    >>> check({"prompt": "A causes B. Does A cause B?", "completion": "No", "certificate": '{"reachable": []}'})
    Traceback (most recent call last):
        ...
    hf_causal.tasks.shared.proofs.CertificateError: the set leaves out 'B', which the stated 'A causes B.' reaches

    ```
    """
    text, answer = row.get("prompt"), row.get("completion")
    if not isinstance(text, str):
        raise CertificateError(f"the prompt must be a string, got {text!r:.80}")
    if says_missing(text):
        _check_missing(row)
        return
    if answer in ("Yes", "No") and row.get("label") is not None and row["label"] != (answer == "Yes"):
        raise CertificateError(f"the label {row['label']} contradicts the completion {answer!r}")
    task, prompt = read(text)
    if task.is_yes_no and answer not in ("Yes", "No"):
        raise CertificateError(f"the completion must be 'Yes' or 'No', got {answer!r}")
    if not task.is_yes_no and (not isinstance(answer, str) or row.get("label") is not None):
        raise CertificateError(
            f"the completion must be an answer in words or numbers, without a label, got {answer!r:.80}"
        )
    check_columns(row, task, prompt)
    check_certificate(row.get("certificate"), str(answer), task, prompt)


def _check_missing(row: Mapping[str, Any]) -> None:
    """Checks a row whose prompt says that a statement is missing; raises as [`check`] does."""
    if row.get("completion") != INSUFFICIENT or row.get("label") is not None:
        raise CertificateError(f"the completion must be {INSUFFICIENT!r} without a label, got {row['completion']!r}")
    check_missing(row["prompt"], decode_certificate(row.get("certificate")))


def decode_certificate(certificate: Any) -> Any:
    """Returns a certificate without its JSON, as it is where it has none: tasks refuse what they cannot read."""
    with suppress(json.JSONDecodeError, TypeError, RecursionError):
        return json.loads(certificate)
    return certificate


def check_certificate(certificate: Any, answer: str, task: Task, prompt: ParsedPrompt) -> None:
    """Raises [`CertificateError`] unless a row's certificate proves the answer to a parsed prompt."""
    task.check(prompt, answer, decode_certificate(certificate))


def check_columns(row: Mapping[str, Any], task: Task, prompt: ParsedPrompt) -> None:
    """Raises [`CertificateError`] where a row's `premise` and `question` do not make up its `prompt`.

    Each of the two is read together with the other of the parsed prompt, so that spaces and missing marks do not
    matter, and a sentence in the wrong column does.
    """
    premise, question = row.get("premise"), row.get("question")
    if premise is None and question is None:
        return
    # Most columns are the prompt to the letter, and need not be read again.
    if question == prompt.question_text and isinstance(premise, str) and task.join(premise, question) == row["prompt"]:
        return
    if is_story(row["prompt"]):
        _check_story_columns(row["prompt"], premise, question)
        return
    columns = {"premise": prompt.premise, "question": prompt.question_text}
    for column, text in (("premise", premise), ("question", question)):
        if text is None or text == columns[column]:
            continue
        try:
            same = isinstance(text, str) and str(_read_pair(task, **columns | {column: text})) == str(prompt)
        except ValueError:
            same = False
        if not same:
            raise CertificateError(f"the prompt is not what the premise and the question make: {column!r} differs")


def _check_story_columns(text: str, premise: Any, question: Any) -> None:
    """Raises [`CertificateError`] unless premise and question make up a story, apart from blanks."""
    texts = [one.split() if isinstance(one, str) else [] for one in (premise, question)]
    if "".join(sum(texts, [])) != "".join(text.split()):
        raise CertificateError("the prompt is not what the premise and the question make")


def _read_pair(task: Task, premise: str, question: str) -> ParsedPrompt:
    try:
        return task.parse(task.join(premise, question))
    except ValueError:
        return task.parse(task.join(*unwrap(premise, question)))
