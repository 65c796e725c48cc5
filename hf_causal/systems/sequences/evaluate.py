"""Scores models of sequences with a latent graph: loss against the Bayes predictor, and the graph in the attention."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from hf_causal.corpora import config_names
from hf_causal.corpora.load import load_corpus
from hf_causal.systems.sequences.corpus import ALPHA, SHIFTED, graph_of, matrix_of
from hf_causal.systems.sequences.latent_graphs import LatentGraph, bayes_predictive, parent_index, soft_cross_entropy
from hf_causal.systems.sequences.metric import Recovery, recover
from hf_causal.systems.system import SystemEvaluation
from hf_causal.utils.hardware import describe_hardware
from hf_causal.utils.progress import Advance, Progress

CORPUS = "causal_sequences"
SPLITS = ("validation", "test", *SHIFTED)
BATCH = 1000

CARD: dict[str, Any] = {
    "task": None,
    "tags": ["in-context-learning", "causal-discovery", "mechanistic-interpretability"],
    "usage": """
import torch
from transformers import AutoModel

model = AutoModel.from_pretrained("{repo_id}", trust_remote_code=True)  # this folder, or its id on the Hub
tokens = torch.randint(model.config.vocab_size, (1, model.config.max_position_embeddings))
outputs = model(tokens, output_attentions=True)
print(outputs.logits.softmax(-1))  # of the token that follows
print(model.position_attention()[0])  # by query and key: the parents of each position
""",
    "about": """
The disentangled transformer of arXiv 2402.14735: the stream begins with a one-hot token beside a one-hot position,
each head has one matrix A and appends `softmax(mask(h A hᵀ)) h` to the stream h instead of adding it, and one matrix
reads the distribution of the next token off the last position. Nothing is scaled or normalized, and every weight
begins with zero, or nearly so.

What the weights are to find is the latent graph, the same in all sequences: in the first layer each position attends
to its parents and copies their tokens; in the second the last position attends to those whose copied parents hold
its own token, and reads which tokens followed. What the sequence's own transitions are is left to the context.
Nobody tells it the graph, in training or afterwards.
""",
    "sources": """
Method and reference: Nichani, Damian and Lee, *How Transformers Learn Causal Structure with Gradient Descent*,
arXiv 2402.14735.
""",
}


def evaluate(
    model: str | Path,
    corpus: str | None = None,
    config: str | None = None,
    data_dir: str | Path | None = None,
    limit: int | None = None,
    device: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Scores a model on the evaluation splits of a config.

    Args:
        model (`str` or `Path`): Folder of a `disentangled` model, or one on the Hub.
        corpus (`str`, *optional*): `causal_sequences`.
        config (`str`, *optional*): Defaults to the config of the folder's recipe.
        data_dir (`str` or `Path`, *optional*): Built corpus, or data set on the Hub; see [`load_corpus`].
        limit (`int`, *optional*): Maximum number of rows of each split.
        device (`str`, *optional*): A GPU where there is one.
        progress (callable, *optional*): See [`hf_causal.utils.progress.Progress`].

    Returns:
        `dict`: `losses` has for each split the loss of the model, of the Bayes predictor with the split's prior and
        with the prior of training, and of the true transitions, and how often the most probable tokens agree.
        `recovery` compares the graph with the mean attention of layer 1 and with its position block. `induction` has
        the attention of layer 2, `attention` the mean maps.

    Raises:
        `ValueError`: For another corpus, an unknown config, or rows that do not fit the model.
        `FileNotFoundError`: If the model or the rows do not exist.
    """
    from hf_causal.evaluation.loading import default_device

    if corpus not in (None, CORPUS):
        raise ValueError(f"`corpus` must be {CORPUS!r} for {str(model)!r}, got {corpus!r}")
    config = config or _trained_on(model)
    if config not in config_names(CORPUS):
        raise ValueError(f"`config` must be one of {', '.join(config_names(CORPUS))}, got {config!r}")
    device = device or default_device()
    network = _load(model).to(device)
    tables = {split: load_corpus(CORPUS, config, split, data_dir)[:limit] for split in SPLITS}
    total = sum(rows.num_rows for rows in tables.values())
    advance = progress(f"scoring {config}", total) if progress else None
    losses, attentions = {}, []
    for split, rows in tables.items():
        logs, maps = _run(network, rows, device, advance, with_attention=split == "test")
        losses[split] = _losses(rows, logs)
        attentions += maps
    graph = graph_of(tables["test"])
    scores: dict[str, Any] = {
        "kind": network.config.model_type,
        "model": str(model),
        "dataset": CORPUS,
        "config": config,
        "hardware": describe_hardware("cuda" if str(device).startswith("cuda") else "cpu"),
        "date": time.strftime("%Y-%m-%d"),
        "states": network.config.vocab_size,
        "parents": [list(parents) for parents in graph.parents],
        "losses": losses,
    }
    tokens = matrix_of(tables["test"]["tokens"])
    return scores | _attention_scores(network, graph, tokens, attentions)


