"""What a sentence says about causes: `rain causes mud`, `mud is caused by rain`, `rain -> mud -> falls`."""

from __future__ import annotations

import re

from hf_causal.reading_before.sentences import QUOTED

Edge = tuple[str, str]
"""A cause and its effect, as they are written."""


class Unclear(Exception):
    """Why a sentence cannot be read, for people."""


def read_statement(text: str) -> list[Edge]:
    """Reads a sentence that may state several things at once.

    Args:
        text (`str`): A sentence without its final mark.

    Returns:
        `list[Edge]`: In the order of the text.

    Raises:
        [`Unclear`]: With what would help.

    Example:

    ```python
    >>> read_statement("smoking and tar cause lung cancer")
    [('smoking', 'lung cancer'), ('tar', 'lung cancer')]
    >>> read_statement("mud is caused by rain, which leads to puddles")
    [('rain', 'mud'), ('rain', 'puddles')]

    ```
    """
    masked = _Masked(text)
    verbs = find_verbs(masked.text)
    if not verbs:
        raise Unclear("it says nothing of the form “X causes Y”")
    sides = _sides(_without_opening(masked.text, verbs[0].start()), masked.text, verbs)
    edges = []
    for verb, (left, right) in zip(verbs, sides, strict=True):
        causes, effects = (right, left) if verb["passive"] else (left, right)
        edges += [(cause, effect) for cause in causes for effect in effects]
    return [(masked.restore(cause), masked.restore(effect)) for cause, effect in edges]


def find_verbs(text: str) -> list[re.Match[str]]:
    """The verbs and arrows of a sentence; words that may just as well be nouns count only where there is no other."""
    return list(_VERB.finditer(text)) or list(_WEAK_VERB.finditer(text))


def read_names(text: str) -> list[str]:
    """Splits a list such as `A, B and C`; a name in quotes stays whole."""
    masked = _Masked(text)
    return [masked.restore(name) for name in _names(masked.text)]


class _Masked:
    """A text whose quoted names are single characters of the private use area, so that nothing in them is read."""

    def __init__(self, text: str):
        self.quoted: list[str] = []
        self.text = re.sub(QUOTED, self._mask, text.replace(_MASK, ""))

    def _mask(self, match: re.Match[str]) -> str:
        self.quoted.append(match[0][1:-1])
        return f"{_MASK}{len(self.quoted) - 1}{_MASK}"

    def restore(self, text: str) -> str:
        return " ".join(re.sub(f"{_MASK}(\\d+){_MASK}", lambda match: self.quoted[int(match[1])], text).split())


_Sides = list[tuple[list[str], list[str]]]


def _sides(first: str, text: str, verbs: list[re.Match[str]]) -> _Sides:
    """The names before and after each verb."""
    sides: _Sides = []
    left = _left_names(first, verbs[0])
    for verb, following in zip(verbs, [*verbs[1:], None], strict=True):
        if following is None:
            sides.append((left, _names(text[verb.end() :], f"after “{verb[0].strip()}”")))
            break
        right, next_left = _between(text[verb.end() : following.start()], left, verb, following)
        sides.append((left, right))
        left = next_left
    return sides


