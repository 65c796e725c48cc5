"""Sentences in other words: templates that write them and read them back.

A template has `{0}` for the one name in the first position of a sentence, `{0:and}` for a list that ends with `and`,
and so on. Reading accepts exactly what some template writes about names of the story's topic, so that no word is ever
passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from hf_causal.tasks.shared.names import is_name
from hf_causal.tasks.shared.sentences import CAUSES, HIDDEN, Sentence, Sentences
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH, Topic, topic_of_title
from hf_causal.utils.randomness import Draws

Templates = Mapping[str, tuple[str, ...]]
"""From the type of a sentence to the templates that it may have."""

_OPENINGS = {ENGLISH: "This is about {title}.", CHINESE: "这是关于{title}的故事。"}
_ENDS = {ENGLISH: (".", "?"), CHINESE: ("。", "？")}
_CONJUNCTIONS = {(ENGLISH, "and"): " and ", (ENGLISH, "or"): " or ", (CHINESE, "and"): "和", (CHINESE, "or"): "或"}
_COMMAS = {ENGLISH: ", ", CHINESE: "、"}
_SLOT = re.compile(r"\{(\d)(?::(and|or))?\}")
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Wording:
    """The templates of a task's sentences in one language, without their final marks."""

    language: str
    statements: Templates
    questions: Templates

    def write(self, sentences: Sentences, topic: Topic | None, draws: Draws) -> tuple[str, str]:
        """Writes premise and question; without a topic there is no opening, and each first template is used.

        Raises:
            `ValueError`: If a sentence has a type without a template.
        """
        full_stop, question_mark = _ENDS[self.language]
        written = [self._sentence(self.statements, one, topic, draws) + full_stop for one in sentences.statements]
        if topic is not None:
            written.insert(0, _OPENINGS[self.language].format(title=topic.title[self.language]))
        question = self._sentence(self.questions, sentences.question, topic, draws) + question_mark
        return (" " if self.language == ENGLISH else "").join(written), question

    def _sentence(self, templates: Templates, sentence: Sentence, topic: Topic | None, draws: Draws) -> str:
        if sentence.type not in templates:
            raise ValueError(f"there is no template for a sentence of the type {sentence.type!r}")
        variety = templates[sentence.type]
        template = variety[draws.below(len(variety)) if topic is not None else 0]
        text = _SLOT.sub(lambda slot: self._list(sentence.names[int(slot[1])], slot[2]), template)
        return text[0].upper() + text[1:] if topic is not None else text

    def _list(self, names: tuple[str, ...], conjunction: str | None) -> str:
        if conjunction is None and len(names) != 1:
            raise ValueError(f"the template has room for one name, got {', '.join(names) or 'none'}")
        last = _CONJUNCTIONS[self.language, conjunction or "and"]
        return last.join(filter(None, (_COMMAS[self.language].join(names[:-1]), names[-1])))

    def read(self, statements: Iterable[str], question: str, topic: Topic | None) -> Sentences | None:
        """Returns the sentences of a story, or `None` if one of them has no template."""
        asked = self.read_sentence(self.questions, question, topic)
        stated = [self.read_sentence(self.statements, one, topic) for one in statements] if asked else [None]
        known = [one for one in stated if one is not None]
        return Sentences(tuple(known), asked) if asked and len(known) == len(stated) else None

    def read_sentence(self, templates: Templates, text: str, topic: Topic | None) -> Sentence | None:
        """Returns a sentence without its final mark, or `None` if it has no template."""
        if topic is not None:
            text = text[:1].lower() + text[1:]
        for kind, variety in templates.items():
            for template in variety:
                pattern, slots = _pattern(template)
                if match := pattern.fullmatch(text):
                    groups = {slot: self._names(match[f"s{slot}"], listed, topic) for slot, listed in slots}
                    if all(groups.values()):
                        return Sentence(kind, tuple(groups[slot] for slot in sorted(groups)))
        return None

    def _names(self, text: str, conjunction: str, topic: Topic | None) -> tuple[str, ...]:
        """Returns the names of a list, or of one name; nothing if it has anything else."""
        names = [text]
        if conjunction:
            *listed, last = text.split(_CONJUNCTIONS[self.language, conjunction])
            if len(listed) > 1:
                return ()
            names = [*(listed[0].split(_COMMAS[self.language]) if listed else []), last]
        known = topic.has if topic is not None else lambda name, language: is_name(name)
        return tuple(names) if all(known(name, self.language) for name in names) else ()


def language_of(text: str) -> str:
    """Returns the language of a text."""
    return CHINESE if _HAN.search(text) else ENGLISH


def split_story(text: str) -> tuple[str, Topic | None, list[str], str] | None:
    """Splits a story, or a Chinese prompt, into language, topic, statements and question.

    Returns:
        `tuple`: Sentences without their final marks; `None` for a text that has another form.
    """
    language = language_of(text)
    full_stop, question_mark = _ENDS[language]
    *statements, question = re.split(rf"(?<=[{re.escape(full_stop)}])\s*", text.strip())
    if not question.endswith(question_mark):
        return None
    topic = None
    if statements and (opening := _opening(language).fullmatch(statements[0])):
        topic = topic_of_title(opening[1], language)
        del statements[0]
        if topic is None:
            return None
    if topic is None and language == ENGLISH:
        return None
    return language, topic, [one.removesuffix(full_stop) for one in statements], question.removesuffix(question_mark)


@cache
def _opening(language: str) -> re.Pattern[str]:
    return re.compile(re.escape(_OPENINGS[language]).replace(r"\{title\}", "(.+)"))


@cache
def _pattern(template: str) -> tuple[re.Pattern[str], tuple[tuple[int, str], ...]]:
    """Returns the pattern of a template, and its positions with the conjunctions of their lists."""
    pattern, end = "", 0
    for slot in _SLOT.finditer(template):
        pattern += re.escape(template[end : slot.start()]) + rf"(?P<s{slot[1]}>.+?)"
        end = slot.end()
    slots = tuple((int(slot[1]), slot[2] or "") for slot in _SLOT.finditer(template))
    return re.compile(pattern + re.escape(template[end:])), slots


CAUSAL: Mapping[str, Templates] = {
    ENGLISH: {CAUSES: ("{0} leads to {1}", "{1} is a result of {0}", "{0} is a direct cause of {1}")},
    CHINESE: {CAUSES: ("{0}导致{1}", "{1}由{0}引起", "{0}直接带来{1}")},
}
"""Templates of the statements of tasks that state a graph."""

MIXED: Mapping[str, Templates] = {
    ENGLISH: {
        **CAUSAL[ENGLISH],
        HIDDEN: ("{0} and {1} share a hidden cause", "something that nobody has measured causes both {0} and {1}"),
    },
    CHINESE: {**CAUSAL[CHINESE], HIDDEN: ("{0}和{1}有一个隐藏的共同原因", "一个没有测量的因素同时导致{0}和{1}")},
}
"""Templates of the statements of tasks whose graphs have hidden common causes."""