def recovery_summary(recovery: Recovery) -> dict[str, Any]:
    """Returns the rounded fields of a recovery, without those of single positions."""
    names = ("num_edges", "num_found", "mean_weight", "min_weight", "uniform_weight", "top_parents", "precision",
             "recall", "f1", "hamming_distance")  # fmt: skip
    values = {name: getattr(recovery, name) for name in names}
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}


def induction_shares(graph: LatentGraph, tokens: np.ndarray, attention: np.ndarray) -> dict[str, float]:
    """Measures how much the last position attends, in layer 2, to positions with matching parents.

    If the parents of a position hold the tokens of the target's parents, its token is what followed these tokens
    before: an induction head attends there. Sequences without such a position are left out.

    Args:
        graph ([`LatentGraph`]): Graph of the sequences.
        tokens (`np.ndarray`): Shape (sequences, length).
        attention (`np.ndarray`): Attention of the last position, shape (sequences, length).

    Returns:
        `dict`: `matching`, the mean weight on such positions; `uniform`, the same for even attention; and `sequences`,
        their number.
    """
    states = 1 + int(tokens.max())
    of_target = parent_index(tokens, graph.parents[-1], states)
    matching = np.zeros(tokens.shape, dtype=bool)
    for child, parents in enumerate(graph.parents[:-1]):
        if len(parents) == len(graph.parents[-1]):
            matching[:, child] = parent_index(tokens, parents, states) == of_target
    has_match = matching.any(axis=1)
    weight = (attention * matching).sum(axis=1)[has_match]
    return {
        "matching": round(float(weight.mean()), 4),
        "uniform": round(float(matching[has_match].mean()), 4),
        "sequences": int(has_match.sum()),
    }


