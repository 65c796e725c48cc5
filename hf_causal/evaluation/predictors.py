"""Models that answer Yes or No: next-token predictors, and classifiers of one text or of a pair of texts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from hf_causal.evaluation.batches import accepts, batches_by_length, keep_accepted, left_padded, padded, weights_digest
from hf_causal.evaluation.language_models.prompts import premise_and_question
from hf_causal.evaluation.loading import QUESTION_PAIRS, is_classifier, load_pretrained
from hf_causal.models import MODEL_TYPES
from hf_causal.utils.hardware import describe_hardware, has_bf16
from hf_causal.utils.progress import Advance

Encoded = Mapping[str, Sequence[Any]]
"""Token ids of prompts, unpadded, and whatever else the tokenizer returns, one value a prompt."""


class Predictor(Protocol):
    """Anything that answers Yes-or-No questions: a model, an endpoint, or an exact solver in tests."""

    @property
    def hardware(self) -> str:
        """Where the answers are computed, for the scores."""
        ...

    @property
    def prompting(self) -> Mapping[str, Any] | None:
        """How a language model is prompted, for the scores; `None` where the prompts are used as they are."""
        ...

    def predict(self, prompts: Sequence[str], progress: Advance | None = None) -> list[int]:
        """Returns 1 for Yes, 0 for No, and anything else for an answer that is neither."""
        ...

    def fingerprint(self) -> str:
        """Returns a text that is equal for predictors with equal answers."""
        ...

    def require_readable(self, task: str, prompt: str) -> None:
        """Raises `ValueError` if the model cannot read prompts of a task, such as this one."""
        ...


class ModelPredictor(ABC):
    """Base of the predictors that compare the logits of Yes and No.

    Args:
        model (`PreTrainedModel`): The model; it is set to evaluation mode.
        tokenizer (`PreTrainedTokenizerBase`): Its tokenizer.
        yes (`int`): Index of Yes in the logits.
        no (list of `int`): Indices that mean No; the most likely of them is compared with Yes.
        tokens_per_batch (`int`): Prompts are batched by length up to this many tokens.
    """

    is_classifier = True
    prompting = None

    def __init__(self, model: Any, tokenizer: Any, yes: int, no: list[int], tokens_per_batch: int = 16_384):
        self.model, self.tokenizer, self.tokens_per_batch = model.eval(), tokenizer, tokens_per_batch
        self.yes, self.no = yes, no
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        # Only the last token's logits are read, and no cache is reused.
        self.forward_options = keep_accepted(model, {"use_cache": False, "logits_to_keep": 1})

    @property
    def can_loop(self) -> bool:
        """Whether the model takes a number of loops, so that it can run more of them than it needs."""
        return hasattr(self.model.config, "max_loops")

    @property
    def hardware(self) -> str:
        """The device that the model is on."""
        return describe_hardware(self.model.device.type)

    def encode(self, prompts: Sequence[str]) -> Encoded:
        """Tokenizes prompts, without padding."""
        return self.tokenizer(list(prompts))

    @abstractmethod
    def collate(self, encoded: Encoded, rows: Iterable[int]) -> dict[str, torch.Tensor]:
        """Pads some rows of encoded prompts to one batch on the model's device."""

    def answer_logits(self, outputs: Any) -> torch.Tensor:
        """Returns the logits that contain those of Yes and No, of shape (prompts, answers)."""
        return outputs.logits

    @torch.no_grad()
    def probabilities(
        self, prompts: Sequence[str], progress: Advance | None = None, loop_factor: int = 1
    ) -> np.ndarray:
        """Computes the probability of Yes against No for each prompt.

        Args:
            prompts (sequence of `str`): Complete prompts, ending with the question.
            progress (callable, *optional*): Called with the number of prompts answered since the last call.
            loop_factor (`int`): For looped models: run this many times the loops that the slowest prompt of a batch
                needs.

        Returns:
            `np.ndarray`: `float64` of shape (prompts,). Above one half, Yes is more likely than No; where several
                labels mean No, compared with the most likely of them.
        """
        encoded = self.encode(prompts)
        result = np.zeros(len(prompts))
        for rows in batches_by_length([len(ids) for ids in encoded["input_ids"]], self.tokens_per_batch):
            logits = self._forward(self.collate(encoded, rows), loop_factor)
            margin = logits[:, self.yes] - logits[:, self.no].amax(1)
            result[rows] = torch.sigmoid(margin).double().cpu().numpy()
            if progress:
                progress(len(rows))
        return result

    def _forward(self, batch: dict[str, torch.Tensor], loop_factor: int) -> torch.Tensor:
        device = self.model.device.type
        with torch.autocast(device, torch.bfloat16, enabled=has_bf16(device)):
            outputs = self.model(**batch, **self.forward_options)
            if loop_factor > 1:
                num_loops = loop_factor * int(outputs.num_loops.max())
                outputs = self.model(**batch, **self.forward_options, num_loops=num_loops)
        return self.answer_logits(outputs).float()

    def predict(self, prompts: Sequence[str], progress: Advance | None = None, loop_factor: int = 1) -> list[int]:
        """Returns 1 where Yes is more likely than No, else 0."""
        return [int(probability > 0.5) for probability in self.probabilities(prompts, progress, loop_factor)]

    def require_readable(self, task: str, prompt: str) -> None:
        """Raises `ValueError` if a model of this package lacks words of a task, so that its answers mean nothing.

        Args:
            task (`str`): Name of the task.
            prompt (`str`): One of its prompts.
        """
        # Other models read any text, though some have an unknown token for a rare character.
        if self.model.config.model_type not in MODEL_TYPES:
            return
        if self.tokenizer.unk_token_id in self.tokenizer(prompt)["input_ids"]:
            raise ValueError(
                f"the model has no words for {task} questions: it was trained on another task, and its tokenizer "
                f"cannot read {prompt[-80:]!r}"
            )

    def fingerprint(self) -> str:
        """Returns the SHA-256 of the weights."""
        return weights_digest(self.model)


