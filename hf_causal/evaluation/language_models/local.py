"""Any causal language model on this machine, by the likelihood of Yes against No or by what it generates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig

from hf_causal.evaluation.batches import batches_by_length, left_padded, weights_digest
from hf_causal.evaluation.language_models.likelihoods import Likelihoods, TokenIds, tokenized_choice
from hf_causal.evaluation.language_models.prompts import PromptFormat, PromptRenderer
from hf_causal.evaluation.language_models.reply_cache import Reply, ReplyCache
from hf_causal.evaluation.language_models.stopping import AnswerIsComplete, ends_of_answer
from hf_causal.evaluation.loading import default_device, load_pretrained
from hf_causal.tasks.shared.replies import parse_answer
from hf_causal.utils.hardware import describe_hardware, has_bf16
from hf_causal.utils.progress import Advance

_TOKENS_PER_BATCH = 16_384
_TOKENS_PER_LIKELIHOOD_BATCH = {"cpu": 2_048}
"""Tokens of a batch of likelihoods by device: more than fit into the caches of a processor make it slower."""


class LocalModel:
    """A causal language model that answers questions put in a [`PromptFormat`].

    Args:
        model (`PreTrainedModel`): A causal language model.
        tokenizer (`PreTrainedTokenizerBase`): Its tokenizer.
        prompt_format ([`PromptFormat`]): The form of the questions.
        generate (`bool`): Read the answer from greedily generated text, instead of comparing the likelihoods of Yes
            and No.
        chat_template (`bool`): Whether to use the tokenizer's chat template, where it has one.
        max_new_tokens (`int`): Most tokens of a generated answer.
        tokens_per_batch (`int`, *optional*): Questions are batched by length up to this many tokens; as many as suit
            the device when not given.
        answers (`str` or `Path`, *optional*): Folder that keeps the replies, see [`ReplyCache`].
        share (`bool`): Whether likelihoods are computed once for what several prompts begin with, see
            [`Likelihoods`].
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        prompt_format: PromptFormat,
        generate: bool = False,
        chat_template: bool = True,
        max_new_tokens: int = 16,
        tokens_per_batch: int | None = None,
        answers: str | Path | None = None,
        share: bool = True,
    ):
        self.model, self.tokenizer = model.eval(), tokenizer
        self.renderer = PromptRenderer(tokenizer, prompt_format, chat_template)
        self.generate, self.max_new_tokens = generate, max_new_tokens
        self.tokens_per_batch = tokens_per_batch or _TOKENS_PER_BATCH
        self.pad_token_id = next(id for id in (tokenizer.pad_token_id, tokenizer.eos_token_id, 0) if id is not None)
        default_size = _TOKENS_PER_LIKELIHOOD_BATCH.get(model.device.type, _TOKENS_PER_BATCH)
        self.likelihoods = Likelihoods(model, self.pad_token_id, tokens_per_batch or default_size, share)
        self.max_length = getattr(model.config.get_text_config(), "max_position_embeddings", None)
        self._fingerprint = weights_digest(model)
        template = tokenizer.chat_template if self.renderer.uses_chat_template else None
        self.cache = ReplyCache(answers, {"weights": self._fingerprint, "template": template, **self.prompting})

    @classmethod
    def load(
        cls,
        name: str | Path,
        device: str | None = None,
        trust_remote_code: bool = False,
        quantization: Any = None,
        **options: Any,
    ) -> LocalModel:
        """Loads a model, or an adapter with its base model, in bf16 on hardware that has it.

        Args:
            name (`str` or `Path`): The folder, a `.gguf` file or a folder with one, or `ORGANIZATION/NAME`.
            device (`str`, *optional*): A GPU where there is one.
            trust_remote_code (`bool`): Whether to run code that comes with the model.
            quantization (`BitsAndBytesConfig`, *optional*): How to hold the weights in four bits.
            **options: As for [`LocalModel`].

        Raises:
            `FileNotFoundError`: If it cannot be loaded.
            `ValueError`: If it is not a causal language model.
        """
        device_type = (device or default_device()).partition(":")[0]
        dtype = torch.bfloat16 if has_bf16(device_type) else torch.float32
        model, tokenizer = load_pretrained(name, device, trust_remote_code, dtype, False, quantization)
        return cls(model, tokenizer, **options)

    def by_likelihood(self) -> LocalModel:
        """Returns the same model with its answers by the likelihoods of Yes and No."""
        renderer, folder = self.renderer, self.cache.path.parent
        return LocalModel(
            self.model,
            self.tokenizer,
            renderer.prompt_format,
            chat_template=renderer.uses_chat_template,
            answers=folder,
        )

    @property
    def hardware(self) -> str:
        """The device that the model is on."""
        return describe_hardware(self.model.device.type)

    @property
    def prompting(self) -> dict[str, Any]:
        """How the model is prompted, for cache keys and scores."""
        method = "generation" if self.generate else "log-likelihood"
        prompting = {"way": method, "chat_template": self.renderer.uses_chat_template}
        prompting |= {**self.renderer.prompt_format.to_dict(), "dtype": str(self.model.dtype).removeprefix("torch.")}
        if not self.generate:
            return prompting
        ends = {"ends": list(self._ends)} if self._ends else {}
        return {**prompting, "max_new_tokens": self.max_new_tokens, **ends}

    @property
    def _ends(self) -> tuple[str, ...]:
        return ends_of_answer(self.renderer.prompt_format.form, self.renderer.uses_chat_template)

    def predict(self, prompts: Sequence[str], progress: Advance | None = None) -> list[int]:
        """Returns 1 for Yes, 0 for No, and `UNPARSABLE` for another reply or a question too long for the model."""
        return [read_reply(reply) for reply in self.reply(prompts, progress)]

    def reply(self, prompts: Sequence[str], progress: Advance | None = None) -> list[Reply]:
        """Returns the reply to each prompt: its text, or the likelihoods of Yes and No."""
        return self.cache.complete([self.render(prompt) for prompt in prompts], self._ask, progress)

    def render(self, prompt: str) -> str:
        """Returns the model's input text for a prompt."""
        return self.renderer.render(prompt)

    def fingerprint(self) -> str:
        """Returns the SHA-256 of the weights."""
        return self._fingerprint

    def require_readable(self, task: str, prompt: str) -> None:
        """Accepts every prompt: a language model reads any text."""

    def _ask(self, missing: Mapping[str, str]) -> Iterator[dict[str, Reply]]:
        lengths = map(len, self.renderer.token_ids(list(missing.values())))
        answer_tokens = self.max_new_tokens if self.generate else 2
        too_long = {
            key
            for key, length in zip(missing, lengths, strict=True)
            if self.max_length and length > self.max_length - answer_tokens
        }
        if too_long:
            yield {key: {"text": None} for key in missing if key in too_long}
        if len(too_long) < len(missing):
            ask = self._generate if self.generate else self._compare
            yield from ask({key: text for key, text in missing.items() if key not in too_long})

    def _generate(self, missing: Mapping[str, str]) -> Iterator[dict[str, Reply]]:
        keys, prompts = list(missing), self.renderer.token_ids(list(missing.values()))
        greedy = GenerationConfig(
            do_sample=False,
            max_new_tokens=self.max_new_tokens,
            pad_token_id=self.pad_token_id,
            eos_token_id=self.model.generation_config.eos_token_id or self.tokenizer.eos_token_id,
        )
        for rows in batches_by_length([len(ids) + self.max_new_tokens for ids in prompts], self.tokens_per_batch):
            batch = left_padded([prompts[row] for row in rows], self.pad_token_id, self.model.device)
            start = batch["input_ids"].shape[1]
            stops = [AnswerIsComplete(self.tokenizer.decode, start, self._ends)] if self._ends else []
            with torch.no_grad():
                generated = self.model.generate(**batch, generation_config=greedy, stopping_criteria=stops)
            # Special tokens are kept: in some tokenizers they are the tags around the reasoning.
            ends = [greedy.eos_token_id, *([self.pad_token_id] if stops else [])]
            texts = self.tokenizer.batch_decode([_until(ids, ends) for ids in generated[:, start:].tolist()])
            yield {keys[row]: {"text": text} for row, text in zip(rows, texts, strict=True)}

    def _compare(self, missing: Mapping[str, str]) -> Iterator[dict[str, Reply]]:
        """Computes the log-likelihoods of Yes and No, of the tokens in which the two complete texts differ."""
        keys = list(missing)
        answered = [[self.renderer.with_answer(text, answer) for text in missing.values()] for answer in ("Yes", "No")]
        choices = [tokenized_choice(texts) for texts in zip(*map(self.renderer.token_ids, answered), strict=True)]
        for indices, values in self.likelihoods.compute(choices):
            yield {keys[index]: {"yes": yes, "no": no} for index, (yes, no) in zip(indices, values, strict=True)}


def _until(ids: TokenIds, ends: Sequence[int | list[int] | None]) -> TokenIds:
    """Returns generated token ids up to the first one that ends the text, after which there is only padding."""
    tokens = {token for end in ends for token in (end if isinstance(end, list) else [end])}
    return ids[: next((index for index, token in enumerate(ids) if token in tokens), len(ids))]


def read_reply(reply: Reply) -> int:
    """Returns the answer of a reply: the more likely one, or the one that was generated."""
    if "yes" in reply:
        return int(reply["yes"] > reply["no"])
    return parse_answer(reply["text"])