def _between(
    text: str, subject: list[str], verb: re.Match[str], following: re.Match[str]
) -> tuple[list[str], list[str]]:
    """Parts what stands between two verbs into what belongs to the one before and to the one after."""
    if relative := _RELATIVE.search(text):  # "A causes B, which causes C"
        names = _left_names(text[: relative.start()], following)
        return names, names
    if again := _AGAIN.search(text):  # "A causes B and causes C"
        return _names(text[: again.start()], f"after “{verb[0].strip()}”"), subject
    if stop := re.search(r"(?<=\w)\.(?=\w)", text):  # "A causes B.B causes C"
        return _names(text[: stop.start()]), _left_names(text[stop.end() :], following)
    names = _left_names(text, following)
    if len(names) == 2:  # "A causes B and B causes C"
        return names[:1], names[1:]
    words = names[0].split()
    if len(names) == 1 and len(words) % 2 == 0 and words[: len(words) // 2] == words[len(words) // 2 :]:
        half = " ".join(words[: len(words) // 2])  # "A causes B B causes C", without the stop
        return [half], [half]
    if len(names) == 1 and (len(words) == 1 or verb["arrow"]):  # "A -> B -> C"
        return names, names
    raise Unclear("it has two verbs, and can be read in more than one way; write one statement a line")


def _left_names(text: str, verb: re.Match[str]) -> list[str]:
    """The names before a verb, without the words that only help it ("can cause", "is caused by")."""
    helped = re.sub(_NEGATION, "\0", text, flags=re.IGNORECASE)
    if "\0" in helped:
        raise Unclear("it says what does not cause something; leave it out, since what is not stated is no cause")
    return _names(re.sub(_HELPERS, "", text, flags=re.IGNORECASE), f"before “{verb[0].strip()}”")


def _names(text: str, where: str = "there") -> list[str]:
    text = re.sub(r"^both\s+(?=.*\sand\s)", "", text.strip(), flags=re.IGNORECASE)
    names = [name.strip(_EDGE) for name in _LIST.split(text)]
    if not all(names):
        raise Unclear(f"a name is missing {where}")
    return names


def _without_opening(text: str, end: int) -> str:
    """What stands before the first verb, without words such as "and then"."""
    return _OPENING.sub("", text[:end]) or text[:end]


_MASK = "\ue000"
_EDGE = " \t,:*_"
_HELPERS = (
    r"(?:\s+(?:can|may|might|could|will|would|directly|also|often|sometimes|usually|always|then|is|are|was|were|be|been"
    r"|gets?|has|have))+\s*$"
)
_NEGATION = r"\s(?:(?:do|does|did|is|are|can|will|may|could)\s*(?:not|n['’]t)|cannot|can['’]t|won['’]t|never|not)\s*$"
_RELATIVE = re.compile(
    r",?\s+(?:which|that|and\s+(?:this|that|it)|who)(?:\s+(?:in\s+turn|then|also))*\s*$", re.IGNORECASE
)
_AGAIN = re.compile(r",?\s+(?:and|&)(?:\s+(?:also|then|it\s+also))?\s*$", re.IGNORECASE)
_LIST = re.compile(
    r"\s*,\s*(?:(?:and|&)\s+(?:then\s+)?)?|\s+(?:and|&)\s+(?:then\s+)?|\s*，\s*|\s*、\s*", re.IGNORECASE
)
_OPENING = re.compile(
    r"^(?:(?:and|also|then|so|but|therefore|however|thus|moreover|finally|suppose(?:\s+that)?|assume(?:\s+that)?|"
    r"we\s+know\s+that|it\s+is\s+known\s+that)\s*[,:]?\s+)+(?=\S)",
    re.IGNORECASE,
)
_BE = r"(?:is|are|was|were)\s+(?:an?|the|one)\s+(?:direct\s+|main\s+)?"
_VERB = re.compile(
    rf"(?P<passive>(?<!\S)(?:caused\s+by|results?\s+from|due\s+to|{_BE}(?:effects?|results?|consequences?)\s+of)(?!\S)"
    r"|(?<![<\-=])<[-–—=]+(?![->=])|[←⇐⟵⟸])"
    rf"|(?<!\S)(?:causes?|caused|leads?\s+to|led\s+to|results?\s+in|resulted\s+in|brings?\s+about|{_BE}causes?\s+of)(?!\S)"
    r"|(?P<arrow>(?<![<\-=])[-–—=]+>|[→⇒⟶⟹➔➜➝➞])",
    re.IGNORECASE,
)
_WEAK_VERB = re.compile(
    r"(?P<passive>(?<!\S)(?:triggered|produced|influenced|affected|induced)\s+by(?!\S))"
    r"|(?<!\S)(?:triggers?|produces?|influences?|affects?|induces?)(?!\S)|(?P<arrow>(?!))",
    re.IGNORECASE,
)
