"""Reads answers from what language models write: the one reader of evaluation, rewards and harnesses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from hf_causal.tasks.shared.reasoning_tags import without_reasoning

UNPARSABLE = -1
"""The answer of a text that is neither Yes nor No; it counts as wrong."""

_YES, _NO = "yes|yep|yeah|yup", "nope|no"
_YES_ELSEWHERE = "sí|sì|oui|ja|sim|да|так|tak|evet|ναι|ya|có|نعم|हाँ|हां|जी हाँ"
_NO_ELSEWHERE = "non|nein|não|nao|nee|nej|нет|ні|nie|hayır|όχι|tidak|không|لا|नहीं"
_YES_UNSPACED = "成立|是的|是|对的|对|正确|肯定|會|会|能|はい|네|예"
_NO_UNSPACED = "不成立|不是的|不是|不对|不會|不会|不能|不正确|错误|错|没有|否定|否|不|いいえ|아니요|아니오|아뇨"
_WORDS = (_YES, _YES_ELSEWHERE, _YES_UNSPACED), (_NO, _NO_ELSEWHERE, _NO_UNSPACED)
_POSITIVE = {"true", *"|".join(_WORDS[0]).split("|")}
_ALL = "|".join(sorted("|".join(group for groups in _WORDS for group in groups).split("|"), key=len, reverse=True))
_ENGLISH = f"{_YES}|{_NO}"

_NOISE = r"[✅❌\s*_`'\"“”‘’«»「」『』()\[\]{}<>#:~|=$\\/-]{0,20}"
"""Quotes, brackets and marks of Markdown that may stand around an answer."""
_END = r"(?=[\s.,;:!。、!,;\"'“”‘’」』)\]}*_`<|\\$~—–-]|$)(?!-\w)"
_ANSWER = rf"(?P<answer>{_ALL}){_END}"
_AFTER = r"[✅❌\s*_`'\"“”‘’«»「」『』()\[\]{}<>#~|=$\\.,;!。、!—–-]{0,20}"
_CHOICE = re.compile(
    rf"{_NOISE}(?:{_ALL}){_NOISE}(?:(?:[/|&、]|\b(?:or|and|ou|o|oder|y|und|et)\b|或者|还是|或|和|또는)"
    rf"[\s(]{{0,9}}(?:else|maybe|或)?{_NOISE}(?:{_ALL}){_END}|,{_NOISE}(?:{_ALL})[*_`'\"]{{0,4}}(?=[,.?!)\]/|]|\s*$))"
    r"|(?:是不是|是否|对不对|会不会|能不能|有没有)",
    re.IGNORECASE,
)
"""A list of both answers ("Yes or No", 是或否), and the forms of Chinese that put both into a question."""

_FOLLOWS_NO = r"(?:because|since|as|it|there|this|that|they|he|she|the|we|you|i|sorry|sir|indeed|no)"
_OPENS = re.compile(
    rf"(?:(?:well|sure|ok(?:ay)?|certainly|hmm+|so)[,.:!]\s{{1,9}})?{_NOISE}(?:(?P<answer>{_ALL})(?:{_END}))",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"[ \t]+(?P<next>\w+)")
_STATED = re.compile(
    r"\b(?:(?:answer|conclusion|verdict|antwort|respuesta|réponse|risposta|resposta|ответ|jawaban|cevap)"
    r"(?P<about>[ \t]+to[^.?!\n]{1,300}?\?[\"'”’)]*)?"
    rf"{_NOISE}(?:\s(?:is|would be|should be|must be|has to be|ist|es|est|è|é)\b|(?<=[:=*\-\n_>]))"
    r"\s?(?:therefore|then|thus|clearly|simply|definitely|certainly|indeed|a clear|a|:)?"
    rf"|i(?:['’]d| would| will|['’]ll)? (?:say|answer|conclude)|<answer>){_NOISE}{_ANSWER}",
    re.IGNORECASE,
)
_STATED_UNSPACED = re.compile(
    r"(?:答案|回答|结论|答え|답|정답)\s*(?:应该|应当)?\s*(?:是|为|為|は|은|는|:)\s*:?"
    rf"{_NOISE}(?P<answer>{_ALL})(?:定?的)?(?:です|입니다)?{_END}",
    re.IGNORECASE,
)
_BOXED = re.compile(
    rf"\\(?:boxed|fbox)\s*\{{\s*(?:\\\w+\s*\{{\s*)?['\"]?(?P<answer>{_ALL})['\"]?[.!]?\s*\}}", re.IGNORECASE
)
_FIELD = re.compile(
    r"[\"'](?:final_?)?(?:answer|label|response|result|output|verdict|conclusion|prediction|答案)[\"']\s*:\s*"
    rf"[\"']?(?P<answer>{_ALL}|true|false)[.!]?[\"']?\s*(?=[,}}\]\n]|$)",
    re.IGNORECASE,
)
"""A field of JSON, or of a Python dictionary."""
_CONCLUDES = re.compile(
    r"(?:(?:\b(?:so|thus|therefore|hence|ergo|also|donc|por lo tanto)\b|所以|因此|综上|したがって)[,:]?\s*"
    rf"(?:my answer is|it is|it's|是)?|(?<=[^\n][^\d\s][.!。]\s)(?=\S+\Z)){_NOISE}{_ANSWER}{_AFTER}(?=\n|$)",
    re.IGNORECASE,
)
_ANSWERS_QUESTION = re.compile(
    rf"[??][\"'”’)*_]{{0,4}}[ \t]*(?:\(?(?:yes|no)/(?:yes|no)\)?)?\s?(?:\n?(?:answer|a)\s?:)?{_NOISE}"
    rf"{_ANSWER}{_AFTER}(?=\n|$)",
    re.IGNORECASE,
)
_EXPLICIT = (_STATED, _STATED_UNSPACED, _BOXED, _FIELD, _CONCLUDES, _ANSWERS_QUESTION)
_ALONE = re.compile(rf"(?:>|[-*+•]|#+)?\s*{_NOISE}{_ANSWER}{_AFTER}", re.IGNORECASE)
_ANY_ANSWER = re.compile(rf"(?:{_ALL}){_END}", re.IGNORECASE)
_TAKEN_BACK = re.compile(
    rf"\b(?:wait|actually|scratch that|correction|on second thoughts?|i mean|sorry)\b[\s,.:!…—-]{{0,5}}"
    rf"(?:(?:no|it is|it's|that is|the answer is|actually)[\s,]{{1,3}}){{0,2}}{_ANSWER}",
    re.IGNORECASE,
)
_UNSURE_BEFORE = re.compile(
    r"\b(?:if|whether|unless|suppose)\b[^.!?\n]*$|\b(?:not|n[o']t|\w+n['’]t|could|might|may|is|never|neither)\s*$",
    re.IGNORECASE,
)
_UNSURE_AFTER = re.compile(r"[\"'”’*_`)]{0,4}(?:\?|[ \t]+(?:if|only|unless|or)\b)", re.IGNORECASE)
_NEARBY = 60
"""Characters before a stated answer in which a condition or a negation is looked for."""
_NEXT_PROMPT = re.compile(r"\s*(?:Answer the following question|(?:Question|Q)\s?:)", re.IGNORECASE)
_ANSWERED = re.compile(r"\s*(?:Answer:)?\s*(?:yes|no)\b", re.IGNORECASE)
_PLAIN = {
    f"{space}{word}{end}": int(word.lower() == "yes")
    for word in ("Yes", "No", "yes", "no", "YES", "NO")
    for space in ("", " ", "\n")
    for end in ("", ".", "!", "\n", ".\n")
} | {"": UNPARSABLE}
"""Most replies, and what [`parse_answer`] reads in them."""
_SHORT = 500
"""Characters of the longest text that may consist of answers alone."""
_LONGEST = 20_000
"""Characters of a reply, from its start and from its end, that are read."""


def parse_answer(text: str | None) -> int:
    r"""Reads a Yes or a No from what a model wrote, in English and the corresponding words of other languages.

    An answer is stated ("the answer is", `\boxed{}`, a field of JSON, "…? Yes", "so, no", alone on the last line), or
    opens the text. The last stated answer counts, and the opening of a text that states none. Reasoning in tags is
    removed first. A list of both answers, a negated or conditional answer and a "no" inside of an argument are no
    answers.

    Returns:
        `int`: 1 for Yes, 0 for No, `UNPARSABLE` for everything else.

    Example:

    ```python
    >>> [parse_answer(text) for text in (" Yes.", "**No**", "The answer is: yes", "There is no path", "", None)]
    [1, 0, 1, -1, -1, -1]
    >>> parse_answer("Is the answer no? Wait, yes.</think>\n\nYes")
    1

    ```
    """
    text = text or ""
    if (plain := _PLAIN.get(text)) is not None:
        return plain
    text = without_reasoning(unicodedata.normalize("NFKC", text).replace("\u200b", ""))
    if len(text) > 2 * _LONGEST:
        text = f"{text[:_LONGEST]}\n\n{text[-_LONGEST:]}"
    if _says_both(text):
        return UNPARSABLE
    opening = _opening(text)
    if opening is not None:
        text = _before_next_prompt(text)
    claims = sorted([*_stated_answers(text), *_last_line(text)])
    start, answer = claims[-1] if claims else (0, UNPARSABLE if opening is None else opening)
    for correction in _TAKEN_BACK.finditer(text):
        if correction.start() > start and _value(correction["answer"]) != answer:
            # "Wait, no." may deny the answer or open another thought: only the end of the text decides.
            return UNPARSABLE if text[correction.end() :].strip(" .!*\n") else _value(correction["answer"])
    return answer


def _opening(text: str) -> int | None:
    """Returns the answer that opens a text, if one does."""
    match = _OPENS.match(text)
    if match is None or _CHOICE.match(text, match.start("answer")) or _disagrees_with_next_line(text, match):
        return None
    rest, answer = text[match.end("answer") :], match["answer"].lower()
    if re.match(r"\s*[*_`]*[??]|\.\s?\d", rest):  # "Yes?" asks, and "No. 3" counts
        return None
    if goes_on := _GOES_ON.match(rest):
        allowed = _FOLLOWS_NO if answer in _NO.split("|") else r"(?!(?:or|and|if|no|man)\b)\w+"
        if answer not in _ENGLISH.split("|") or not re.fullmatch(allowed, goes_on["next"], re.IGNORECASE):
            return None
    return _value(answer)


def _stated_answers(text: str) -> Iterator[tuple[int, int]]:
    """Yields position and value of each answer that is stated; a list of both, a condition and a question are not."""
    for pattern in _EXPLICIT:
        for match in pattern.finditer(text):
            before = text[max(0, match.start() - _NEARBY) : match.start()]
            listed = _CHOICE.match(text, match.start("answer"))
            if not (listed or _UNSURE_BEFORE.search(before) or _UNSURE_AFTER.match(text, match.end("answer"))):
                yield match.end("answer"), _value(match["answer"])


def _before_next_prompt(text: str) -> str:
    """Returns a reply up to the next question that a model, not tuned on chats, makes up after its answer."""
    lines = text.splitlines(keepends=True)
    for index, line in enumerate(lines[1:], 1):
        rest = line.rpartition("?")[2]
        answered = _ANSWERED.match(rest) or "".join(lines[index + 1 : index + 2]).lower().startswith("answer:")
        if _NEXT_PROMPT.match(line) or (answered and asks_question(line)):
            return "".join(lines[:index])
    return text


def asks_question(line: str) -> bool:
    """Returns whether a line is a prompt: statements and then a question, or a label such as `Question:`."""
    statements, question_mark, _ = line.rpartition("?")
    return _NEXT_PROMPT.match(line) is not None or bool(question_mark and re.search(r"[.!]\s", statements))


def _last_line(text: str) -> Iterator[tuple[int, int]]:
    """Yields position and value of an answer that is alone on the last line, unless the line before is the other."""
    lines = [line.strip() for line in text.splitlines() if line.strip(" \t`*_")]
    answers = [_alone(line) for line in lines[-2:]]
    if answers and answers[-1] is not None and (len(answers) == 1 or answers[0] in (None, answers[-1])):
        yield len(text), answers[-1]


def _says_both(text: str) -> bool:
    """Returns whether a text consists of answers alone, and both occur: "Yes, yes, no"."""
    if len(text) > _SHORT or re.search(r"\w", _ANY_ANSWER.sub(" ", text)):
        return False
    return len({_value(answer) for answer in _ANY_ANSWER.findall(text)}) == 2


def _disagrees_with_next_line(text: str, opening: re.Match[str]) -> bool:
    lines = [line.strip() for line in text.splitlines() if line.strip(" \t`*_")][:2]
    answers = {_alone(line) for line in lines}
    return len(lines) == 2 and None not in answers and len(answers) == 2


def _alone(line: str) -> int | None:
    match = _ALONE.fullmatch(line)
    return _value(match["answer"]) if match and not line.rstrip("*_\"' ").endswith("?") else None


def _value(answer: str) -> int:
    return int(answer.lower() in _POSITIVE)
