"""Reads people's text: sentences one by one, then the names of all of them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hf_causal.reading import chinese, english, english_rows, graphs
from hf_causal.reading.answers import answer
from hf_causal.reading.chances import read_chances
from hf_causal.reading.chinese_rules import ChineseQuestions, ChineseStatements
from hf_causal.reading.compose import compose
from hf_causal.reading.corpora import read_corpora_prompt
from hf_causal.reading.effects import read_effect_question
from hf_causal.reading.evidence import Answer
from hf_causal.reading.grammar import parse, transform
from hf_causal.reading.hypotheses import read_hypothesis
from hf_causal.reading.meaning import Asked, Meaning
from hf_causal.reading.problems import Problem, ReadingError, Unclear
from hf_causal.reading.questions import Questions
from hf_causal.reading.reading import Reading
from hf_causal.reading.source import Source, too_long
from hf_causal.reading.statements import Statements
from hf_causal.reading.text import MAX_CHARACTERS
from hf_causal.reading.tokens import Sentence, Token

MAX_STATEMENTS = 1_000
MAX_TOKENS = 1_500
"""Words and marks of a sentence."""
MAX_NAME = 200
"""Characters of a name."""
MAX_PROBLEMS = 50


def read(premises: str, question: str = "") -> Reading:
    """Reads premises and a question as people type them, in English or Chinese, or as a graph.

    Every word is accounted for: as a name, as a relation, or as one of a documented set of words that change nothing.
    A text with any other word is refused as a whole.

    Args:
        premises (`str`): Running text, one statement a line, or a graph in one of the languages of
            `hf_causal.reading.graphs`.
        question (`str`): The question; where it is empty, the last sentence of the premises.

    Returns:
        [`Reading`]: What the text says, with the places of its words.

    Raises:
        [`ReadingError`]: With every word that was not understood, where it is and what to write instead.

    Example:

    ```python
    >>> reading = read("Smoking leads to tar. Lung cancer is caused by tar.", "Does smoking cause lung cancer?")
    >>> reading.edges
    (('smoking', 'tar'), ('tar', 'lung cancer'))
    >>> reading.prompt
    'A causes B. B causes C. Does A cause C?'

    ```
    """
    size = len(premises) + len(question)
    if size > MAX_CHARACTERS:
        raise too_long(premises, size)
    stated, asked = Source.of("premises", premises), Source.of("question", question)
    if reading := read_corpora_prompt(stated.text, asked.text):
        return reading
    problems: list[Problem] = []
    if reading := _attempt(problems, stated, "en", read_chances, stated, asked):
        return reading
    if problems:
        raise ReadingError(problems)
    if not asked.sentences and stated.sentences and _is_question(stated.sentences[-1]):
        asked = Source(stated.field, stated.text, [stated.sentences.pop()])
    return _read(stated, asked)


def ask(premises: str, question: str = "") -> Answer:
    """Reads premises and a question as people type them, and answers exactly.

    Raises:
        [`ReadingError`][hf_causal.reading.ReadingError]: With every word that was not understood.

    Example:

    ```python
    >>> print(ask("Frost causes cracks, which cause leaks.", "Does frost cause leaks?").text)
    Yes. The statements lead from “frost” to “leaks”: frost → cracks → leaks.

    ```
    """
    return answer(read(premises, question))


def _read(stated: Source, asked: Source) -> Reading:
    problems: list[Problem] = []
    graph = _attempt(problems, stated, "en", graphs.read_graph, stated)
    parsed: list[tuple[Sentence, Meaning]] = [(Sentence(stated_span(stated)), graph)] if graph else []
    size = 0
    if graph is None and not problems:
        for sentence in stated.sentences:
            language = language_of(sentence)
            meaning = _attempt(problems, stated, language, _statement, stated, sentence, language)
            if meaning is not None:
                parsed.append((sentence, meaning))
            if len(problems) >= MAX_PROBLEMS:
                raise ReadingError(problems)
            size += len(meaning.edges) if meaning else 0
            if size > MAX_STATEMENTS:
                unclear = Unclear("too_many_statements", 0, len(stated.text.normal), size=size, most=MAX_STATEMENTS)
                raise ReadingError([stated.problem(unclear, "en")])
    language = language_of(asked.sentences[0]) if asked.sentences else ("zh" if _is_chinese(stated) else "en")
    wanted = _attempt(problems, asked, language, _question, asked, parsed, language)
    if problems or wanted is None:
        raise ReadingError(problems)
    try:
        return compose(parsed, wanted, stated, asked, language)
    except Unclear as unclear:
        source = asked if unclear.values.pop("asked", False) else stated
        raise ReadingError([source.problem(unclear, language)]) from None


def stated_span(source: Source) -> tuple[Token, ...]:
    """Returns one token for the whole of a text."""
    return (Token("GRAPH", "", 0, len(source.text.normal)),)


def _attempt(problems: list[Problem], source: Source, language: str, reads: Callable[..., Any], *texts: Any) -> Any:
    """Reads a piece of text, or adds what cannot be read in it to the problems."""
    try:
        return reads(*texts)
    except Unclear as unclear:
        problems += [source.problem(one, language) for one in (unclear, *unclear.others)]
        return None


def _statement(source: Source, sentence: Sentence, language: str) -> Meaning:
    if sentence.asks:
        raise Unclear("question_in_premises", sentence.start, sentence.end)
    tokens = _terminals(source, sentence, language, False)
    rules = ChineseStatements() if language == "zh" else Statements()
    parsed = transform(rules, parse(_GRAMMARS[language], "statement", tokens))
    meaning: Meaning = Meaning(edges=parsed) if isinstance(parsed, list) else parsed
    source.mark_all([*sentence.ignored, *tokens])
    if len(meaning.edges) > MAX_STATEMENTS:
        raise Unclear(
            "too_many_statements", sentence.start, sentence.end, size=len(meaning.edges), most=MAX_STATEMENTS
        )
    return meaning


def _question(source: Source, parsed: Sequence[tuple[Sentence, Meaning]], language: str) -> Asked:
    if not source.sentences:
        raise Unclear("no_question", 0, len(source.text.normal))
    if len(source.sentences) > 1:
        second = source.sentences[1]
        raise Unclear("several_questions", second.start, second.end)
    sentence = source.sentences[0]
    text = source.text.normal[sentence.start : sentence.end]
    if hypothesis := read_hypothesis(text, sentence.start, parsed):
        source.mark("relation", sentence.start, sentence.end)
        return hypothesis
    meanings = [meaning for _, meaning in parsed]
    effect = read_effect_question(sentence, text, _GRAMMARS[language], meanings)
    if not isinstance(effect, tuple):
        try:
            return _plain_question(source, sentence, language)
        except Unclear:
            effect = effect or read_effect_question(sentence, text, _GRAMMARS[language], meanings, late=True)
            if effect is None:
                raise
    if isinstance(effect, Unclear):
        raise effect
    source.mark_all([*sentence.ignored, *effect[1]])
    return effect[0]


_GRAMMARS = {"en": "english", "zh": "chinese"}


def _plain_question(source: Source, sentence: Sentence, language: str) -> Asked:
    tokens = _terminals(source, sentence, language, True)
    rules = ChineseQuestions() if language == "zh" else Questions()
    asked = transform(rules, parse(_GRAMMARS[language], "question", tokens))
    source.mark_all([*sentence.ignored, *tokens])
    return asked


def _terminals(source: Source, sentence: Sentence, language: str, is_question: bool) -> list[Token]:
    if len(sentence.tokens) > MAX_TOKENS:
        raise Unclear("sentence_too_long", sentence.start, sentence.end, most=MAX_TOKENS)
    make = chinese.terminals if language == "zh" else english_rows.terminals
    tokens, ignored = make(sentence, is_question)
    if not tokens:
        raise Unclear("no_question" if is_question else "no_relation", sentence.start, sentence.end)
    for token in tokens:
        if token.kind == "NAME" and len(token.text) > MAX_NAME:
            raise Unclear("name_too_long", token.start, token.end, most=MAX_NAME)
    source.mark_all([Token("NEUTRAL", one.text, one.start, one.end) for one in ignored])
    return tokens


def _is_question(sentence: Sentence) -> bool:
    """Whether the last sentence of the premises is the question: by its mark, or by the word that opens it."""
    if sentence.asks or any(token.text.casefold() in ("question", "hypothesis", "问题") for token in sentence.ignored):
        return True
    if language_of(sentence) == "zh":
        return chinese.looks_like_question(sentence)
    phrases = english.look_up(sentence)
    first = phrases[0]
    opens = first.may_be("HELPER", "BE", "WHAT", "WHY", "EXISTS", "IT_IS_TRUE") and not first.may_be("THERE_BE", "IF")
    return (
        bool(opens) and len(phrases) > 2 and first.text.casefold() not in ("has", "have", "had", "being", "been", "be")
    )


def _is_chinese(source: Source) -> bool:
    return any(language_of(sentence) == "zh" for sentence in source.sentences)


def language_of(sentence: Sentence) -> str:
    """Returns `"zh"` for a sentence with Chinese characters outside of quotes and without an English verb."""
    words = [token.text for token in sentence.tokens if token.kind == "WORD"]
    if not any(chinese.has_han(word) for word in words):
        return "en"
    if not any(letter.isascii() and letter.isalpha() for word in words for letter in word):
        return "zh"
    latin = [phrase for phrase in english.look_up(sentence) if phrase.entries]
    return "en" if any(phrase.may_be("ACTIVE", "PASSIVE", "BACKWARD", "ROLE") for phrase in latin) else "zh"
