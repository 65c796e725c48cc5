"""Where the Bayes ball of a looped reasoner goes wrong first, read from its states after every loop.

    python benchmarks/loop_states.py FOLDER [--nodes 5 8] [--data-dir data/axiomatic]

For each question about a branching graph that the model answers wrongly, this lists the first statements along which
its ball travels and should not, and the statements along which it travelled in the loop before, by how the two are
joined: its effect is the cause of that one, they have a common effect, and so on.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hf_causal.corpora.load import load_corpus
from hf_causal.evaluation.loading import load_pretrained
from hf_causal.tasks.d_separation.text import parse_prompt
from hf_causal.training.separation_data import SeparationData

JOINTS = {
    (1, 0): "its effect is that one's cause",
    (1, 1): "both have one effect",
    (0, 0): "both have one cause",
    (0, 1): "its cause is that one's effect",
}
"""From the positions of the common node, in the statement and in the other one."""


def first_mistakes(model: Any, packs: SeparationData, pad_token_id: int) -> tuple[Counter, int, int]:
    """Counts of joints, and the numbers of wrong answers and of questions."""
    mistakes: Counter = Counter()
    wrong = total = 0
    for pack in range(len(packs)):
        batch = packs.collate(np.array([pack]), pad_token_id)
        inputs = {name: tensor for name, tensor in batch.items() if not name.endswith("labels")}
        with torch.no_grad():
            outputs = model(**inputs, output_loops=True)
        answers, labels = outputs.question_logits[0].argmax(-1), batch["labels"][0]
        right = batch["ball_labels"][0] == 1
        said = torch.stack([logits[0] > 0 for logits in outputs.loop_ball_logits])
        edges = packs.edges[pack]
        total += len(labels)
        for question in (answers != labels).nonzero()[:, 0].tolist():
            wrong += 1
            false = (said[:, question] & ~right[question]).any(-1)
            if not false.any():
                mistakes["(no statement is travelled that should not be)"] += 1
                continue
            loop = int(false.any(-1).nonzero()[0, 0])
            before = said[loop - 1, question].any(-1) if loop else torch.zeros(len(edges), dtype=torch.bool)
            joints = {
                joint
                for statement in false[loop].nonzero()[:, 0].tolist()
                for other in before.nonzero()[:, 0].tolist()
                if statement != other
                for end, other_end in JOINTS
                if edges[statement][end] == edges[other][other_end]
                for joint in [JOINTS[end, other_end]]
            }
            mistakes.update([" and ".join(sorted(joints)) or "(next to none that is travelled)"])
    return mistakes, wrong, total


def _is_stated(prompt: str) -> bool:
    parsed = parse_prompt(prompt)
    return {*parsed.question, *parsed.given} <= {name for edge in parsed.edges for name in edge}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="model folder that reads d-separation")
    parser.add_argument("--nodes", type=int, nargs="+", default=[5, 8], help="sizes of the branching graphs")
    parser.add_argument("--data-dir", help="built corpus; generated when not given")
    options = parser.parse_args()
    model, tokenizer = load_pretrained(options.folder)
    model.eval()
    rows = load_corpus("axiomatic", "d_separation_generalization", "branching", options.data_dir)
    rows = rows.filter(np.isin(rows["num_nodes"].to_numpy(), options.nodes))
    # Nodes without statements are read, but are in no pack.
    rows = rows.filter([_is_stated(prompt) for prompt in rows["prompt"].to_pylist()])
    mistakes, wrong, total = first_mistakes(model, SeparationData(rows, tokenizer), tokenizer.pad_token_id)
    print(f"{options.folder.name}: {wrong} of {total} questions about graphs of {options.nodes} nodes are wrong")
    print("The first statement that is travelled and should not be, and those travelled before:")
    for joints, count in mistakes.most_common():
        print(f"{count:6d}  {joints}")


if __name__ == "__main__":
    main()
