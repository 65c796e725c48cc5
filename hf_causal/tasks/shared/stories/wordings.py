"""Sentences in other words: templates that write them and read them back.

A template has slots: `{0}` for the one name in the first position of a sentence, `{0:and}` for a list that ends with
`and`, `{#0}` for the first parameter of the sentence's type, `{#0:and}` for one that is a list, and `{0#1}` for the
names in the first position with the values that the second parameter has, such as `A is 0 and B is 1` (`{0#1:present}`
says `A is absent and B is present`). Reading accepts exactly what some template writes about names of the story's
topic, so that no word is ever passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from hf_causal.tasks.shared.names import is_name
from hf_causal.tasks.shared.sentences import CAUSES, HIDDEN, Sentence, Sentences
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH, Topic, topic_of_title
from hf_causal.utils.randomness import Draws

Templates = Mapping[str, tuple[str, ...]]
"""From the head of a sentence's type to the templates that it may have."""

_OPENINGS = {ENGLISH: "This is about {title}.", CHINESE: "这是关于{title}的故事。"}
_ENDS = {ENGLISH: (".", "?"), CHINESE: ("。", "？")}
_CONJUNCTIONS = {
    ENGLISH: {"and": " and ", "or": " or ", "values": " and "},
    CHINESE: {"and": "和", "or": "或", "values": "且"},
}
_COMMAS = {ENGLISH: ", ", CHINESE: "、"}
_VALUES = {
    ENGLISH: {"": (" is 0", " is 1"), "present": (" is absent", " is present")},
    CHINESE: {"": ("为0", "为1"), "present": ("不出现", "出现")},
}
"""From language and words of a slot to what follows a name whose value is 0, and one whose value is 1."""
_SLOT = re.compile(r"\{(?P<group>\d)?(?:#(?P<parameter>\d))?(?::(?P<words>[a-z]+))?\}")
_PARAMETER = r"[-−]?[\d./%]+"
_ITEM = re.compile(r"[01]+")
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Wording:
    """The templates of a task's sentences in one language, without their final marks."""

    language: str
    statements: Templates
    questions: Templates
    plain_first: bool = False
    """Whether the first template of a type is not for stories, where there are others."""

    def write(self, sentences: Sentences, topic: Topic | None, draws: Draws) -> tuple[str, str]:
        """Writes premise and question; without a topic there is no opening, and each first template is used.

        Raises:
            `ValueError`: If a sentence has a type without a template.
        """
        full_stop, question_mark = _ENDS[self.language]
        written = [self.write_sentence(self.statements, one, topic, draws) for one in sentences.statements]
        written = [_capitalized(one, topic) + full_stop for one in written]
        if topic is not None:
            written.insert(0, _OPENINGS[self.language].format(title=topic.title[self.language]))
        question = _capitalized(self.write_question(sentences.question, topic, draws), topic) + question_mark
        return (" " if self.language == ENGLISH else "").join(written), question

    def write_question(self, question: Sentence, topic: Topic | None, draws: Draws) -> str:
        """Writes a question without its mark."""
        return self.write_sentence(self.questions, question, topic, draws)

    def write_sentence(self, templates: Templates, sentence: Sentence, topic: Topic | None, draws: Draws) -> str:
        """Writes a sentence without its mark; raises `ValueError` if its type has no template."""
        if sentence.head not in templates:
            raise ValueError(f"there is no template for a sentence of the type {sentence.head!r}")
        variety = templates[sentence.head]
        if topic is not None:
            variety = variety[self.plain_first :] or variety
        template = variety[draws.below(len(variety)) if topic is not None else 0]
        return _SLOT.sub(lambda slot: self._fill(slot, sentence), template)

    def _fill(self, slot: re.Match[str], sentence: Sentence) -> str:
        """Returns what a slot of a template has."""
        parameter = sentence.parameters[int(slot["parameter"])] if slot["parameter"] else ""
        if slot["group"] is None:
            return self._list(parameter.split(","), slot["words"])
        names = sentence.names[int(slot["group"])]
        if not slot["parameter"]:
            return self._list(names, slot["words"])
        endings = _VALUES[self.language][slot["words"] or ""]
        return self._list([name + endings[int(bit)] for name, bit in zip(names, parameter, strict=True)], "values")

    def _list(self, names: Sequence[str], conjunction: str | None) -> str:
        if conjunction is None and len(names) != 1:
            raise ValueError(f"the template has room for one name, got {', '.join(names) or 'none'}")
        last = _CONJUNCTIONS[self.language][conjunction or "and"]
        return last.join(filter(None, (_COMMAS[self.language].join(names[:-1]), names[-1])))

    def read(self, statements: Iterable[str], question: str, topic: Topic | None) -> Sentences | None:
        """Returns the sentences of a story, or `None` if one of them has no template."""
        asked = self.read_question(question, topic)
        stated = [self.read_sentence(self.statements, one, topic) for one in statements] if asked else [None]
        known = [one for one in stated if one is not None]
        return Sentences(tuple(known), asked) if asked and len(known) == len(stated) else None

    def read_question(self, text: str, topic: Topic | None) -> Sentence | None:
        """Returns a question without its mark, or `None` if it has no template."""
        return self.read_sentence(self.questions, text, topic)

    def read_sentence(self, templates: Templates, text: str, topic: Topic | None) -> Sentence | None:
        """Returns a sentence without its final mark, or `None` if it has no template."""
        marks: dict[str, str] | None = None
        if topic is not None:
            text, marks = topic.abbreviate(text[:1].lower() + text[1:], self.language)
        for head, variety in templates.items():
            for template in variety:
                pattern, slots = _pattern(template)
                if (match := pattern.fullmatch(text)) and (values := self._read_slots(match, slots, marks)):
                    names, parameters = values
                    return Sentence("#".join([head, *parameters]), names)
        return None

    def _read_slots(
        self, match: re.Match[str], slots: Sequence[re.Match[str]], marks: Mapping[str, str] | None
    ) -> tuple[tuple[tuple[str, ...], ...], list[str]] | None:
        """Returns the names and the parameters in the slots of a template, or `None` where one has anything else.

        In a story each name is one of `marks`.
        """
        names: dict[str, tuple[str, ...]] = {}
        parameters: dict[str, str] = {}
        for number, slot in enumerate(slots):
            text, group, parameter, words = match[f"s{number}"], slot["group"], slot["parameter"], slot["words"]
            if group is None:
                parameters[parameter] = self._read_parameter(text, words)
                continue
            items = self._items(text, "values" if parameter else words)
            if parameter:
                pairs = [self._read_value(item, words or "") for item in items]
                parameters[parameter] = "".join(bit for _, bit in pairs)
                items = [name for name, _ in pairs]
            read = [item if is_name(item) else "" for item in items] if marks is None else map(marks.get, items)
            known = tuple(name for name in read if name)
            names[group] = known if len(known) == len(items) else ()
        if not all(names.values()) or not all(parameters.values()):
            return None
        return tuple(names[group] for group in sorted(names)), [parameters[key] for key in sorted(parameters)]

    def _read_parameter(self, text: str, conjunction: str | None) -> str:
        if conjunction is None:
            return text
        items = self._items(text, conjunction)
        return ",".join(items) if all(map(_ITEM.fullmatch, items)) else ""

    def _items(self, text: str, conjunction: str | None) -> list[str]:
        """Returns the items of a list, or the one item; nothing if it has anything else."""
        if not conjunction:
            return [text]
        *listed, last = text.split(_CONJUNCTIONS[self.language][conjunction])
        if len(listed) > 1:
            return []
        return [*(listed[0].split(_COMMAS[self.language]) if listed else []), last]

    def _read_value(self, text: str, words: str) -> tuple[str, str]:
        """Returns the name and the value of such as `A is 0`, without a name if it is anything else."""
        for bit, ending in enumerate(_VALUES[self.language][words]):
            if text.endswith(ending):  # of 不出现 and 出现, the longer one comes first
                return text.removesuffix(ending), str(bit)
        return "", ""


def _capitalized(text: str, topic: Topic | None) -> str:
    """Returns a sentence of a story with a capital first letter."""
    return text[0].upper() + text[1:] if topic is not None else text


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
    inside = r"(?!\d)" if language == ENGLISH else ""  # the point in 0.5 ends no sentence
    *statements, question = re.split(rf"(?<=[{re.escape(full_stop)}]){inside}\s*", text.strip())
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
def _pattern(template: str) -> tuple[re.Pattern[str], tuple[re.Match[str], ...]]:
    """Returns the pattern of a template, whose groups are `s0`, `s1`, …, and its slots, each once."""
    pattern, end, slots = "", 0, dict[str, re.Match[str]]()
    for slot in _SLOT.finditer(template):
        pattern += re.escape(template[end : slot.start()])
        if slot[0] in slots:
            pattern += f"(?P=s{list(slots).index(slot[0])})"
        else:
            inside = _PARAMETER if slot["group"] is None and not slot["words"] else ".+?"
            pattern += f"(?P<s{len(slots)}>{inside})"
            slots[slot[0]] = slot
        end = slot.end()
    return re.compile(pattern + re.escape(template[end:])), tuple(slots.values())


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
