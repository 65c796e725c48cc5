"""Measures how near to the Bayes loss a linear output comes that reads exact attention, for each latent graph.

    python benchmarks/latent_gap.py

Attention finds the n matching positions, of which n_s hold state s. The Bayes predictor has the logits
log(n_s + alpha). A linear output of the attended mean has the logits c n_s / n, or c n_s / (n + k) if a weight k goes
to positions that say nothing. The best c and k are fitted by L-BFGS. The rest is the loss of a model without a ReLU
layer that reads nothing but matches. It is not a bound: attention to other positions tells of the transitions too, by
their stationary distribution, which the Bayes reference leaves out. Results go to
`benchmarks/results/latent-graphs/gap.json`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hf_causal.systems.sequences.latent_graphs import (
    bayes_predictive,
    make_graph,
    parent_index,
    sample_sequences,
    soft_cross_entropy,
)
from hf_causal.utils.files import write_json
from hf_causal.utils.hardware import describe_hardware
from hf_causal.utils.randomness import Stream

OUT = Path(__file__).resolve().parent / "results" / "latent-graphs" / "gap.json"
SETTINGS = (("chain", 10, 20), ("random", 10, 20), ("induction", 3, 20), ("multi_parent", 3, 10))
"""Structure, states and length of each recipe's sequences."""


def gap(sequences: int) -> None:
    """Fits both outputs for each setting and writes the table."""
    results = []
    for structure, states, length in SETTINGS:
        graph = make_graph(structure, length)
        drawn = sample_sequences(graph, states, 0.1, sequences, Stream(1, "gap", structure))
        bayes = bayes_predictive(drawn.tokens, graph, states, 0.1)
        counts = torch.from_numpy(_match_counts(drawn.tokens, graph, states))
        total, targets = counts.sum(-1, keepdim=True), torch.from_numpy(drawn.target_probabilities)
        reference = soft_cross_entropy(bayes, drawn.target_probabilities)
        plain = _fitted(lambda t, n=counts, all_n=total: t[0].exp() * n / all_n.clamp(min=1), 1, targets)
        spread = _fitted(lambda t, n=counts, all_n=total: t[0].exp() * n / (all_n + t[1].exp()), 2, targets)
        results.append({
            "structure": structure,
            "states": states,
            "length": length,
            "sequences": sequences,
            "bayes_loss": round(reference, 4),
            "without_match": round(float((total == 0).double().mean()), 4),
            "gap_of_shares": round(plain - reference, 4),
            "gap_of_shares_with_rest": round(spread - reference, 4),
        })  # fmt: skip
        print(results[-1], flush=True)
    write_json(OUT, {"settings": results, "hardware": describe_hardware(), "date": time.strftime("%Y-%m-%d")})


def _match_counts(tokens: np.ndarray, graph: Any, states: int) -> np.ndarray:
    """How often each state followed the tokens of the target's parents: (sequences, states)."""
    counts, rows = np.zeros((len(tokens), states)), np.arange(len(tokens))
    of_target = parent_index(tokens, graph.parents[-1], states)
    for child, parents in enumerate(graph.parents[:-1]):
        if len(parents) == len(graph.parents[-1]):
            counts[rows, tokens[:, child]] += parent_index(tokens, parents, states) == of_target
    return counts


def _fitted(logits: Any, size: int, targets: torch.Tensor) -> float:
    """The smallest cross-entropy of logits that depend on a few parameters."""
    parameters = torch.zeros(size, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([parameters], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = -(targets * logits(parameters).log_softmax(-1)).sum(-1).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    return closure().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=40_000)
    gap(parser.parse_args().sequences)


if __name__ == "__main__":
    main()
