"""Any causal language model on this machine: the likelihood of Yes against No, or what it writes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig

from hf_causal.evaluation.language_models.prompts import PromptFormat
from hf_causal.evaluation.language_models.reply_cache import AnswerStore, Reply
from hf_causal.evaluation.language_models.wording import Wording, shared_length
from hf_causal.evaluation.loading import load_pretrained
from hf_causal.evaluation.predictors import batches_by_length, left_padded, weights_digest
from hf_causal.tasks.shared.replies import parse_answer
from hf_causal.utils.hardware import describe_hardware, has_bf16
from hf_causal.utils.progress import Advance


class LocalModel:
    """A causal language model that is asked in a [`PromptFormat`].

    Args:
        model (`PreTrainedModel`): A causal language model.
        tokenizer (`PreTrainedTokenizerBase`): Its tokenizer.
        prompt_format ([`PromptFormat`]): How questions are put.
        generate (`bool`): Read the answer from what the model writes, greedily, instead of comparing the likelihoods
            of Yes and No.
        chat_template (`bool`): Whether to use the tokenizer's chat template, where it has one.
        max_new_tokens (`int`): Of a written answer.
        tokens_per_batch (`int`): Questions are batched by length up to this many tokens.
        answers (`str` or `Path`, *optional*): Folder that keeps the replies, see [`AnswerStore`].
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
        self.wording = Wording(tokenizer, prompt_format, chat_template)
        self.generate, self.max_new_tokens, self.tokens_per_batch = generate, max_new_tokens, tokens_per_batch
        known = (tokenizer.pad_token_id, tokenizer.eos_token_id, 0)
        self.pad_token_id = next(id for id in known if id is not None)
        accepts = inspect.signature(model.forward).parameters
        self.positioned, self.keeps_logits = "position_ids" in accepts, "logits_to_keep" in accepts
        self.options = {"use_cache": False} if "use_cache" in accepts else {}
        self.max_length = getattr(model.config.get_text_config(), "max_position_embeddings", None)
        self._fingerprint = weights_digest(model)
        template = tokenizer.chat_template if self.wording.chats else None
        self.store = AnswerStore(answers, {"weights": self._fingerprint, "template": template, **self._asked()})

    @classmethod
    def load(
        cls,
        name: str | Path,
        device: str | None = None,
        trust_remote_code: bool = False,
        quantization: Any = None,
        **options: Any,
    ) -> LocalModel:
        """Loads a folder or a model on the Hub, in bf16 where the hardware multiplies it.

        A folder may hold an adapter alone; the model that it belongs to is loaded with it. `quantization` is the
        `BitsAndBytesConfig` of weights that are to be held in four bits.

        Raises:
            `FileNotFoundError`: If it cannot be loaded.
            `ValueError`: If it is no causal language model.
        """
        kind = (device or ("cuda" if torch.cuda.is_available() else "cpu")).partition(":")[0]
        dtype = torch.bfloat16 if has_bf16(kind) else torch.float32
        model, tokenizer = load_pretrained(name, device, trust_remote_code, dtype, False, quantization)
        return cls(model, tokenizer, **options)

    def answers(self, prompts: Sequence[str], progress: Advance | None = None) -> list[int]:
        """1 for Yes, 0 for No, `UNPARSABLE` where the reply is neither or the question too long for the model."""
        replies = self.store.complete([self.render(prompt) for prompt in prompts], self._ask, progress)
        return [read_reply(reply) for reply in replies]

    def render(self, prompt: str) -> str:
        """The text that the model is given."""
        return self.wording.render(prompt)

    def fingerprint(self) -> str:
        """SHA-256 of the weights."""
        return self._fingerprint

    def require_readable(self, grammar: str, prompt: str) -> None:
        """Nothing is refused: a language model reads any text."""

    def about(self) -> dict[str, Any]:
        """What the scores have to say of it."""
        return {"hardware": describe_hardware(self.model.device.type), "asked": self._asked()}

    def _asked(self) -> dict[str, Any]:
        written = {"max_new_tokens": self.max_new_tokens} if self.generate else {}
        way = "generation" if self.generate else "log-likelihood"
        dtype = str(self.model.dtype).removeprefix("torch.")
        asked = {"way": way, "chat_template": self.wording.chats, **self.wording.prompt_format.to_dict()}
        return {**asked, "dtype": dtype, **written}

    def _ask(self, missing: Mapping[str, str]) -> Iterator[dict[str, Reply]]:
        ask = self._write if self.generate else self._compare
        rows = dict(zip(missing, self.wording.ids(list(missing.values())), strict=True))
        room = (self.max_length or max(map(len, rows.values()))) - (self.max_new_tokens if self.generate else 2)
        long = [key for key, row in rows.items() if self.max_length and len(row) > room]
        if long:
            yield {key: {"text": None} for key in long}
        if len(long) < len(missing):
            yield from ask({key: text for key, text in missing.items() if key not in set(long)})

    def _write(self, missing: Mapping[str, str]) -> Iterator[dict[str, Reply]]:
        keys, rows = list(missing), self.wording.ids(list(missing.values()))
        greedy = GenerationConfig(
            do_sample=False,
            max_new_tokens=self.max_new_tokens,
            pad_token_id=self.pad_token_id,
            eos_token_id=self.model.generation_config.eos_token_id or self.tokenizer.eos_token_id,
        )
        for chosen in batches_by_length([len(row) + self.max_new_tokens for row in rows], self.tokens_per_batch):
            batch = left_padded([rows[index] for index in chosen], self.pad_token_id, self.model.device)
            with torch.no_grad():
                written = self.model.generate(**batch, generation_config=greedy)
            ends = written[:, batch["input_ids"].shape[1] :]
            texts = self.tokenizer.batch_decode(ends, skip_special_tokens=True)
            yield {keys[index]: {"text": text} for index, text in zip(chosen, texts, strict=True)}

    def _compare(self, missing: Mapping[str, str]) -> Iterator[dict[str, Reply]]:
        """The two complete texts differ from their first answer token on; what is before it is the same condition."""
        keys = list(missing)
        answered = [[self.wording.answered(text, word) for text in missing.values()] for word in ("Yes", "No")]
        pairs = [list(pair) for pair in zip(*map(self.wording.ids, answered), strict=True)]
        shared = [shared_length(*pair) for pair in pairs]
        single = all(len(ids) == same + 1 for pair, same in zip(pairs, shared, strict=True) for ids in pair)
        # With answers of one token, reading the condition once tells both.
        lengths = [same if single else sum(map(len, pair)) for pair, same in zip(pairs, shared, strict=True)]
        for chosen in batches_by_length(lengths, self.tokens_per_batch):
            if single:
                found = self._log_probabilities([pairs[index][0][:-1] for index in chosen], 1)[:, -1]
                scores = [[found[row, ids[-1]].item() for ids in pairs[i]] for row, i in enumerate(chosen)]
            else:
                scores = self._tails([pairs[index] for index in chosen], [shared[index] for index in chosen])
            yield {keys[i]: {"yes": yes, "no": no} for i, (yes, no) in zip(chosen, scores, strict=True)}

    def _tails(self, pairs: Sequence[list[list[int]]], shared: Sequence[int]) -> list[list[float]]:
        """The log-likelihoods of what is not shared, for both rows of each pair."""
        rows = [ids for pair in pairs for ids in pair]
        tails = [ids[same:] for pair, same in zip(pairs, shared, strict=True) for ids in pair]
        found = self._log_probabilities([ids[:-1] for ids in rows], max(map(len, tails)))
        sums = [
            found[row, -len(tail) :].gather(1, torch.tensor(tail, device=found.device)[:, None]).sum().item()
            for row, tail in enumerate(tails)
        ]
        return [sums[row : row + 2] for row in range(0, len(sums), 2)]

    @torch.no_grad()
    def _log_probabilities(self, rows: list[list[int]], places: int) -> torch.Tensor:
        batch = left_padded(rows, self.pad_token_id, self.model.device, self.positioned)
        kept = {"logits_to_keep": places} if self.keeps_logits else {}
        return self.model(**batch, **self.options, **kept).logits[:, -places:].float().log_softmax(-1)


def read_reply(reply: Reply) -> int:
    """The answer in a reply: the likelier one, or what is written."""
    if "yes" in reply:
        return int(reply["yes"] > reply["no"])
    return parse_answer(reply["text"])