def table(scores: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Returns columns and rows for the command line: the splits, then the graph."""
    names = ("loss", "bayes_loss", "training_prior_loss", "agreement")
    rows = [
        [split, str(losses["alpha"]), *(f"{losses[name]:.4f}" for name in names)]
        for split, losses in scores["losses"].items()
    ]
    recovery = scores["recovery"]["attention"]
    rows.append(["weight on parents", "", f"{recovery['mean_weight']:.4f}", "", "", ""])
    rows.append(["edges, F1", "", f"{recovery['f1']:.4f}", "", "", ""])
    return ["split", "prior", "loss", "Bayes", f"Bayes at {ALPHA}", "agreement"], rows


def render(scores: dict[str, Any], folder: Path, plots: str) -> str:
    """Returns the report as Markdown and writes its figures into `folder / plots`."""
    from hf_causal.systems.sequences.plots import plot_attention, plot_losses

    plot_attention(scores, folder / plots / "attention.png")
    lines = [
        f"Scored on {scores['date']} with {scores['hardware']}, config `{scores['config']}`. Losses are "
        "cross-entropies with the transition row of the target, in nats.",
        "",
        f"![The latent graph, and the attention of both layers]({plots}/attention.png)",
        "",
        *_recovery_table(scores),
        "",
        "| split | prior | n | model | Bayes | Bayes, prior of training | true transitions | likeliest token agrees |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for split, losses in scores["losses"].items():
        name = split.replace("_", " ")
        lines.append(f"| {name} | {losses['alpha']} | {losses['n']:,} | {' | '.join(_loss_columns(losses))} |")
    lines += [
        "",
        "The Bayes reference knows the graph and counts transitions along it; with the prior of training it is what "
        "the model could know. The priors of the last three splits are not those of training.",
    ]
    if log := validation_log(folder):
        plot_losses(log, scores["losses"]["validation"]["bayes_loss"], folder / plots / "loss.png")
        lines += ["", f"![Validation loss in training, and the Bayes reference]({plots}/loss.png)"]
    return "\n".join([*lines, ""])


def _loss_columns(losses: dict[str, Any]) -> list[str]:
    names = ("loss", "bayes_loss", "training_prior_loss", "true_loss", "agreement")
    return [f"{losses[name]:.4f}" for name in names]


def _recovery_table(scores: dict[str, Any]) -> list[str]:
    titles = {"attention": "mean attention on `test`", "positions": "position block of the weights"}
    lines = [
        "| first layer | weight on a true parent | smallest | spread evenly | precision | recall | F1 | wrong edges |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, title in titles.items():
        recovery = scores["recovery"][name]
        fields = ("mean_weight", "min_weight", "uniform_weight", "precision", "recall", "f1")
        shares = " | ".join(f"{recovery[field]:.3f}" for field in fields)
        lines.append(f"| {title}, {recovery['num_edges']} edges | {shares} | {recovery['hamming_distance']} |")
    induction = scores["induction"]
    return [
        *lines,
        "",
        f"In the second layer the last position puts {induction['matching']:.3f} of its attention where the copied "
        f"parents hold the tokens of the target's own parents ({induction['uniform']:.3f} if spread evenly; over the "
        f"{induction['sequences']:,} sequences that have such a position).",
    ]


def _losses(rows: pa.Table, logs: np.ndarray) -> dict[str, Any]:
    graph, states = graph_of(rows), rows["num_states"][0].as_py()
    tokens, targets = matrix_of(rows["tokens"]), matrix_of(rows["target_probabilities"]).astype(np.float64)
    alpha = round(rows["alpha"][0].as_py(), 6)
    bayes, trained = (bayes_predictive(tokens, graph, states, prior) for prior in (alpha, ALPHA))
    return {
        "n": rows.num_rows,
        "alpha": alpha,
        "loss": round(float(-(targets * logs).sum(axis=1).mean()), 4),
        "bayes_loss": round(soft_cross_entropy(bayes, targets), 4),
        "training_prior_loss": round(soft_cross_entropy(trained, targets), 4),
        "true_loss": round(soft_cross_entropy(np.maximum(targets, 1e-30), targets), 4),
        "agreement": round(float((logs.argmax(axis=1) == targets.argmax(axis=1)).mean()), 4),
    }


def _attention_scores(
    network: Any, graph: LatentGraph, tokens: np.ndarray, attentions: list[tuple[np.ndarray, np.ndarray]]
) -> dict[str, Any]:
    first = np.concatenate([maps for maps, _ in attentions]).mean(axis=0)
    last = np.concatenate([rows for _, rows in attentions])
    block = network.position_attention()[:, : graph.length, : graph.length]
    block = (block / block.sum(-1, keepdim=True)).detach().cpu().numpy()
    parents = graph.parents[:-1]
    return {
        "recovery": {
            "attention": recovery_summary(recover(first, parents)),
            "positions": recovery_summary(recover(block, parents)),
        },
        "induction": induction_shares(graph, tokens, last),
        "attention": {"first": np.round(first, 3).tolist(), "last": np.round(last.mean(axis=0), 3).tolist()},
    }


def _run(
    network: Any, rows: pa.Table, device: str, advance: Advance | None, with_attention: bool
) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Returns log-probabilities (rows, states), and for each batch the attention of layer 1 and the last position's
    attention in the last layer."""
    import torch

    tokens = torch.from_numpy(matrix_of(rows["tokens"]).astype(np.int64))
    states, length = network.config.vocab_size, network.config.max_position_embeddings
    row_states = rows["num_states"][0].as_py()
    if row_states != states or tokens.shape[1] > length:
        raise ValueError(
            f"the rows have {row_states} states and length {tokens.shape[1]}; the model is made for {states} states "
            f"and at most {length} positions: give the `config` that it was trained on"
        )
    logs, maps = [], []
    with torch.no_grad():
        for batch in tokens.split(BATCH):
            outputs = network(batch.to(device), output_attentions=with_attention)
            logs.append(outputs.logits.double().log_softmax(-1).cpu().numpy())
            if with_attention:
                first, last = outputs.attentions[0], outputs.attentions[-1][:, :, -1].mean(1)
                maps.append((first.cpu().numpy(), last.cpu().numpy()))
            if advance:
                advance(len(batch))
    return np.concatenate(logs), maps


def _load(model: str | Path) -> Any:
    from transformers import AutoModel

    from hf_causal.models.complete import load_complete  # also registers the architecture

    try:
        return load_complete(AutoModel.from_pretrained, str(model), trust_remote_code=False).eval()
    except OSError as error:
        raise FileNotFoundError(f"cannot load {str(model)!r}: {' '.join(str(error).split())[:200]}") from error


def _trained_on(model: str | Path) -> str:
    recipe = Path(model) / "recipe.yaml"
    if not recipe.is_file():
        raise ValueError(f"give `config`, among {', '.join(config_names(CORPUS))}: {str(model)!r} has no recipe")
    return yaml.safe_load(recipe.read_text(encoding="utf-8"))["config"]


def validation_log(folder: Path) -> list[tuple[int, float]]:
    """Returns (step, validation loss) of a run's log."""
    path = folder / "training_log.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    records = [json.loads(line) for line in lines]
    return [(record["step"], record["loss"]) for record in records if record.get("kind") == "validation"]


EVALUATION = SystemEvaluation(CARD, evaluate, table, render)
