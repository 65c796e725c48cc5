"""Are different names ever taken for each other? Checks the exact comparison of names on many names that are alike.

    nice -n 10 python benchmarks/name_collisions.py --pairs 10000000     # about five minutes of one core
    python benchmarks/name_collisions.py --pairs 2000 --model model_cards/axiom-looped

All names of one to three characters are compared with each other, and then pairs of names of 4 to 30 characters that
are parts of each other, permuted, or one character or case apart. With `--model`, the pairs that it takes for one name
are counted as well: those whose match is above one half, in a premise of the two names.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import product
from pathlib import Path
from random import Random
from string import ascii_letters, digits

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

import torch  # noqa: E402
from similar_names import similar_pairs  # noqa: E402

from hf_causal.evaluation.loading import load_pretrained  # noqa: E402
from hf_causal.models.axiom_looped.names_axiom_looped import spelling_codes  # noqa: E402
from hf_causal.models.axiom_looped.reading_axiom_looped import read_sentences  # noqa: E402
from hf_causal.models.axiom_looped.vectors_axiom_looped import name_vectors  # noqa: E402
from hf_causal.utils.hardware import describe_hardware  # noqa: E402

LETTERS = ascii_letters + digits
VOCAB = 73
IDS = {letter: index for index, letter in enumerate(LETTERS, start=4)}
BATCH = 20_000


def codes(names: list[str]) -> torch.Tensor:
    """Returns the integers by which names are compared."""
    ids = torch.tensor([IDS[letter] for name in names for letter in name])
    words = torch.tensor([index for index, name in enumerate(names) for _ in name])
    return spelling_codes(ids, words, len(names), VOCAB)


def short_collisions() -> tuple[int, int]:
    """Returns the number of names of one to three characters, and how many share their integers with another."""
    names = ["".join(name) for length in (1, 2, 3) for name in product(LETTERS, repeat=length)]
    return len(names), len(names) - len(codes(names).unique(dim=0))


def pair_collisions(pairs: list[tuple[str, str]]) -> int:
    """Returns how many pairs of different names have the same integers."""
    first, second = codes([name for pair in pairs for name in pair]).view(len(pairs), 2, -1).unbind(1)
    return int((first == second).all(-1).sum())


@torch.no_grad()
def model_collisions(model, tokenizer, pairs: list[tuple[str, str]]) -> int:
    """Returns how many pairs a model takes for one name, each in a premise of its own."""
    count = 0
    block = model.model.blocks[0]
    for start in range(0, len(pairs), 500):
        prompts = [f"{one} causes {other}. Does {one} cause {other}?" for one, other in pairs[start : start + 500]]
        inputs = tokenizer(prompts, padding=True, return_tensors="pt")
        sentences = read_sentences(inputs["input_ids"], inputs["attention_mask"], model.config)
        inner = model.model
        encoder, metric = getattr(inner, "name_encoder", None), getattr(inner, "metric", None)
        vectors = name_vectors(sentences, model.config, encoder, metric, training=False)[0][:, :2]
        matches = block.equal(block.compare("bird,bjsd->bijrs", vectors[:, None], vectors[:, None])[:, 0, 0])
        count += int((matches[:, 0, 1] > 0.5).sum())
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, help="count what this model takes for one name")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    options = parser.parse_args()
    random, began = Random(options.seed), time.perf_counter()
    short, alike = short_collisions()
    loaded = load_pretrained(options.model) if options.model else None
    done = collisions = confused = 0
    while done < options.pairs:
        pairs = similar_pairs(min(BATCH, options.pairs - done), random)
        collisions += pair_collisions(pairs)
        confused += model_collisions(*loaded, pairs) if loaded else 0
        done += len(pairs)
    result = {
        "names_of_1_to_3": short, "collisions_of_short": alike, "pairs": done, "collisions": collisions,
        **({"model": str(options.model), "taken_for_one_name": confused} if loaded else {}),
        "seed": options.seed, "seconds": round(time.perf_counter() - began, 1),
        "hardware": f"one core of {describe_hardware()}", "date": time.strftime("%Y-%m-%d"),
    }  # fmt: skip
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
