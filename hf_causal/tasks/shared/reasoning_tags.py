"""Separates a reply of a reasoning model from its reasoning."""

from __future__ import annotations

import re

_NAMES = r"(?:seed:)?(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|analysis|scratchpad|inner_monologue|cot)"
_OPENING = (
    rf"<{_NAMES}>|<\|{_NAMES}\|>|\[think(?:ing)?\]|◁think▷|<\|begin_of_thought\|>|<\|start_thinking\|>|<unused94>"
)
_CLOSING = (
    rf"</{_NAMES}>|<\|?/{_NAMES}\|>|\[/think(?:ing)?\]|◁/think▷|<\|end_of_thought\|>|<\|end_thinking\|>|<unused95>"
)
_TAG = re.compile(rf"(?P<opening>{_OPENING})|(?P<closing>{_CLOSING})", re.IGNORECASE)

_CHANNEL = re.compile(r"<\|channel\|>\s*(?P<name>\w+)[^<]{0,80}<\|message\|>", re.IGNORECASE)
"""The channels of gpt-oss: `analysis`, `commentary` and `final`."""
_BARE_FINAL = "assistantfinal"
"""How the last channel begins where a decoder drops special tokens."""
_SPECIAL_TOKEN = re.compile(
    r"<\|[^<>|\s]{1,40}\|>|</?s>|<(?:pad|eos|bos|end_of_turn|end_of_text|unk)>|<｜[^<>｜]{1,40}｜>|\[/?INST\]"
)

_MAY_MARK = re.compile(r"[<\[◁]")
"""How each of the tags, tokens and channels begins; most replies have none."""


def without_reasoning(text: str) -> str:
    """Returns a reply without the text in reasoning tags, of which one may lack its opening or its closing tag.

    A closing tag without an opening one ends reasoning that began in the prompt; an opening tag without a closing one
    begins reasoning that was cut off. The time is linear in the length of the text.

    Example:

    ```python
    >>> without_reasoning("It is no? Wait.</think>Yes"), without_reasoning("<think>It is no"), without_reasoning("No")
    ('Yes', '', 'No')

    ```
    """
    if not _MAY_MARK.search(text) and not text.startswith("analysis"):
        return text.strip()
    text = _final_channel(text)
    kept: list[str] = []
    end, reasoning = 0, False
    for tag in _TAG.finditer(text):
        if not reasoning:
            kept.append(text[end : tag.start()])
        if tag["closing"] and not reasoning:
            kept.clear()
        reasoning, end = tag["opening"] is not None, tag.end()
    if not reasoning:
        kept.append(text[end:])
    return _SPECIAL_TOKEN.sub("\n", "".join(kept)).strip()


def _final_channel(text: str) -> str:
    """Returns the text of the last `final` channel, all of a reply without channels, and nothing of other channels."""
    channels = list(_CHANNEL.finditer(text))
    if channels:
        last = channels[-1]
        return text[last.end() :] if last["name"].lower() == "final" else text[: channels[0].start()]
    if text.startswith("analysis") and text[len("analysis") :][:1].isalnum():
        return text.partition(_BARE_FINAL)[2]
    return text
