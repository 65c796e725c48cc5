"""Tiny decoders that the tests of the model share."""

import pytest
import torch
from torch import nn

from hf_causal.models.axiom import AxiomConfig, AxiomForCausalLM, AxiomTokenizer
from hf_causal.models.axiom.configuration_axiom import POSITION_ENCODINGS

TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 64}
ATTENTIONS = ("eager", "sdpa", "flex_attention")
PROMPTS = (
    "A causes B. B causes Cat. Does A cause Cat?",
    "no causes X7. Does X7 cause no?",
    "x causes y. y causes z. z causes w. Does w cause x?",
)

as_written = [
    pytest.mark.usefixtures("uncompiled"),
    pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile"),
]
every_encoding = pytest.mark.parametrize("encoding", POSITION_ENCODINGS)
every_attention = pytest.mark.parametrize("attention", ATTENTIONS)


def config(encoding: str = "none", **changes) -> AxiomConfig:
    return AxiomConfig(**{**TINY, "position_encoding": encoding, **changes})


def randomize(model: nn.Module, seed: int = 0) -> None:
    """Weights large enough, biases and norms included, that a wrong position or mask moves every logit."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)


def build(encoding: str = "none", attention: str = "sdpa", **changes) -> AxiomForCausalLM:
    model = AxiomForCausalLM(config(encoding, **changes)).eval()
    randomize(model)
    model.set_attn_implementation(attention)
    return model


def ids(length: int = 12, batch: int = 1, seed: int = 1) -> torch.Tensor:
    return torch.randint(4, 73, (batch, length), generator=torch.Generator().manual_seed(seed))


def assert_close(actual: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(actual, expected, atol=2e-5, rtol=2e-4)


PREMISE = "A causes B. B causes Cat."
QUESTIONS = ("Does A cause Cat?", "Does Cat cause A?", "Does B cause A?")


def pack(questions=QUESTIONS, premise=PREMISE, left=0, right=3):
    """Ids and segments of one row, and the slice of each question in it."""
    tokenizer = AxiomTokenizer()
    row = [0] * left + tokenizer(premise).input_ids
    segments = [-1] * left + [0] * (len(row) - left)
    spans = []
    for number, question in enumerate(questions, start=1):
        tokens = tokenizer(question, add_special_tokens=False).input_ids
        spans.append(slice(len(row), len(row) + len(tokens)))
        row += tokens
        segments += [number] * len(tokens)
    return torch.tensor([row + [0] * right]), torch.tensor([segments + [-1] * right]), spans
