"""Prompts that say that a statement is missing, and whether what is stated still determines the answer.

`One statement is missing.` at the end of a premise says that the complete premise has one more statement, about nodes
that the text mentions, and that it is not known which. If the answer depends on it, the right answer is `insufficient
information`, and its certificate is two statements that complete the premise and give different answers:
`{"yes": {"causes": [["A"], ["B"]]}, "no": {"causes": [["B"], ["A"]]}}`, each as its type with the names in its
positions. An answer that is the same whatever is missing is not one of these.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice, permutations
from typing import Any

from hf_causal.tasks.registry import task_of_prompt
from hf_causal.tasks.shared.proofs import CertificateError, Proof, find_cycle
from hf_causal.tasks.shared.reply_numbers import INSUFFICIENT
from hf_causal.tasks.shared.sentences import CAUSES, Sentence, Sentences, causal_edges
from hf_causal.tasks.task import Task
from hf_causal.utils.randomness import Draws

MISSING = "One statement is missing."
INSTRUCTION = (
    "Answer 'Yes' or 'No' only if the answer is the same whatever the missing statement is; "
    f"otherwise answer '{INSUFFICIENT}'."
)
_MOST_TRIED = 400
"""Statements by which a premise is completed when its answer is looked for."""


def says_missing(text: str) -> bool:
    """Returns whether a text says that a statement is missing."""
    return MISSING in text


def read_missing(text: str) -> tuple[Task, Any]:
    """Returns the task and the parsed prompt of a text that says once that a statement is missing.

    Raises:
        `ValueError`: If the rest of the text cannot be read.
    """
    before, _, after = text.partition(f" {MISSING}")
    if says_missing(before) or says_missing(after):
        raise ValueError(f"a prompt says {MISSING!r} once, after its statements")
    task = task_of_prompt(before + after)
    prompt = task.parse(before + after)
    if str(prompt) != before + after or prompt.premise != _premise_of(task, before):
        raise ValueError(f"{MISSING!r} should be a sentence between the statements and the question")
    return task, prompt


def _premise_of(task: Task, before: str) -> str:
    return before.removeprefix(task.prompt_prefixes[0])


def write_missing(task: Task, prompt: Any) -> tuple[str, str]:
    """Returns the premise that says that a statement is missing, and the prompt with it."""
    premise = f"{prompt.premise} {MISSING}"
    return premise, task.join(premise, prompt.question_text)


def find_completions(task: Task, prompt: Any, draws: Draws, known: Sequence[Sentence] = ()) -> dict[str, Sentence]:
    """Looks for missing statements that give different answers.

    Args:
        task ([`Task`]): The task.
        prompt: The parsed prompt without the missing statement.
        draws ([`Draws`]): Random numbers.
        known (sequence of [`Sentence`]): Statements that are tried first.

    Returns:
        `dict`: From `"yes"` and `"no"` to a statement that gives this answer, where one of those tried does.
    """
    sentences = task.composition.take_apart(prompt)
    completed: dict[str, Sentence] = {}
    candidates: Iterator[Sentence] = chain(known, _candidates(task, sentences, known, draws))
    if find_cycle(_causal_edges(sentences)) is None:
        candidates = filter(lambda one: find_cycle(_causal_edges(sentences, one)) is None, candidates)
    for one in islice(candidates, _MOST_TRIED):
        answer = _answer(task, prompt, sentences, one)
        if answer is not None:
            completed.setdefault(answer.lower(), one)
        if len(completed) == 2:
            break
    return completed


def _causal_edges(sentences: Sentences, *added: Sentence) -> tuple[tuple[str, str], ...]:
    return causal_edges(one for one in (*sentences.statements, *added) if one.type == CAUSES)


def _answer(task: Task, prompt: Any, sentences: Sentences, added: Sentence) -> str | None:
    """Returns the answer with one more statement, `None` where it has none."""
    if added in sentences.statements:
        return None
    completed = Sentences((*sentences.statements, added), sentences.question)
    try:
        return task.prove(task.composition.put_together(completed, prompt)).answer
    except ValueError:
        return None


def _candidates(task: Task, sentences: Sentences, known: Sequence[Sentence], draws: Draws) -> Iterator[Sentence]:
    """Yields statements of the forms that the premise has, about names of the prompt, in random order."""
    shapes = {
        (one.type, tuple(map(len, one.names))): None
        for one in (*known, *sentences.statements)
        if one.type not in task.composition.fixed
    }
    names = sorted(sentences.names)
    for kind, sizes in draws.shuffled(shapes):
        count = sum(sizes)
        for _ in range(_MOST_TRIED) if len(names) ** count > _MOST_TRIED else ():
            yield _shaped(kind, sizes, draws.shuffled(names)[:count])
        if len(names) ** count <= _MOST_TRIED:
            for drawn in draws.shuffled(permutations(names, count)):
                yield _shaped(kind, sizes, drawn)


def _shaped(kind: str, sizes: Sequence[int], names: Sequence[str]) -> Sentence:
    groups, start = [], 0
    for size in sizes:
        groups.append(tuple(sorted(names[start : start + size])))
        start += size
    return Sentence(kind, tuple(groups))


def prove_missing(text: str) -> Proof:
    """Answers a prompt that says that a statement is missing.

    Raises:
        `ValueError`: If the text cannot be read, or no two statements are known that give different answers.

    Example:

    ```python
    >>> proof = prove_missing("A causes B. C causes D. One statement is missing. Does A cause C?")
    >>> proof.answer, proof.certificate
    ('insufficient information', '{"yes": {"causes": [["A"], ["C"]]}, "no": {"causes": [["D"], ["B"]]}}')

    ```
    """
    task, prompt = read_missing(text)
    completed = find_completions(task, prompt, Draws(len(text)))
    if len(completed) < 2:
        answers = ", ".join(sorted(completed)) or "no answer"
        raise ValueError(f"no missing statement is known that changes the answer; those tried give {answers}")
    return Proof(INSUFFICIENT, write_certificate(completed), -1)


def write_certificate(completions: Mapping[str, Sentence]) -> str:
    """Writes the two statements as JSON."""
    ordered = ((answer, completions[answer]) for answer in ("yes", "no"))
    return json.dumps({answer: {one.type: one.names} for answer, one in ordered}, ensure_ascii=False)


def check_missing(text: str, certificate: Any) -> None:
    """Raises [`CertificateError`] unless two statements complete a premise and give different answers.

    Raises:
        `ValueError`: If the text cannot be read.
    """
    task, prompt = read_missing(text)
    sentences = task.composition.take_apart(prompt)
    for answer in ("Yes", "No"):
        one = _read_sentence(certificate, answer.lower())
        if unknown := set(one.all_names).difference(sentences.names):
            raise CertificateError(f"{answer.lower()!r} has {min(unknown)!r}, which the prompt does not mention")
        proved = _answer(task, prompt, sentences, one) if _is_like(task, sentences, prompt, one) else None
        if proved != answer:
            raise CertificateError(f"with the statement of {answer.lower()!r} the answer is {proved or 'none'}")


def _is_like(task: Task, sentences: Sentences, prompt: Any, one: Sentence) -> bool:
    """Returns whether a statement can be written and read in a prompt of the task, as one statement more."""
    try:
        completed = Sentences((*sentences.statements, one), sentences.question)
        text = str(task.composition.put_together(completed, prompt))
        read = task.composition.take_apart(task.parse(text))
    except (ValueError, TypeError, IndexError, StopIteration):
        return False
    return one.type not in task.composition.fixed and sorted(read.statements) == sorted(completed.statements)


def _read_sentence(certificate: Any, answer: str) -> Sentence:
    stated = certificate.get(answer) if isinstance(certificate, Mapping) else None
    if not isinstance(stated, Mapping) or len(stated) != 1:
        raise CertificateError(
            f"the certificate must be JSON with one statement under {answer!r}, got {certificate!r:.80}"
        )
    ((kind, groups),) = stated.items()
    valid = isinstance(groups, list) and all(
        isinstance(group, list) and all(isinstance(name, str) for name in group) for group in groups
    )
    if not valid:
        raise CertificateError(f"{answer!r} must be a type with lists of names, got {stated!r:.80}")
    return Sentence(kind, tuple(map(tuple, groups)))
