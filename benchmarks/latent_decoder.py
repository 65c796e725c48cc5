"""The ordinary decoder on sequences with a latent graph, by the recipe `latent-decoder`, and a Bayes reference.

    python benchmarks/latent_decoder.py --configs induction chain --seeds 0

States are the tokens 0, 1, …; the loss is that of the next state alone, as for the `disentangled` model. Trainings
resume, and results go to `benchmarks/results/latent-graphs/decoder.json`. Other options are fields of the recipe.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import hf_causal.models  # noqa: F401 - registers the architectures
from hf_causal.corpora import generate_shard, get_config
from hf_causal.systems.sequences.corpus import matrix_of
from hf_causal.systems.sequences.latent_graphs import soft_cross_entropy
from hf_causal.systems.sequences.objective import state_token_ids
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe, parse_overrides
from hf_causal.utils.files import write_json
from hf_causal.utils.hardware import describe_hardware

RECIPE = "latent-decoder"
CORPUS = "causal_sequences"
OUT = Path(__file__).resolve().parent / "results" / "latent-graphs" / "decoder.json"


def run(config: str, seed: int, overrides: dict[str, Any], work: Path) -> dict[str, Any]:
    """Trains one decoder on fresh sequences and scores it on every held-out split."""
    folder = work / f"{config}-{seed}"
    recipe = load_recipe(RECIPE, {**overrides, "config": config, "seed": seed})
    result = train(recipe, folder, resume_from_checkpoint="latest")
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    corpus_config = get_config(CORPUS, config)
    losses = {}
    for split in corpus_config.splits:
        if split != "train":
            held_out = generate_shard(CORPUS, corpus_config, split, 0)
            losses[split] = _losses(
                model.eval(), held_out, state_token_ids(tokenizer, held_out["num_states"][0].as_py())
            )
    print(config, seed, f"{result.seconds:.0f} s", losses["test"], flush=True)
    measured = {"hardware": describe_hardware(), "date": time.strftime("%Y-%m-%d")}
    return {"config": config, "seed": seed, "seconds": round(result.seconds, 1), **measured, "losses": losses}


@torch.no_grad()
def _losses(model: Any, rows: Any, ids: torch.Tensor) -> dict[str, float]:
    tokens = ids[torch.from_numpy(matrix_of(rows["tokens"]).astype(np.int64))]
    # Among the states: probabilities of other tokens do not count.
    batches = [model(input_ids=part).logits[:, -1, ids].float().softmax(-1) for part in tokens.split(1000)]
    expected = matrix_of(rows["target_probabilities"]).astype(np.float64)
    bayes = matrix_of(rows["bayes_probabilities"]).astype(np.float64)
    loss = soft_cross_entropy(torch.cat(batches).double().numpy(), expected)
    return {"n": len(tokens), "loss": round(loss, 4), "bayes_loss": round(soft_cross_entropy(bayes, expected), 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configs", nargs="+", default=["induction", "chain"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--work", type=Path, default=Path("runs/latent-decoder"))
    parser.add_argument("--out", type=Path, default=OUT)
    options, rest = parser.parse_known_args()
    overrides = parse_overrides(rest)
    recipe = load_recipe(RECIPE, overrides)
    about = {"recipe": RECIPE, "overrides": overrides, "steps": recipe.max_steps}
    runs = [run(config, seed, overrides, options.work) for config in options.configs for seed in options.seeds]
    # Those of other configs and seeds stay, where they were trained in the same way.
    before = json.loads(options.out.read_text(encoding="utf-8")) if options.out.is_file() else {}
    if {name: before.get(name) for name in about} == about:
        done = {(one["config"], one["seed"]) for one in runs}
        runs = [one for one in before["runs"] if (one["config"], one["seed"]) not in done] + runs
    write_json(options.out, {**about, "runs": runs})


if __name__ == "__main__":
    main()