class NextTokenPredictor(ModelPredictor):
    """A causal language model; the answer is its next token after the prompt.

    Args:
        model (`PreTrainedModel`): A causal language model.
        tokenizer (`PreTrainedTokenizerBase`): Its tokenizer.
    """

    is_classifier = False

    def __init__(self, model: Any, tokenizer: Any):
        super().__init__(model, tokenizer, _first_token(tokenizer, "Yes"), [_first_token(tokenizer, "No")])
        self._takes_positions = accepts(model, "position_ids")

    def collate(self, encoded: Encoded, rows: Iterable[int]) -> dict[str, torch.Tensor]:
        """Pads on the left, so that every prompt ends at the last position."""
        ids = [encoded["input_ids"][row] for row in rows]
        return left_padded(ids, self.tokenizer.pad_token_id, self.model.device, self._takes_positions)

    def answer_logits(self, outputs: Any) -> torch.Tensor:
        """Returns the logits of the next token, of shape (prompts, vocabulary)."""
        return outputs.logits[:, -1]


class ClassifierPredictor(ModelPredictor):
    """A sequence classifier of the complete prompt, with labels as [`answer_classes`] reads them."""

    def __init__(self, model: Any, tokenizer: Any):
        super().__init__(model, tokenizer, *answer_classes(model.config))

    def collate(self, encoded: Encoded, rows: Iterable[int]) -> dict[str, torch.Tensor]:
        """Pads as the tokenizer of the model does."""
        fields = {name: [values[row] for row in rows] for name, values in encoded.items()}
        return padded(fields, self.tokenizer, self.model.device)


class PairClassifierPredictor(ClassifierPredictor):
    """A sequence classifier that reads premise and question as two texts, as models of language inference do."""

    def encode(self, prompts: Sequence[str]) -> Encoded:
        """Tokenizes premise and question as a pair, without padding."""
        return encode_pairs(self.tokenizer, prompts)


def load_predictor(model: str | Path, device: str | None = None, trust_remote_code: bool = False) -> ModelPredictor:
    """Loads a model folder, an adapter, or a model on the Hub as the predictor of its architecture.

    Args:
        model (`str` or `Path`): The folder, or `ORGANIZATION/NAME`.
        device (`str`, *optional*): A GPU where there is one.
        trust_remote_code (`bool`): Whether to run code that comes with the model.

    Raises:
        `FileNotFoundError`: If it cannot be loaded, with the reason.
        `ValueError`: If a classifier has neither the labels Yes and No nor those of natural language inference.
    """
    return make_predictor(*load_pretrained(model, device, trust_remote_code))


def make_predictor(model: Any, tokenizer: Any) -> ModelPredictor:
    """Wraps a loaded model and its tokenizer in the predictor of its architecture."""
    if not is_classifier(model.config):
        return NextTokenPredictor(model, tokenizer)
    reads_pairs = getattr(model.config, QUESTION_PAIRS, False) or has_inference_labels(model.config)
    if model.config.model_type not in MODEL_TYPES and reads_pairs:
        return PairClassifierPredictor(model, tokenizer)
    return ClassifierPredictor(model, tokenizer)


def encode_pairs(tokenizer: Any, prompts: Sequence[str]) -> dict[str, list[Any]]:
    """Tokenizes premise and question of each prompt as two texts, without padding.

    Pairs longer than the tokenizer's `model_max_length` lose the end of the premise, never of the question.
    """
    premises, questions = zip(*map(premise_and_question, prompts), strict=True)
    return dict(tokenizer(list(premises), list(questions), truncation="only_first"))


def has_inference_labels(config: Any) -> bool:
    """Returns whether the labels of a classifier are those of natural language inference."""
    return "entailment" in {str(name).lower() for name in config.label2id}


def answer_classes(config: Any) -> tuple[int, list[int]]:
    """Returns the class that means Yes, and those that mean No: Yes and No, or entailment and every other label.

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


def _first_token(tokenizer: Any, answer: str) -> int:
    """Returns the first token of an answer after a prompt: the complete word here, ` Yes` in most language models."""
    prompt = tokenizer("?", add_special_tokens=False)["input_ids"]
    answered = tokenizer(f"? {answer}", add_special_tokens=False)["input_ids"]
    if answered[: len(prompt)] != prompt or len(answered) == len(prompt):
        raise ValueError(
            f"the tokenizer merges the question mark with the answer {answer!r}; it cannot be scored this way"
        )
    return answered[len(prompt)]
