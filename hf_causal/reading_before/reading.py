"""Everyday text to a prompt of one of the grammars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from hf_causal.reading_before.correlations import (
    Hypothesis,
    Relation,
    is_correlational,
    read_hypothesis,
    read_relation,
)
from hf_causal.reading_before.naming import PRONOUNS, is_plain, shorten, unify
from hf_causal.reading_before.questions import Question, looks_like_question, read_question
from hf_causal.reading_before.sentences import Sentence, Trouble, UnreadableText, split_sentences
from hf_causal.reading_before.statements import Edge, Unclear, read_statement
from hf_causal.tasks.corr2cause import text as corr2cause
from hf_causal.tasks.d_separation import text as d_separation
from hf_causal.tasks.shared.names import Renaming
from hf_causal.tasks.transitivity import text as transitivity

S = TypeVar("S")
Q = TypeVar("Q")


@dataclass(frozen=True)
class EverydayPrompt:
    """What everyday text says, in the words of a grammar."""

    grammar: str
    """Name of the grammar of `prompt`."""
    prompt: str
    """The canonical prompt with short names, which a model reads and `hf_causal.tasks.proving.prove` answers."""
    renaming: Renaming
    """From the names of the text to the short ones."""
    sources: tuple[Sentence, ...]
    """For each statement of the prompt, the sentence of the premises that it was read from."""


def read_everyday(premises: str, question: str = "") -> EverydayPrompt:
    """Reads premises and a question as people type them.

    Statements may say "causes", "leads to", "results in", "is caused by", "is a cause of" or have arrows, and list
    several causes or effects with commas and "and"; final stops may be missing where the line ends. Names may be
    several words in any script; one that contains "and", a comma or a verb stands in quotes. A question about
    d-separation makes the prompt one of the d-separation grammar; premises that speak of correlations and
    independences make it one of the grammar of Corr2Cause.

    Args:
        premises (`str`): Running text, or one statement a line.
        question (`str`): The question; when it is empty, the last sentence of the premises.

    Returns:
        [`EverydayPrompt`]: The prompt and the way back to the text.

    Raises:
        [`UnreadableText`]: With every sentence that cannot be read, where it stands and what would help.

    Example:

    ```python
    >>> premises = "Smoking causes tar deposits\\nTar deposits lead to lung cancer"
    >>> read = read_everyday(premises, "Does smoking cause lung cancer?")
    >>> read.prompt
    'A causes B. B causes C. Does A cause C?'
    >>> read.renaming.short
    {'smoking': 'A', 'tar deposits': 'B', 'lung cancer': 'C'}

    ```
    """
    statements, field = split_sentences(premises), "question"
    asked = split_sentences(question)
    if not asked and statements and (statements[-1].asks or looks_like_question(statements[-1].text)):
        asked, field = [statements.pop()], "premises"
    text = (statements, asked, field, question)
    if is_correlational([sentence.text for sentence in statements]):
        return _compose_system(*_read(*text, read_relation, read_hypothesis))
    found, wanted = _read(*text, read_statement, read_question)
    edges = [(sentence, edge) for sentence, pairs in found for edge in pairs]
    if unclear := _pronouns(edges, asked[0], wanted, field):
        raise UnreadableText(tuple(unclear))
    return _compose(edges, wanted)


def _read(
    statements: list[Sentence],
    asked: list[Sentence],
    field: str,
    question: str,
    read_one: Callable[[str], S],
    read_asked: Callable[[str], Q],
) -> tuple[list[tuple[Sentence, S]], Q]:
    """Every statement and the question, or all that is wrong with them."""
    troubles: list[Trouble] = []
    read = []
    for sentence in statements:
        told = _attempt(sentence, "premises", read_one, troubles, may_ask=False)
        if told is not None:
            read.append((sentence, told))
    wanted = _read_asked(asked, field, question, read_asked, troubles)
    if wanted is None or troubles:
        raise UnreadableText(tuple(troubles))
    return read, wanted


def _read_asked(
    asked: list[Sentence], field: str, text: str, read: Callable[[str], Q], troubles: list[Trouble]
) -> Q | None:
    if not asked:
        troubles.append(Trouble(text, "there is no question; ask “Does X cause Y?”", 0, len(text), field))
        return None
    if len(asked) > 1:
        second = asked[1]
        troubles.append(Trouble(second.text, "ask one question at a time", second.start, second.end, field))
        return None
    return _attempt(asked[0], field, read, troubles)


def _attempt(
    sentence: Sentence, field: str, read: Callable[[str], S], troubles: list[Trouble], may_ask: bool = True
) -> S | None:
    try:
        if sentence.asks and not may_ask:
            raise Unclear("it is a question; ask it in the field for the question")
        return read(sentence.text)
    except Unclear as reason:
        troubles.append(Trouble(sentence.text, str(reason), sentence.start, sentence.end, field))
        return None


def _pronouns(edges: list[tuple[Sentence, Edge]], asked: Sentence, question: Question, field: str) -> list[Trouble]:
    """Names such as "it", which stand for something else; none where all names are short, as in the corpora."""
    used = [(sentence, "premises", name) for sentence, edge in edges for name in edge]
    used += [(asked, field, name) for name in (*question.pair, *question.given)]
    if all(is_plain(name) for _, _, name in used):
        return []
    found = {
        Trouble(sentence.text, f"say what “{name}” stands for", sentence.start, sentence.end, where): None
        for sentence, where, name in used
        if name.lower() in PRONOUNS
    }
    return list(found)


def _compose(edges: list[tuple[Sentence, Edge]], question: Question) -> EverydayPrompt:
    spelled = [name for _, edge in edges for name in edge] + [*question.pair, *question.given]
    one = unify(spelled)
    renaming = shorten(one[name] for name in spelled)

    def short(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(renaming.short[one[name]] for name in names)

    pairs = tuple((cause, effect) for cause, effect in (short(edge) for _, edge in edges))
    cause, effect = short(question.pair)
    if question.grammar == "d_separation":
        prompt = str(d_separation.Prompt(pairs, (cause, effect), short(question.given)))
    else:
        prompt = str(transitivity.Prompt(pairs, (cause, effect)))
    return EverydayPrompt(question.grammar, prompt, renaming, tuple(sentence for sentence, _ in edges))


def _compose_system(relations: list[tuple[Sentence, Relation]], hypothesis: Hypothesis) -> EverydayPrompt:
    # The variables stand in the order in which the text names them, whether it lists them first or not.
    spelled = [name for _, relation in relations for name in (*relation.names, *relation.given)] + [*hypothesis.pair]
    one = unify(spelled)
    renaming = shorten(one[name] for name in spelled)

    def short(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(renaming.short[one[name]] for name in names)

    told = [(relation.kind, short(relation.names), short(relation.given)) for _, relation in relations]
    system = corr2cause.ClosedSystem(
        tuple(renaming.short.values()),
        tuple((names[0], names[1]) for kind, names, _ in told if kind == "correlation"),
        tuple((names[0], names[1], given) for kind, names, given in told if kind == "independence"),
    )
    first, second = short(hypothesis.pair)
    prompt = corr2cause.Prompt(system, hypothesis.relation, (first, second), hypothesis.paraphrased)
    return EverydayPrompt("corr2cause", str(prompt), renaming, tuple(sentence for sentence, _ in relations))
