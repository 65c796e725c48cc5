"""Where a looped reasoner answers questions about adjustment sets wrongly, and which of its flags are wrong then.

    python benchmarks/adjustment_misses.py runs/seeds/axiom-looped-ladder-0 --limit 100

For each axis: the wrong answers by direction, how many stay wrong when each hidden cause is written as a node with its
name, and how many statements of these questions have a flag too many or too few, by walk.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

import hf_causal.models  # noqa: F401 - registers the architectures
from hf_causal.evaluation.loading import load_pretrained
from hf_causal.evaluation.questions import QuestionSet, corpus_questions
from hf_causal.graphs.adjustment_walks import WALKS
from hf_causal.training.pointed_data import AdjustmentData

CONFIG = "adjustment_generalization"
BATCH = 50


def answers(model, tokenizer, prompts: list[str]) -> np.ndarray:
    """Returns 1 for Yes and 0 for No."""
    batches = [prompts[start : start + BATCH] for start in range(0, len(prompts), BATCH)]
    logits = [model(**tokenizer(batch, padding=True, return_tensors="pt")).logits for batch in batches]
    return torch.cat(logits).argmax(-1).numpy()


def with_named_causes(prompt: str) -> str:
    """Writes each hidden cause as a node with a name that no generated graph has."""
    number = iter(range(10_000))
    return re.sub(
        r"(\w+) and (\w+) share a hidden cause\.",
        lambda found: "{0} causes {1}. {0} causes {2}.".format(f"hiddenCause{next(number)}", found[1], found[2]),
        prompt,
    )


def print_misses(model, tokenizer, questions: QuestionSet) -> None:
    """Prints the wrong answers of an axis, and the flags of these questions that differ from the exact ones."""
    prompts, labels = np.array(questions.prompts), np.array(questions.references)
    wrong = np.flatnonzero(answers(model, tokenizer, list(prompts)) != labels)
    print(
        f"{questions.name}: {len(wrong)} of {len(labels)} wrong, {int((labels[wrong] == 1).sum())} of them No for Yes"
    )
    if not len(wrong):
        return
    named = answers(model, tokenizer, list(map(with_named_causes, prompts[wrong])))
    print(f"  with a name for each hidden cause: {int((named != labels[wrong]).sum())} of these wrong")
    columns = {"prompt": prompts[wrong].tolist(), "label": labels[wrong], "graph_id": list(map(str, wrong))}
    print(*(f"  {line}" for line in wrong_flags(model, tokenizer, pa.table(columns))), sep="\n")


def wrong_flags(model, tokenizer, rows: pa.Table) -> list[str]:
    """Describes how many flags of statements differ from the exact ones, by walk."""
    data = AdjustmentData(rows, tokenizer)
    batch = data.collate(np.arange(len(data)), tokenizer.pad_token_id)
    outputs = model(**{name: tensor for name, tensor in batch.items() if not name.endswith("labels")})
    labels = batch["path_labels"]
    raised = outputs.path_logits > 0
    found = []
    for number, walk in enumerate(WALKS):
        exact, flags = labels[..., number], raised[..., number]
        more, fewer = int((flags & (exact == 0)).sum()), int((~flags & (exact == 1)).sum())
        found.append(f"{walk}: {more} too many, {fewer} too few of {int((exact >= 0).sum())}")
    return found


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("--data", type=Path, help="built corpus; generated without it")
    parser.add_argument("--limit", type=int, default=100, help="at most this many questions of each cell")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = load_pretrained(options.model)
    model.eval()
    for questions in corpus_questions("causal_ladder", CONFIG, options.data, options.limit):
        print_misses(model, tokenizer, questions)


if __name__ == "__main__":
    main()
