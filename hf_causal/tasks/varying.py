"""Variants of rows: the same question in other words, or with another answer that is proved anew.

| variant | what changes | answer |
|---|---|---|
| `renamed` | every node has another name of the same length | the same |
| `shuffled` | the statements are in another order | the same |
| `redundant` | statements are repeated, and others are added that do not matter | the same |
| `omitted` | a statement that the answer needs is left out | another one |
| `insufficient` | such a statement is left out, and the text says that one is missing | `insufficient information` |
| `story` | names of an everyday topic, where causes sensibly cause their effects | the same |
| `contrary-story` | the same with causes and effects the wrong way around | the same |
| `nonsense-story` | words without a meaning | the same |
| `chinese`, `chinese-story`, … | the row and the stories in Chinese | the same |

The same row and seed give the same variant, and the same story in both languages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from hf_causal.tasks.answering import read_row
from hf_causal.tasks.missing import INSUFFICIENT, find_completions, write_certificate, write_missing
from hf_causal.tasks.registry import task_of_prompt
from hf_causal.tasks.shared.names import ALPHABET
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.sentences import CAUSES, Sentence, Sentences, exchanged, pair, without
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH
from hf_causal.tasks.stories import CONTRARY, MEANINGLESS, SENSIBLE, is_story, join_story, write_plainly, write_story
from hf_causal.tasks.task import Task
from hf_causal.utils.randomness import Draws, Stream

_REPEATED = 2
_ADDED = 2
_TRIES = 20


class Variant(NamedTuple):
    """A variant of a row, as its columns have it."""

    prompt: Any
    premise: str
    question: str
    text: str
    proof: Proof


def vary(row: Mapping[str, Any], variant: str, seed: int = 0) -> dict[str, Any]:
    """Returns a variant of a row; its label and its certificate are proved anew.

    Args:
        row (mapping): With `prompt`, a prompt of any task in its usual words.
        variant (`str`): One of `VARIANTS`.
        seed (`int`): Of the random numbers.

    Returns:
        `dict`: `prompt`, `premise`, `question`, `completion`, `label` (`None` for `"insufficient information"`),
        `certificate`, `hops`, `num_nodes`, `variant` and, where the row has them, `structure` and `graph_id`.

    Raises:
        `ValueError`: For an unknown variant, a row that cannot be read, or one that has no such variant: no statement
            decides its answer, or there are more nodes than a story has variables.

    Example:

    ```python
    >>> row = {"prompt": "A causes B. B causes C. Does A cause C?"}
    >>> vary(row, "omitted", seed=1)["prompt"], vary(row, "omitted", seed=1)["completion"]
    ('B causes C. Does A cause C?', 'No')
    >>> vary(row, "chinese")["prompt"]
    'A导致B。B导致C。A是否导致C？'
    >>> vary(row, "nonsense-story", seed=3)["premise"]
    'This is about made-up things. Daxfep leads to vokreskvok. Vokreskvok leads to krelgruquo.'

    ```
    """
    if variant not in VARIANTS:
        raise ValueError(f"`variant` must be one of {', '.join(VARIANTS)}, got {variant!r}")
    task, prompt = read_row(row)
    if is_story(row["prompt"]):
        raise ValueError("variants are made of rows in their usual words, not of stories or Chinese rows")
    # The language is not in the key, so that a story is the same in both.
    key = Stream("variant", seed, variant.removeprefix(_CHINESE), row["prompt"])
    made = VARIANTS[variant](task, prompt, Draws(int(key.words((1,))[0])))
    kept = {name: row[name] for name in ("structure", "graph_id") if name in row}
    return {**_columns(task, made), **kept, "variant": variant}


def _columns(task: Task, made: Variant) -> dict[str, Any]:
    names = task.composition.take_apart(made.prompt).names
    return {
        "premise": made.premise,
        "question": made.question,
        "prompt": made.text,
        "completion": made.proof.answer,
        "label": {"Yes": 1, "No": 0}.get(made.proof.answer),
        "certificate": made.proof.certificate,
        "hops": made.proof.hops,
        "num_nodes": len(names),
    }


def _plain(task: Task, prompt: Any, proof: Proof | None = None) -> Variant:
    return Variant(prompt, prompt.premise, prompt.question_text, str(prompt), proof or task.prove(prompt))


def _rename(task: Task, prompt: Any, draws: Draws) -> Variant:
    sentences = task.composition.take_apart(prompt)
    names = _fresh(task, sentences.names, set(), draws)
    return _plain(task, task.composition.put_together(sentences.rename(names), prompt))


def _fresh(task: Task, names: list[str], used: set[str], draws: Draws) -> dict[str, str]:
    """Draws a new name for each name, as long as it is where that leaves a choice."""
    new: dict[str, str] = {}
    for name in names:
        for tries in range(10**4):
            length = len(name) + tries // 50
            word = "".join(ALPHABET[draws.below(len(ALPHABET))] for _ in range(length))
            if word not in used and word.lower() not in task.reserved_words:
                break
        used.add(word)
        new[name] = word
    return new


def _shuffle(task: Task, prompt: Any, draws: Draws) -> Variant:
    statements, question = task.composition.take_apart(prompt)
    fixed = [one for one in statements if one.type in task.composition.fixed]
    others = [one for one in statements if one.type not in task.composition.fixed]
    for _ in range(_TRIES):  # until the order is another one
        sentences = Sentences((*fixed, *draws.shuffled(others)), question)
        shuffled = task.composition.put_together(sentences, prompt)
        if shuffled != prompt:
            break
    return _plain(task, shuffled)


def _add_redundant(task: Task, prompt: Any, draws: Draws) -> Variant:
    """Repeats statements, symmetric ones the other way around, and adds causes and effects that do not matter."""
    answer = task.prove(prompt).answer
    sentences = task.composition.take_apart(prompt)
    for _ in range(_TRIES):
        statements = list(sentences.statements)
        for one in (*_repetitions(task, sentences, draws), *_additions(task, sentences, draws)):
            first = sum(other.type in task.composition.fixed for other in statements)
            statements.insert(first + draws.below(len(statements) - first + 1), one)
        varied = _plain(task, task.composition.put_together(Sentences(tuple(statements), sentences.question), prompt))
        if varied.proof.answer == answer:
            return varied
    raise ValueError("no redundant statements leave the answer as it is")


def _repetitions(task: Task, sentences: Sentences, draws: Draws) -> list[Sentence]:
    repeatable = [one for one in sentences.statements if one.type not in task.composition.fixed]
    repeated = draws.shuffled(repeatable)[:_REPEATED]
    return [exchanged(one) if one.type in task.composition.symmetric else one for one in repeated]


def _additions(task: Task, sentences: Sentences, draws: Draws) -> list[Sentence]:
    """Returns an effect of some node, which is a new node, and what that one causes, where causes are stated."""
    if not any(one.type == CAUSES for one in sentences.statements):
        return []
    names = sentences.names
    drawn = [names[draws.below(len(names))] for _ in range(_ADDED)]
    new = list(_fresh(task, [f"{name}{index}" for index, name in enumerate(drawn)], set(names), draws).values())
    return [pair(CAUSES, before, after) for before, after in zip([drawn[0], *new], new, strict=False)]


def _omit(task: Task, prompt: Any, draws: Draws) -> Variant:
    """Leaves out a statement, with its repetitions, without which the answer is another one."""
    answer = task.prove(prompt).answer
    sentences = task.composition.take_apart(prompt)
    for smaller in _with_less(task, sentences, draws):
        try:
            varied = _plain(task, task.composition.put_together(smaller, prompt))
        except ValueError:
            continue  # without the statement the question has no answer
        if varied.proof.answer != answer and _is_readable(task, varied.prompt):
            return varied
    raise ValueError("the answer does not depend on any single statement")


def _with_less(task: Task, sentences: Sentences, draws: Draws) -> list[Sentences]:
    """Returns the sentences without one statement each, those first in which the same names are left.

    Raises:
        `ValueError`: If a premise of the task states all that holds.
    """
    if task.composition.complete:
        raise ValueError(f"a premise of {task.name} states all that holds, so that no statement can be left out")
    omittable = dict.fromkeys(one for one in sentences.statements if one.type not in task.composition.fixed)
    smaller = [Sentences(without(sentences.statements, one), sentences.question) for one in draws.shuffled(omittable)]
    return sorted((one for one in smaller if one.statements), key=lambda one: -len(_stated(one)))


def _stated(sentences: Sentences) -> set[str]:
    return {name for one in sentences.statements for name in one.all_names}


def _make_insufficient(task: Task, prompt: Any, draws: Draws) -> Variant:
    if not task.is_yes_no:
        raise ValueError(f"answers of {task.name} are not Yes and No; its `omitted` rows say what is insufficient")
    sentences = task.composition.take_apart(prompt)
    for smaller in _with_less(task, sentences, draws):
        if _stated(smaller) != _stated(sentences):
            continue  # the missing statement is about nodes that the text mentions
        remaining = task.composition.put_together(smaller, prompt)
        (left_out,) = set(sentences.statements) - set(smaller.statements)
        completions = find_completions(task, remaining, draws, (left_out,))
        if len(completions) == 2 and _is_readable(task, remaining):
            premise, text = write_missing(task, remaining)
            proof = Proof(INSUFFICIENT, write_certificate(completions), -1)
            return Variant(remaining, premise, remaining.question_text, text, proof)
    raise ValueError("whatever single statement is missing, the answer is the same")


def _is_readable(task: Task, prompt: Any) -> bool:
    try:
        return bool(task_of_prompt(str(prompt)) is task and task.parse(str(prompt)) == prompt)
    except ValueError:
        return False


def _tell(plot: str, language: str, task: Task, prompt: Any, draws: Draws) -> Variant:
    return _written(task, *write_story(task, prompt, plot, language, draws))


def _translate(task: Task, prompt: Any, draws: Draws) -> Variant:
    return _written(task, *write_plainly(task, prompt, CHINESE))


def _written(task: Task, prompt: Any, premise: str, question: str) -> Variant:
    return Variant(prompt, premise, question, join_story(premise, question), task.prove(prompt))


_CHINESE = "chinese-"
_STORIES = {"story": SENSIBLE, "contrary-story": CONTRARY, "nonsense-story": MEANINGLESS}

VARIANTS: Mapping[str, Callable[[Task, Any, Draws], Variant]] = {
    "renamed": _rename,
    "shuffled": _shuffle,
    "redundant": _add_redundant,
    "omitted": _omit,
    "insufficient": _make_insufficient,
    **{name: partial(_tell, plot, ENGLISH) for name, plot in _STORIES.items()},
    "chinese": _translate,
    **{f"{_CHINESE}{name}": partial(_tell, plot, CHINESE) for name, plot in _STORIES.items()},
}
"""By name, the function that makes it."""
