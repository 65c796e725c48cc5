"""Everyday text to a prompt of one of the grammars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from hf_causal.language.everyday.naming import PRONOUNS, is_plain, shorten, unify
from hf_causal.language.everyday.questions import Question, looks_like_question, read_question
from hf_causal.language.everyday.sentences import Sentence, Trouble, UnreadableText, split_sentences
from hf_causal.language.everyday.statements import Edge, Unclear, read_statement
from hf_causal.language.transitivity import Prompt
from hf_causal.names import Renaming

T = TypeVar("T")


@dataclass(frozen=True)
class EverydayPrompt:
    """What everyday text says, in the words of a grammar."""

    grammar: str
    """Name of the grammar of `prompt`."""
    prompt: str
    """The canonical prompt with short names, which a model reads and `hf_causal.certificates.prove` answers."""
    renaming: Renaming
    """From the names of the text to the short ones."""
    sources: tuple[Sentence, ...]
    """For each statement of the prompt, the sentence of the premises that it was read from."""


def read_everyday(premises: str, question: str = "") -> EverydayPrompt:
    """Reads premises and a question as people type them.

    Statements may say "causes", "leads to", "results in", "is caused by", "is a cause of" or have arrows, and list
    several causes or effects with commas and "and"; final stops may be missing where the line ends. Names may be
    several words in any script; one that contains "and", a comma or a verb stands in quotes. A question about
    d-separation makes the prompt one of the d-separation grammar.

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
    troubles: list[Trouble] = []
    read = [(sentence, _attempt(sentence, "premises", read_statement, troubles)) for sentence in statements]
    found = _read_asked(asked, field, question, troubles)
    edges = [(sentence, edge) for sentence, pairs in read for edge in pairs or ()]
    if found and not troubles:
        troubles += _pronouns(edges, asked[0], found, field)
    if troubles or found is None:
        raise UnreadableText(tuple(troubles))
    return _compose(edges, found)


def _read_asked(asked: list[Sentence], field: str, text: str, troubles: list[Trouble]) -> Question | None:
    if not asked:
        troubles.append(Trouble(text, "there is no question; ask “Does X cause Y?”", 0, len(text), field))
        return None
    if len(asked) > 1:
        second = asked[1]
        troubles.append(Trouble(second.text, "ask one question at a time", second.start, second.end, field))
        return None
    return _attempt(asked[0], field, read_question, troubles)


def _attempt(sentence: Sentence, field: str, read: Callable[[str], T], troubles: list[Trouble]) -> T | None:
    try:
        if read is read_statement and sentence.asks:
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
        condition = f" given {{{', '.join(short(question.given))}}}" if question.given else ""
        prompt = f"{Prompt(pairs, (cause, effect)).premise} Are {cause} and {effect} d-separated{condition}?"
    else:
        prompt = str(Prompt(pairs, (cause, effect)))
    return EverydayPrompt(question.grammar, prompt, renaming, tuple(sentence for sentence, _ in edges))
