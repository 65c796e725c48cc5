"""Asking a model Yes-or-No questions."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hf_causal.evaluation.language_models.prompts import premise_and_question
from hf_causal.evaluation.loading import PAIRS, is_classifier, load_pretrained
from hf_causal.models import MODEL_TYPES
from hf_causal.utils.hardware import describe_hardware, has_bf16
from hf_causal.utils.progress import Advance


class Answerer:
    """A model that is asked for `Yes` or `No`: a language model for the next token, a classifier for a class.

    Args:
        model (`PreTrainedModel`): A causal language model, or a sequence classifier with the labels No and Yes, or
            with those of natural language inference: entailment is Yes, every other label No.
        tokenizer (`PreTrainedTokenizerBase`): Its tokenizer.
        tokens_per_batch (`int`): Prompts are batched by length up to this many tokens.
    """

    def __init__(self, model: Any, tokenizer: Any, tokens_per_batch: int = 16_384):
        self.model, self.tokenizer, self.tokens_per_batch = model.eval(), tokenizer, tokens_per_batch
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        self.classifies = is_classifier(model.config)
        # Encoders number their positions in ways of their own, and their tokenizers know how they are padded.
        self.stock = self.classifies and model.config.model_type not in MODEL_TYPES
        self.pairs = self.stock and (getattr(model.config, PAIRS, False) or infers(model.config))
        """Whether premise and question are two texts."""
        if self.classifies:
            self.yes, self.others = answer_classes(model.config)
        else:
            self.yes, self.others = _answer_token(tokenizer, "Yes"), [_answer_token(tokenizer, "No")]
        self.no = self.others[0]
        accepts = inspect.signature(model.forward).parameters
        self.loops = "num_loops" in accepts
        """Whether the model loops, so that it can be given more loops than it needs."""
        self.positioned = "position_ids" in accepts
        """Whether the model is told where each token stands: many count the padding on the left otherwise."""
        wanted = {"use_cache": False, "logits_to_keep": 1}
        self.options = {name: value for name, value in wanted.items() if name in accepts}

    @classmethod
    def load(cls, model: str | Path, device: str | None = None, trust_remote_code: bool = False) -> Answerer:
        """Loads a folder or a model on the Hub.

        Raises:
            `FileNotFoundError`: If it cannot be loaded, with what went wrong.
        """
        return cls(*load_pretrained(model, device, trust_remote_code))

    @torch.no_grad()
    def probabilities(
        self, prompts: Sequence[str], progress: Advance | None = None, loop_factor: int = 1
    ) -> np.ndarray:
        """Probability of Yes against No after each prompt.

        Args:
            prompts (sequence of `str`): Complete prompts, ending with the question.
            progress (callable, *optional*): Called with the number of prompts answered since the last call.
            loop_factor (`int`): This many times the loops that the slowest prompt of a batch takes, for models that
                loop.

        Returns:
            `np.ndarray`: `float64` of shape (prompts,). Above one half means that Yes is likelier than No; where
                several labels mean No, than the likeliest of them.
        """
        encoded = encode(self.tokenizer, prompts, self.pairs)
        ids = encoded["input_ids"]
        answers = np.zeros(len(ids))
        device = self.model.device
        bf16 = has_bf16(device.type)
        for chosen in batches_by_length([len(row) for row in ids], self.tokens_per_batch):
            if self.stock:
                fields = {name: [values[index] for index in chosen] for name, values in encoded.items()}
                tokens = self.tokenizer.pad(fields, return_tensors="pt").to(device)
            else:
                rows = [ids[index] for index in chosen]
                tokens = left_padded(rows, self.tokenizer.pad_token_id, device, self.positioned)
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                outputs = self.model(**tokens, **self.options)
                if loop_factor > 1:
                    loops = loop_factor * int(outputs.num_loops.max())
                    outputs = self.model(**tokens, **self.options, num_loops=loops)
            logits = (outputs.logits if self.classifies else outputs.logits[:, -1]).float()
            margin = logits[:, self.yes] - logits[:, self.others].amax(1)
            answers[chosen] = torch.sigmoid(margin).double().cpu().numpy()
            if progress:
                progress(len(chosen))
        return answers

    def answers(self, prompts: Sequence[str], progress: Advance | None = None, loop_factor: int = 1) -> list[int]:
        """1 where Yes is likelier than No, else 0."""
        return [int(probability > 0.5) for probability in self.probabilities(prompts, progress, loop_factor)]

    def require_readable(self, grammar: str, prompt: str) -> None:
        """Raises `ValueError` where a model of this package has no words for a grammar, so that answers mean nothing.

        Args:
            grammar (`str`): The grammar's name.
            prompt (`str`): One of its prompts.
        """
        # Other models read any text, though some have an unknown token for a rare character.
        if self.model.config.model_type not in MODEL_TYPES:
            return
        tokens = self.tokenizer(prompt)["input_ids"]
        if self.tokenizer.unk_token_id in tokens:
            raise ValueError(
                f"the model has no words for {grammar} questions: it was made for another grammar, and its tokenizer "
                f"cannot read what stands in {prompt[-80:]!r}"
            )

    def fingerprint(self) -> str:
        """SHA-256 of the weights."""
        return weights_digest(self.model)

    def about(self) -> dict[str, Any]:
        """What the scores have to say of it."""
        return {"hardware": describe_hardware(self.model.device.type)}


def batches_by_length(lengths: Sequence[int], tokens_per_batch: int) -> Iterator[np.ndarray]:
    """Indices of prompts of like length, the longest first so that a lack of memory shows at once."""
    order = np.argsort(lengths, kind="stable")[::-1]
    start = 0
    while start < len(order):
        size = max(1, tokens_per_batch // lengths[order[start]])
        yield order[start : start + size]
        start += size


def left_padded(
    rows: Sequence[Sequence[int]], pad_token_id: int, device: torch.device, positioned: bool = False
) -> dict[str, torch.Tensor]:
    """One batch of token ids that end together.

    Args:
        rows (sequence): Token ids.
        pad_token_id (`int`): What stands before shorter rows; it is masked.
        device (`torch.device`): Where the batch goes.
        positioned (`bool`): Whether to number the places: a model with a table of positions would count the padding.

    Returns:
        `dict`: `input_ids`, `attention_mask` and, with `positioned`, `position_ids`, of shape (rows, longest).
    """
    longest = max(map(len, rows))
    ids = torch.full((len(rows), longest), pad_token_id)
    mask = torch.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, longest - len(row) :] = torch.tensor(row)
        mask[index, longest - len(row) :] = 1
    batch = {"input_ids": ids.to(device), "attention_mask": mask.to(device)}
    if positioned:
        batch["position_ids"] = (mask.cumsum(1) - 1).clamp(min=0).to(device)
    return batch


def weights_digest(model: torch.nn.Module) -> str:
    """SHA-256 of a model's weights as they are in memory."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        # By way of bytes: NumPy has no bf16.
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def encode(tokenizer: Any, prompts: Sequence[str], pairs: bool) -> dict[str, list[list[int]]]:
    """The token ids of prompts, unpadded.

    Args:
        tokenizer (`PreTrainedTokenizerBase`): Its `model_max_length` bounds pairs.
        prompts (sequence of `str`): Complete prompts.
        pairs (`bool`): Whether premise and question are two texts; of those that are too long together, the end of
            the premise is left out and the question never.
    """
    if not pairs:
        return dict(tokenizer(list(prompts)))
    premises, questions = zip(*map(premise_and_question, prompts), strict=True)
    return dict(tokenizer(list(premises), list(questions), truncation="only_first"))


