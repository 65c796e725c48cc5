"""The ordinary decoder on sequences with a latent graph, trained by `transformers.Trainer`, and a Bayes reference.

    python benchmarks/latent_decoder.py --configs induction chain --seeds 0

`axiom` with learned positions and MLPs, states as the tokens 0, 1, …; the loss is that of the target alone, as for the
`disentangled` model. Results go to `benchmarks/results/latent-graphs/decoder.json`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import Trainer, TrainingArguments

from hf_causal.corpora import generate_shard, get_config
from hf_causal.corpora.infinite import fresh_shard
from hf_causal.models import make_model, make_tokenizer
from hf_causal.systems.sequences.corpus import matrix_of
from hf_causal.systems.sequences.latent_graphs import soft_cross_entropy
from hf_causal.utils.files import write_json
from hf_causal.utils.hardware import describe_hardware

CORPUS = "causal_sequences"
OUT = Path(__file__).resolve().parent / "results" / "latent-graphs" / "decoder.json"
SIZES = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "position_encoding": "learned"}
IGNORED = -100


class Sequences(torch.utils.data.Dataset):
    """Sequences with their target as one more token, the only one with a loss.

    Args:
        tables (sequence of `pa.Table`): Rows of one config.
        ids (`torch.Tensor`): The token of each state.
    """

    def __init__(self, tables: Sequence[Any], ids: torch.Tensor):
        batches = []
        for rows in tables:
            tokens = ids[torch.from_numpy(matrix_of(rows["tokens"]).astype(np.int64))]
            target = ids[torch.from_numpy(rows["target"].to_numpy().astype(np.int64))]
            batches.append(torch.cat([tokens, target[:, None]], dim=1))
        self.input_ids = torch.cat(batches)

    def __len__(self) -> int:
        return len(self.input_ids)

    def __getitems__(self, indices: list[int]) -> dict[str, torch.Tensor]:
        """Returns a batch at once."""
        rows = self.input_ids[indices]
        labels = torch.full_like(rows, IGNORED)
        labels[:, -1] = rows[:, -1]
        return {"input_ids": rows, "labels": labels}


def run(config: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Trains one decoder on fresh sequences and scores it on every held-out split."""
    corpus_config = get_config(CORPUS, config)
    tokenizer = make_tokenizer("axiom")
    test = generate_shard(CORPUS, corpus_config, "test", 0)
    states = test["num_states"][0].as_py()
    ids = torch.tensor(tokenizer.convert_tokens_to_ids([str(state) for state in range(states)]))
    torch.manual_seed(seed)
    model = make_model("axiom", SIZES, tokenizer)
    tables: list[Any] = []
    while sum(map(len, tables)) < options.steps * options.batch_size:
        tables.append(fresh_shard(CORPUS, get_config(CORPUS, config, seed=seed), len(tables)))
    arguments = TrainingArguments(
        output_dir=str(options.work / f"{config}-{seed}"), max_steps=options.steps, seed=seed, report_to="none",
        per_device_train_batch_size=options.batch_size, learning_rate=options.learning_rate, save_strategy="no",
        lr_scheduler_type="cosine", warmup_steps=100, remove_unused_columns=False, logging_steps=500, weight_decay=0.0,
    )  # fmt: skip
    began = time.perf_counter()
    Trainer(
        model=model, args=arguments, train_dataset=Sequences(tables, ids), data_collator=lambda batch: batch
    ).train()
    seconds = time.perf_counter() - began
    losses = {}
    for split in corpus_config.splits:
        if split != "train":
            held_out = generate_shard(CORPUS, corpus_config, split, 0)
            losses[split] = _losses(model.eval(), held_out, ids)
    result = {"config": config, "seed": seed, "seconds": round(seconds, 1), "losses": losses}
    print(config, seed, f"{seconds:.0f} s", losses["test"], flush=True)
    return result


@torch.no_grad()
def _losses(model: Any, rows: Any, ids: torch.Tensor) -> dict[str, float]:
    tokens = Sequences([rows], ids).input_ids[:, :-1]
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
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--work", type=Path, default=Path("runs/latent-decoder"))
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    runs = [run(config, seed, options) for config in options.configs for seed in options.seeds]
    about = {name: getattr(options, name) for name in ("steps", "batch_size", "learning_rate")}
    measured = {"hardware": describe_hardware(), "date": time.strftime("%Y-%m-%d")}
    # Those of other configs and seeds stay, where they were trained in the same way.
    before = json.loads(options.out.read_text(encoding="utf-8")) if options.out.is_file() else {}
    if {name: before.get(name) for name in (*about, "sizes")} == {**about, "sizes": SIZES}:
        done = {(one["config"], one["seed"]) for one in runs}
        runs = [one for one in before["runs"] if (one["config"], one["seed"]) not in done] + runs
    write_json(options.out, {**about, "sizes": SIZES, **measured, "runs": runs})


if __name__ == "__main__":
    main()
