"""Trains the looped reasoner on chains of 3 to 6 nodes and asks it about longer ones.

    python examples/train_the_reasoner.py runs/looped

Two minutes on two CPU cores; a second call continues where the first was interrupted.
"""

import sys

from transformers import pipeline

import hf_causal
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe


def main(folder: str, **overrides) -> float:
    """Trains into a folder and returns the accuracy on chains of 15 nodes."""
    result = train(load_recipe("axiom-looped", overrides), folder, resume_from_checkpoint="latest")
    print(result.describe())
    ask = pipeline("text-classification", folder)
    rows = hf_causal.create("transitivity_generalization", split="sequential", nodes=(15,), rows=100, seed=1)
    answers = [prediction["label"] for prediction in ask(list(rows["prompt"]), batch_size=25)]
    accuracy = sum(answer == row["completion"] for answer, row in zip(answers, rows, strict=True)) / len(rows)
    print(f"chains of 15 nodes: {accuracy:.2f}")
    return accuracy


if __name__ == "__main__":
    main(sys.argv[1])
