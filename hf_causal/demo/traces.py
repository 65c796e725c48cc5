"""Runs a model on one question and records how it computes its answer."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # imported with the first question, so that the page is served before torch is loaded
    import torch

    from hf_causal.evaluation.predictors import ModelPredictor

MAX_ATTENTION_TOKENS = 512
"""Longer prompts are answered without a picture of attention, which grows with the square of their length."""


@dataclass(frozen=True)
class LoopTrace:
    """State of the looped reasoner after every loop."""

    reached: np.ndarray
    """Shape (loops, statements): probability that the cause of a statement is reached from the cause in question; in
    questions about d-separation, that the Bayes ball travels along it in either direction. Empty for a closed system,
    whose states belong to pairs of variables."""
    answer: np.ndarray
    """Shape (loops,): probability of Yes."""


@dataclass(frozen=True)
class AttentionTrace:
    """Attention of a decoder at the last token of the prompt."""

    tokens: tuple[str, ...]
    weights: np.ndarray
    """Shape (layers, heads, tokens), each row a distribution."""


@dataclass(frozen=True)
class Opinion:
    """A model's answer."""

    probability: float
    """Probability of Yes, among Yes and No."""
    trace: LoopTrace | AttentionTrace | None


class Unread(ValueError):
    """A prompt that a model cannot read."""


def ask(predictor: ModelPredictor, prompt: str) -> Opinion:
    """Runs a model on one question.

    Args:
        predictor ([`ModelPredictor`]): The model.
        prompt (`str`): Premise and question.

    Raises:
        [`Unread`]: If the model cannot read the prompt.
    """
    import torch

    tokens = predictor.tokenizer(prompt, return_tensors="pt")
    unknown = predictor.tokenizer.unk_token_id
    if unknown is not None and bool((tokens["input_ids"] == unknown).any()):
        raise Unread("this model cannot read the words of this question: it was trained on other questions")
    inputs = {name: tokens[name].to(predictor.model.device) for name in ("input_ids", "attention_mask")}
    with _lock(predictor.model), torch.inference_mode():
        try:
            return _run(predictor, inputs)
        except ValueError as error:
            raise Unread(f"this model cannot read the question: {error}") from error


def _run(predictor: ModelPredictor, inputs: dict[str, torch.Tensor]) -> Opinion:
    import torch

    if predictor.can_loop:
        outputs = predictor.model(**inputs, output_loops=True)
        states = torch.stack([_yes(predictor, logits[0, -1]) for logits in outputs.loop_logits])
        # A closed system has logits for its hypothesis only.
        if outputs.sentence_logits is None:
            reached, answers = states.new_zeros(len(states), 0), states.flatten()
        else:
            reached, answers = states[:, :-1], states[:, -1]
        if getattr(outputs, "loop_ball_logits", None):
            balls = torch.stack([logits[0, -1].float().cpu() for logits in outputs.loop_ball_logits])
            reached = balls.sigmoid().amax(-1)
        return Opinion(_yes(predictor, outputs.logits[0]).item(), LoopTrace(reached.numpy(), answers.numpy()))
    if predictor.is_classifier:
        return Opinion(_yes(predictor, predictor.model(**inputs).logits[0]).item(), None)
    ids = inputs["input_ids"][0]
    records = len(ids) <= MAX_ATTENTION_TOKENS
    outputs = predictor.model(**inputs, **predictor.forward_options, output_attentions=records)
    probability = _yes(predictor, outputs.logits[0, -1]).item()
    return Opinion(probability, _attention(predictor.tokenizer, ids, outputs) if records else None)


def _attention(tokenizer: Any, ids: torch.Tensor, outputs: Any) -> AttentionTrace | None:
    layers = getattr(outputs, "attentions", None)
    if not layers or layers[0] is None:
        return None
    import torch

    weights = torch.stack([layer[0, :, -1] for layer in layers]).float().cpu().numpy()
    return AttentionTrace(tuple(tokenizer.convert_ids_to_tokens(ids.tolist())), weights)


def _yes(predictor: ModelPredictor, logits: torch.Tensor) -> torch.Tensor:
    return (logits[..., predictor.yes].float() - logits[..., predictor.no[0]].float()).sigmoid().cpu()


# One thread at a time runs a model: on a shared processor, several at once only slow each other down.
_LOCKS: weakref.WeakKeyDictionary[Any, threading.Lock] = weakref.WeakKeyDictionary()
_LOCKS_LOCK = threading.Lock()


def _lock(model: Any) -> threading.Lock:
    with _LOCKS_LOCK:
        return _LOCKS.setdefault(model, threading.Lock())
