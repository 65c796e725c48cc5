"""Asking a model Yes-or-No questions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hf_causal.hardware import has_bf16


class Answerer:
    """A model that is asked for `Yes` or `No`: a language model for the next token, a classifier for a class.

    Args:
        model (`PreTrainedModel`): A causal language model, or a sequence classifier with the labels No and Yes.
        tokenizer (`PreTrainedTokenizerBase`): Its tokenizer.
        tokens_per_batch (`int`): Prompts are batched by length up to this many tokens.
    """

    def __init__(self, model: Any, tokenizer: Any, tokens_per_batch: int = 16_384):
        self.model, self.tokenizer, self.tokens_per_batch = model.eval(), tokenizer, tokens_per_batch
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        self.classifies = _classifies(model.config)
        find = partial(_answer_class, model.config) if self.classifies else partial(_answer_token, tokenizer)
        self.no, self.yes = find("No"), find("Yes")
        accepts = inspect.signature(model.forward).parameters
        self.loops = "num_loops" in accepts
        """Whether the model loops, so that it can be given more loops than it needs."""
        self.counts_positions = "position_ids" in accepts
        """Whether the model is told where each token stands: many count the padding on the left otherwise."""
        wanted = {"use_cache": False, "logits_to_keep": 1}
        self.options = {name: value for name, value in wanted.items() if name in accepts}

    @classmethod
    def load(cls, model: str | Path, device: str | None = None, trust_remote_code: bool = False) -> Answerer:
        """Loads a folder or a model on the Hub.

        Raises:
            `FileNotFoundError`: If it cannot be loaded, with what went wrong.
        """
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

        import hf_causal.models  # noqa: F401  (registers the architectures of this package)

        path = Path(model)
        if path.exists() and not (path / "config.json").is_file():
            raise FileNotFoundError(f"{str(model)!r} is not a model folder: it has no config.json")
        if not path.exists() and (path.is_absolute() or str(model).count("/") != 1):
            raise FileNotFoundError(f"no model folder {str(model)!r}; a model on the Hub is named ORGANIZATION/NAME")
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        try:
            tokenizer = AutoTokenizer.from_pretrained(model, trust_remote_code=trust_remote_code)
            config = AutoConfig.from_pretrained(model, trust_remote_code=trust_remote_code)
            head = AutoModelForSequenceClassification if _classifies(config) else AutoModelForCausalLM
            loaded = head.from_pretrained(model, trust_remote_code=trust_remote_code)
        except (OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise FileNotFoundError(f"cannot load the model {str(model)!r}: {reason}") from error
        return cls(loaded.to(device), tokenizer)

    @torch.no_grad()
    def probabilities(
        self, prompts: Sequence[str], progress: Callable[[int], Any] | None = None, loop_factor: int = 1
    ) -> np.ndarray:
        """Probability of Yes against No after each prompt.

        Args:
            prompts (sequence of `str`): Complete prompts, ending with the question.
            progress (callable, *optional*): Called with the number of prompts answered since the last call.
            loop_factor (`int`): This many times the loops that the slowest prompt of a batch takes, for models that
                loop.

        Returns:
            `np.ndarray`: `float64` of shape (prompts,). Above one half means that Yes is likelier than No.
        """
        ids = self.tokenizer(list(prompts))["input_ids"]
        answers = np.zeros(len(ids))
        device = self.model.device
        bf16 = has_bf16(device.type)
        for chosen in self._batches([len(row) for row in ids]):
            batch = self.tokenizer.pad(
                {"input_ids": [ids[index] for index in chosen]}, padding_side="left", return_tensors="pt"
            ).to(device)
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                tokens = {name: batch[name] for name in ("input_ids", "attention_mask")}
                if self.counts_positions:
                    tokens["position_ids"] = (batch["attention_mask"].cumsum(-1) - 1).clamp(min=0)
                outputs = self.model(**tokens, **self.options)
                if loop_factor > 1:
                    loops = loop_factor * int(outputs.num_loops.max())
                    outputs = self.model(**tokens, **self.options, num_loops=loops)
            logits = (outputs.logits if self.classifies else outputs.logits[:, -1]).float()
            answers[chosen] = torch.sigmoid(logits[:, self.yes] - logits[:, self.no]).double().cpu().numpy()
            if progress:
                progress(len(chosen))
        return answers

    def answers(
        self, prompts: Sequence[str], progress: Callable[[int], Any] | None = None, loop_factor: int = 1
    ) -> list[int]:
        """1 where Yes is likelier than No, else 0."""
        return [int(probability > 0.5) for probability in self.probabilities(prompts, progress, loop_factor)]

    def _batches(self, lengths: list[int]) -> Iterator[np.ndarray]:
        """Indices of prompts of like length, the longest first so that a lack of memory shows at once."""
        order = np.argsort(lengths, kind="stable")[::-1]
        start = 0
        while start < len(order):
            size = max(1, self.tokens_per_batch // lengths[order[start]])
            yield order[start : start + size]
            start += size


def _classifies(config: Any) -> bool:
    return any("SequenceClassification" in name for name in config.architectures or ())


def _answer_class(config: Any, word: str) -> int:
    """The class that is called No or Yes."""
    classes = {str(name).lower(): index for name, index in config.label2id.items()}
    if word.lower() not in classes:
        raise ValueError(f"the classifier must have a label {word!r}, its labels are {', '.join(config.label2id)}")
    return classes[word.lower()]


def _answer_token(tokenizer: Any, word: str) -> int:
    """The token with which an answer begins after a prompt: the whole word here, ` Yes` in most language models."""
    bare = tokenizer("?", add_special_tokens=False)["input_ids"]
    answered = tokenizer(f"? {word}", add_special_tokens=False)["input_ids"]
    if answered[: len(bare)] != bare or len(answered) == len(bare):
        raise ValueError(
            f"the tokenizer merges the question mark with the answer {word!r}; it cannot be scored this way"
        )
    return answered[len(bare)]
