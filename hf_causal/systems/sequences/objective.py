"""Trains on sequences with a latent graph: the target is the distribution of the next token."""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_letters, digits
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import torch
from torch import nn

from hf_causal.systems.sequences.corpus import graph_of, matrix_of
from hf_causal.systems.sequences.disentangled import DisentangledConfig
from hf_causal.systems.sequences.latent_graphs import soft_cross_entropy
from hf_causal.training.objectives import BatchLoss, Counts, ObjectiveOptions


class SequencePacks:
    """Holds sequences of equal length as arrays; each sequence is a pack with one question.

    Args:
        rows (`pa.Table`): Rows of one config of `causal_sequences`.
    """

    def __init__(self, rows: pa.Table):
        self.tokens = torch.from_numpy(matrix_of(rows["tokens"]).astype(np.int64))
        self.probabilities = torch.from_numpy(matrix_of(rows["target_probabilities"]).astype(np.float32))
        self.lengths = np.full(len(self.tokens), self.tokens.shape[1])
        self.questions = np.ones(len(self.tokens), dtype=np.int64)

    def __len__(self) -> int:
        return len(self.tokens)

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """Makes a batch: `int64` `input_ids` (batch, length), and `float32` `target_probabilities` (batch, states)."""
        indices = torch.from_numpy(np.asarray(packs))
        return {"input_ids": self.tokens[indices], "target_probabilities": self.probabilities[indices]}


class NextState:
    """Computes the cross-entropy with the transition row that the target was drawn from, as in arXiv 2402.14735.

    The row is the expectation of the drawn target, so the loss has less noise. A hit is a prediction whose most
    probable token is that of the row.
    """

    Options = ObjectiveOptions
    selection_metric = "loss"

    def __init__(self, recipe: Any, tokenizer: Any):
        self.model_arguments, self.tokenizer = recipe.model, tokenizer

    def family(self, rows: pa.Table) -> dict[str, Any]:
        """Describes the training data for the card: rows, sizes, graph, and the loss of the Bayes predictor."""
        graph = graph_of(rows)
        bayes = matrix_of(rows["bayes_probabilities"]).astype(np.float64)
        rounded = matrix_of(rows["target_probabilities"]).astype(np.float64)
        return {
            "rows": rows.num_rows,
            "structure": graph.structure,
            "length": graph.length,
            "states": rows["num_states"][0].as_py(),
            "edges": graph.num_edges,
            "bayes_loss": round(soft_cross_entropy(bayes, rounded), 4),
        }

    def make_data(self, rows: pa.Table, training: bool, task: str = "causal_sequences") -> SequencePacks:
        """Rows of one config.

        Raises:
            `ValueError`: If there are none, they are of several graphs, or the model is of another size.
        """
        graph, model = graph_of(rows), DisentangledConfig(**self.model_arguments)
        wanted = {"vocab_size": rows["num_states"][0].as_py(), "max_position_embeddings": graph.length}
        for name, right in wanted.items():
            if (given := getattr(model, name)) != right:
                raise ValueError(f"recipe field 'model.{name}' must be {right} for these sequences, got {given}")
        return SequencePacks(rows)

    def count(self, batches: list[dict[str, torch.Tensor]]) -> Counts:
        return Counts(torch.as_tensor(sum(len(batch["input_ids"]) for batch in batches)), torch.zeros(()))

    def loss_and_hits(
        self, model: Callable[..., Any], batch: dict[str, torch.Tensor], totals: Counts, training: bool = True
    ) -> BatchLoss:
        logits = model(input_ids=batch["input_ids"]).logits.float()
        wanted = batch["target_probabilities"]
        loss_sum = nn.functional.cross_entropy(logits, wanted, reduction="sum")
        hits = (logits.argmax(-1) == wanted.argmax(-1)).sum()
        return BatchLoss(loss_sum / totals.answers, loss_sum.detach(), hits)


class NextStateToken(NextState):
    """The same loss for a decoder with a tokenizer: states are the characters 0, 1, … of names.

    The target is a distribution over all tokens, so that the decoder also learns which tokens are states.
    """

    card: ClassVar[dict[str, Any]] = {
        "task": "text-generation",
        "tags": ["in-context-learning"],
        "usage": """
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

name = "{repo_id}"  # this folder, or its id on the Hub
tokenizer = AutoTokenizer.from_pretrained(name)
model = AutoModelForCausalLM.from_pretrained(name, trust_remote_code=True)
states = torch.tensor([tokenizer.convert_tokens_to_ids(list("0120120"))])
print(model(states).logits[0, -1].softmax(-1))  # of the state that follows
""",
        "about": """
An ordinary decoder with learned positions that reads one state of a sequence a token, `0`, `1`, …, and predicts the
distribution of the next one. The latent graph of the sequences is not given. The disentangled transformer of the
same system shows the graph in its attention; this one is for comparison.
""",
        "sources": """
Sequences: Nichani, Damian and Lee, *How Transformers Learn Causal Structure with Gradient Descent*, arXiv 2402.14735.
""",
    }

    def make_data(self, rows: pa.Table, training: bool, task: str = "causal_sequences") -> SequencePacks:
        """Rows of one config, with the token of each state.

        Raises:
            `ValueError`: If there are none, they are of several graphs, or have more states than there are characters.
        """
        graph_of(rows)
        packs = SequencePacks(rows)
        ids = state_token_ids(self.tokenizer, packs.probabilities.shape[1])
        packs.tokens = ids[packs.tokens]
        probabilities = torch.zeros(len(packs), len(self.tokenizer))
        probabilities[:, ids] = packs.probabilities
        packs.probabilities = probabilities
        return packs

    def loss_and_hits(
        self, model: Callable[..., Any], batch: dict[str, torch.Tensor], totals: Counts, training: bool = True
    ) -> BatchLoss:
        def last_position(input_ids: torch.Tensor) -> Any:
            outputs = model(input_ids=input_ids, use_cache=False, logits_to_keep=1)
            return SimpleNamespace(logits=outputs.logits[:, -1])

        return super().loss_and_hits(last_position, batch, totals, training)


def state_token_ids(tokenizer: Any, states: int) -> torch.Tensor:
    """Returns the token of each state.

    Raises:
        `ValueError`: If there are more states than digits and letters.
    """
    characters = digits + ascii_letters
    if states > len(characters):
        raise ValueError(f"a decoder has characters for {len(characters)} states, and the sequences have {states}")
    return torch.tensor(tokenizer.convert_tokens_to_ids(list(characters[:states])))
