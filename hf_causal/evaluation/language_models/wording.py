"""The text that a language model is given for a question, and its token ids: the same for asking and for teaching."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from hf_causal.evaluation.language_models.prompts import PromptFormat


class Wording:
    """A [`PromptFormat`] in the words of one tokenizer.

    Args:
        tokenizer (`PreTrainedTokenizerBase`): With or without a chat template.
        prompt_format ([`PromptFormat`]): How questions are put.
        chat_template (`bool`): Whether to use the tokenizer's chat template, where it has one.
    """

    def __init__(self, tokenizer: Any, prompt_format: PromptFormat, chat_template: bool = True):
        self.tokenizer, self.prompt_format = tokenizer, prompt_format
        self.chats = chat_template and tokenizer.chat_template is not None

    def render(self, prompt: str) -> str:
        """The text that the model is given."""
        if not self.chats:
            return self.prompt_format.text(prompt)
        return self._apply(self.prompt_format.messages(prompt), add_generation_prompt=True)

    def answered(self, text: str, answer: str) -> str:
        """A rendered text with the answer that goes on from it."""
        return f"{text}{'' if self.chats else ' '}{answer}"

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of rendered texts, answered or not."""
        # A chat template writes the special tokens itself.
        return self.tokenizer(list(texts), add_special_tokens=not self.chats)["input_ids"]

    @cached_property
    def end(self) -> str:
        """What a model writes after its answer: the end of its turn, or of the text; may be empty."""
        if not self.chats:
            return self.tokenizer.eos_token or ""
        answer = "Yes"
        turns = [*self.prompt_format.messages("?"), {"role": "assistant", "content": answer}]
        # Some templates go on with a line break, at which nobody stops reading.
        return self._apply(turns, add_generation_prompt=False).rpartition(answer)[2].rstrip()

    def _apply(self, turns: list[dict[str, str]], add_generation_prompt: bool) -> str:
        # Templates that know no thinking ignore that they are told not to.
        return self.tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=add_generation_prompt, enable_thinking=False
        )


def shared_length(first: Sequence[int], second: Sequence[int]) -> int:
    """How many ids two rows begin with in common."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(first), len(second)))
