"""Any causal language model on this machine, by the likelihood of Yes against No or by what it generates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig

from hf_causal.evaluation.batches import accepts, batches_by_length, keep_accepted, left_padded, weights_digest
from hf_causal.evaluation.language_models.prompts import PromptFormat, PromptRenderer, shared_length
from hf_causal.evaluation.language_models.reply_cache import Reply, ReplyCache
from hf_causal.evaluation.loading import default_device, load_pretrained
from hf_causal.tasks.shared.replies import parse_answer
from hf_causal.utils.hardware import describe_hardware, has_bf16
from hf_causal.utils.progress import Advance

TokenIds = list[int]


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
        tokens_per_batch (`int`): Questions are batched by length up to this many tokens.
        answers (`str` or `Path`, *optional*): Folder that keeps the replies, see [`ReplyCache`].
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        prompt_format: PromptFormat,
        generate: bool = False,
        chat_template: bool = True,
        max_new_tokens: int = 16,
        tokens_per_batch: int = 16_384,
        answers: str | Path | None = None,
    ):
        self.model, self.tokenizer = model.eval(), tokenizer
        self.renderer = PromptRenderer(tokenizer, prompt_format, chat_template)
        self.generate, self.max_new_tokens, self.tokens_per_batch = generate, max_new_tokens, tokens_per_batch
        self.pad_token_id = next(id for id in (tokenizer.pad_token_id, tokenizer.eos_token_id, 0) if id is not None)
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
            name (`str` or `Path`): The folder, or `ORGANIZATION/NAME`.
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
        return prompting | ({"max_new_tokens": self.max_new_tokens} if self.generate else {})

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
            with torch.no_grad():
                generated = self.model.generate(**batch, generation_config=greedy)[:, batch["input_ids"].shape[1] :]
            # Special tokens are kept: in some tokenizers they are the tags around the reasoning.
            texts = self.tokenizer.batch_decode([_until(ids, greedy.eos_token_id) for ids in generated.tolist()])
            yield {keys[row]: {"text": text} for row, text in zip(rows, texts, strict=True)}

    def _compare(self, missing: Mapping[str, str]) -> Iterator[dict[str, Reply]]:
        """Computes the log-likelihoods of Yes and No, of the tokens in which the two complete texts differ."""
        keys = list(missing)
        answered = [[self.renderer.with_answer(text, answer) for text in missing.values()] for answer in ("Yes", "No")]
        pairs = list(zip(*map(self.renderer.token_ids, answered), strict=True))
        shared = [shared_length(*pair) for pair in pairs]
        # If every answer is one token, one pass over the shared prefix gives both likelihoods.
        one_token = all(len(ids) == prefix + 1 for pair, prefix in zip(pairs, shared, strict=True) for ids in pair)
        lengths = [prefix if one_token else sum(map(len, pair)) for pair, prefix in zip(pairs, shared, strict=True)]
        for rows in batches_by_length(lengths, self.tokens_per_batch):
            likelihoods = (self._next_tokens if one_token else self._suffixes)(
                [pairs[row] for row in rows], [shared[row] for row in rows]
            )
            yield {keys[row]: {"yes": yes, "no": no} for row, (yes, no) in zip(rows, likelihoods, strict=True)}

    def _next_tokens(self, pairs: Sequence[tuple[TokenIds, ...]], shared: Sequence[int]) -> list[list[float]]:
        """Returns the log-likelihoods of the last tokens of each pair, after their shared prefix."""
        log_probabilities = self._log_probabilities([ids[:-1] for ids, _ in pairs], 1)[:, -1]
        return [[log_probabilities[row, ids[-1]].item() for ids in pair] for row, pair in enumerate(pairs)]

    def _suffixes(self, pairs: Sequence[tuple[TokenIds, ...]], shared: Sequence[int]) -> list[list[float]]:
        """Returns the log-likelihoods of the tokens after the shared prefix, for both rows of each pair."""
        rows = [ids for pair in pairs for ids in pair]
        suffixes = [ids[prefix:] for pair, prefix in zip(pairs, shared, strict=True) for ids in pair]
        log_probabilities = self._log_probabilities([ids[:-1] for ids in rows], max(map(len, suffixes)))
        sums = [
            log_probabilities[row, -len(suffix) :]
            .gather(1, torch.tensor(suffix, device=log_probabilities.device)[:, None])
            .sum()
            .item()
            for row, suffix in enumerate(suffixes)
        ]
        return [sums[row : row + 2] for row in range(0, len(sums), 2)]

    @torch.no_grad()
    def _log_probabilities(self, rows: list[TokenIds], positions: int) -> torch.Tensor:
        """Returns log-probabilities of the next tokens, of shape (rows, last positions, vocabulary)."""
        takes_positions = accepts(self.model, "position_ids")
        batch = left_padded(rows, self.pad_token_id, self.model.device, takes_positions)
        options = keep_accepted(self.model, {"use_cache": False, "logits_to_keep": positions})
        return self.model(**batch, **options).logits[:, -positions:].float().log_softmax(-1)


def _until(ids: TokenIds, end: int | list[int] | None) -> TokenIds:
    """Returns generated token ids up to the one that ends the text, after which there is only padding."""
    ends = end if isinstance(end, list) else [end]
    return ids[: next((index for index, token in enumerate(ids) if token in ends), len(ids))]


def read_reply(reply: Reply) -> int:
    """Returns the answer of a reply: the more likely one, or the one that was generated."""
    if "yes" in reply:
        return int(reply["yes"] > reply["no"])
    return parse_answer(reply["text"])