def infers(config: Any) -> bool:
    """Whether the labels of a classifier are those of natural language inference."""
    return "entailment" in {str(name).lower() for name in config.label2id}


def answer_classes(config: Any) -> tuple[int, list[int]]:
    """The class that means Yes, and those that mean No.

    Raises:
        `ValueError`: If the labels are neither Yes and No nor those of natural language inference.
    """
    classes = {str(name).lower(): index for name, index in config.label2id.items()}
    if "entailment" in classes:
        yes = classes["entailment"]
        return yes, [index for index in sorted(classes.values()) if index != yes]
    if "yes" in classes and "no" in classes:
        return classes["yes"], [classes["no"]]
    missing = "Yes" if "yes" not in classes else "No"
    raise ValueError(f"the classifier must have a label {missing!r}, its labels are {', '.join(config.label2id)}")


def _answer_token(tokenizer: Any, word: str) -> int:
    """The token with which an answer begins after a prompt: the whole word here, ` Yes` in most language models."""
    bare = tokenizer("?", add_special_tokens=False)["input_ids"]
    answered = tokenizer(f"? {word}", add_special_tokens=False)["input_ids"]
    if answered[: len(bare)] != bare or len(answered) == len(bare):
        raise ValueError(
            f"the tokenizer merges the question mark with the answer {word!r}; it cannot be scored this way"
        )
    return answered[len(bare)]
