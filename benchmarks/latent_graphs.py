"""How gradient descent finds latent graphs: the studies of arXiv 2402.14735 on a CPU, with their pictures.

    python benchmarks/latent_graphs.py runs --work runs/latent       # the recipes: losses, graphs, recorded training
    python benchmarks/latent_graphs.py forests                       # 20 random forests at once
    python benchmarks/latent_graphs.py gradient                      # the first gradient and chi-squared information
    python benchmarks/latent_graphs.py tables                        # what is in benchmarks/results, as Markdown

Results and pictures go to `benchmarks/results/latent-graphs/`, the recorded training to
`hf_causal/systems/sequences/`. A recipe that is finished in `--work` is not trained again, and one that was stopped is
resumed.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch.func import functional_call, grad, vmap

from hf_causal.evaluation.plots import save_figure, subplots
from hf_causal.systems.sequences.disentangled import DisentangledConfig, DisentangledModel
from hf_causal.systems.sequences.evaluate import evaluate, validation_log
from hf_causal.systems.sequences.latent_graphs import dirichlet, make_graph, sample_sequences, stationary
from hf_causal.systems.sequences.metric import recover
from hf_causal.systems.sequences.plots import adjacency_of, draw_losses, draw_map, mark_parents
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe
from hf_causal.utils.files import write_json
from hf_causal.utils.hardware import describe_hardware
from hf_causal.utils.randomness import Stream

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "latent-graphs"
RECORDED = ROOT / "hf_causal" / "systems" / "sequences" / "latent_training.json"
RECIPES = ("latent-chain", "latent-random", "latent-induction", "latent-multi-parent")
SNAPSHOTS = 14
"""Moments of each training that the page shows."""


def runs(options: argparse.Namespace) -> None:
    """Trains the recipes with many checkpoints, scores the models, and records how their attention came about."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.is_file() else {}
    for name in options.recipes:
        folder = options.work / name
        steps = load_recipe(name).max_steps or 0
        recipe = load_recipe(name, {"save_steps": max(50, steps // 200), "save_total_limit": 200})
        train(recipe, folder, resume_from_checkpoint="latest")
        scores = evaluate(folder, device="cpu") | {"model": name}
        summary = json.loads((folder / "training_summary.json").read_text(encoding="utf-8"))
        log = validation_log(folder)
        about = {key: summary[key] for key in ("steps", "seconds", "seed", "hardware", "date")}
        write_json(RESULTS / f"{name}.json", {**scores, "training": about, "log": log})
        _plot_run(scores, log, RESULTS / f"{name}.png")
        recorded[name] = _recording(folder, scores, log)
        print(name, scores["recovery"]["attention"], scores["losses"]["test"], flush=True)
    RECORDED.write_text(json.dumps(recorded, separators=(",", ":")) + "\n", encoding="utf-8")


def _recording(folder: Path, scores: dict[str, Any], log: list[tuple[int, float]]) -> dict[str, Any]:
    """The position attention at a few steps, in per cent, row by row up to the diagonal; and the loss curve."""
    checkpoints = {int(path.name.rpartition("-")[2]): path for path in (folder / "checkpoints").glob("*-*")}
    steps = sorted(step for step, path in checkpoints.items() if (path / "model.safetensors").is_file())
    # More of them early, where most happens.
    shown = np.unique(np.geomspace(1, len(steps), SNAPSHOTS).round().astype(int) - 1)
    model = DisentangledModel(DisentangledConfig.from_pretrained(folder))
    frames = [{"step": 0, "heads": _percent(_untrained(model))}]
    for step in (steps[index] for index in shown):
        model.load_state_dict(load_file(checkpoints[step] / "model.safetensors"))
        frames.append({"step": step, "heads": _percent(model.position_attention().detach().numpy())})
    return {
        "parents": scores["parents"],
        "states": scores["states"],
        "bayes": scores["losses"]["validation"]["bayes_loss"],
        "log": [[step, round(loss, 4)] for step, loss in log],
        "frames": frames,
    }


def _untrained(model: DisentangledModel) -> np.ndarray:
    """Attention spread evenly, for each head."""
    length = model.config.max_position_embeddings
    even = np.tri(length) / np.arange(1, length + 1)[:, None]
    return np.repeat(even[None], model.config.num_heads[0], axis=0)


def _percent(heads: np.ndarray) -> list[list[int]]:
    return [np.rint(100 * head[np.tril_indices(head.shape[0])]).astype(int).tolist() for head in heads]


def _plot_run(scores: dict[str, Any], log: list[tuple[int, float]], path: Path) -> None:
    heads = np.array(scores["attention"]["first"])
    figure, axes = subplots(1, len(heads) + 2, figsize=(3.7 * (len(heads) + 2) + 1, 3.9))
    draw_map(axes[0], adjacency_of(scores["parents"]), f"latent graph: {scores['config'].replace('_', ' ')}")
    for number, (axis, head) in enumerate(zip(axes[1:], heads, strict=False)):
        draw_map(axis, head, f"layer 1, head {number + 1}" if len(heads) > 1 else "layer 1, mean attention")
        mark_parents(axis, scores["parents"])
    draw_losses(axes[-1], {"validation loss": log}, scores["losses"]["validation"]["bayes_loss"])
    axes[-1].set_title("loss in training", fontsize=10)
    save_figure(figure, path)


def forests(options: argparse.Namespace) -> None:
    """Twenty random forests of 20 positions and 3 states, one model each, trained in one computation.

    By gradient descent with a constant step, as in the paper.
    """
    states, length, batch, chunk = 3, 20, options.batch, 50
    graphs = [make_graph("forest", length, seed) for seed in range(options.graphs)]
    model = DisentangledModel(DisentangledConfig(vocab_size=states, max_position_embeddings=length))
    weights = {name: value.detach().expand(len(graphs), *value.shape).clone() for name, value in
               model.named_parameters()}  # fmt: skip

    def loss(weights: dict[str, torch.Tensor], tokens: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return functional_call(model, weights, (tokens,), {"labels": targets}).loss

    gradients, began, curve = vmap(grad(loss)), time.perf_counter(), []
    for step in range(options.steps):
        if step % chunk == 0:
            drawn = [sample_sequences(graph, states, 0.1, chunk * batch, Stream(0, "forests", index, step))
                     for index, graph in enumerate(graphs)]  # fmt: skip
            tokens = torch.from_numpy(np.stack([one.tokens for one in drawn])).long()
            targets = torch.from_numpy(np.stack([one.target_probabilities for one in drawn])).float()
            on_edges = _forest_weights(model, weights, graphs)
            curve.append([step, round(float(np.mean(on_edges)), 4)])
            print(*curve[-1], f"{time.perf_counter() - began:.0f} s", flush=True)
        part = slice(step % chunk * batch, (step % chunk + 1) * batch)
        slopes = gradients(weights, tokens[:, part], targets[:, part])
        weights = {name: value - options.learning_rate * slopes[name] for name, value in weights.items()}
    on_edges = _forest_weights(model, weights, graphs)
    recovered = [recover(attention, graph.parents[:-1])
                 for attention, graph in zip(_forest_attention(model, weights), graphs, strict=True)]  # fmt: skip
    result = {
        "graphs": len(graphs),
        "states": states,
        "length": length,
        "steps": options.steps,
        "batch": batch,
        "learning_rate": options.learning_rate,
        "mean_weight": round(float(np.mean(on_edges)), 4),
        "sd_over_graphs": round(float(np.std(on_edges)), 4),
        "range": [round(float(min(on_edges)), 4), round(float(max(on_edges)), 4)],
        "published": {"mean_weight": 0.8366, "sd_over_graphs": 0.0540, "range": [0.675, 0.927]},
        "f1": round(float(np.mean([one.f1 for one in recovered])), 4),
        "wrong_edges": sum(one.hamming_distance for one in recovered),
        "edges": sum(one.num_edges for one in recovered),
        "curve": [*curve, [options.steps, round(float(np.mean(on_edges)), 4)]],
        "weights": [round(float(value), 4) for value in on_edges],
        "seconds": round(time.perf_counter() - began),
        **_measured(),
    }
    write_json(RESULTS / "forests.json", result)
    _plot_forests(result, _forest_attention(model, weights), graphs)
    print({name: value for name, value in result.items() if name not in ("curve", "weights")})


def _forest_attention(model: DisentangledModel, weights: dict[str, torch.Tensor]) -> np.ndarray:
    """The position attention of each model: (graphs, length, length)."""
    maps = []
    for index in range(len(weights["output.weight"])):
        model.load_state_dict({name: value[index] for name, value in weights.items()})
        maps.append(model.position_attention()[0].detach().numpy().copy())
    return np.stack(maps)


def _forest_weights(model: DisentangledModel, weights: dict[str, torch.Tensor], graphs: list[Any]) -> list[float]:
    """The mean weight on the true parents of each graph."""
    return [attention[graph.adjacency()].mean()
            for attention, graph in zip(_forest_attention(model, weights), graphs, strict=True)]  # fmt: skip


def _plot_forests(result: dict[str, Any], attention: np.ndarray, graphs: list[Any]) -> None:
    figure, axes = subplots(1, 3, figsize=(12, 3.9))
    steps, values = zip(*result["curve"], strict=True)
    axes[0].plot(steps, values, marker=".", label=f"mean over {result['graphs']} graphs")
    published = result["published"]
    axes[0].axhline(published["mean_weight"], color="#333333", linestyle="--", linewidth=1, label="published")
    axes[0].set_xlabel("step")
    axes[0].set_ylabel("weight on the true parent")
    axes[0].set_ylim(0, 1)
    axes[0].legend(fontsize=8)
    axes[1].bar(range(result["graphs"]), sorted(result["weights"]), color="#1f5fa8")
    axes[1].axhspan(*published["range"], color="#333333", alpha=0.12, label="published range")
    axes[1].set_xlabel("graph, sorted")
    axes[1].set_ylabel("weight on the true parent")
    axes[1].set_ylim(0, 1)
    axes[1].legend(fontsize=8, loc="upper left")
    median = int(np.argsort(result["weights"])[result["graphs"] // 2])
    draw_map(axes[2], attention[median], "position attention, the median graph")
    mark_parents(axes[2], graphs[median].parents)
    save_figure(figure, RESULTS / "forests.png")


def gradient(options: argparse.Namespace) -> None:
    """Whether the gradient of the first attention matrix, where it is zero, ranks edges as chi-squared information."""
    settings = [("random", 3, 10, 1.0), ("random", 3, 10, 0.1), ("random", 10, 20, 1.0), ("random", 10, 20, 0.1)]
    results, drawn = [], []
    for structure, states, length, alpha in settings:
        graph = make_graph(structure, length)
        slopes = first_gradient(graph, states, alpha, options.sequences)
        information = chi_squared(graph, states, alpha)
        x, y, true = _pairs(graph, slopes, information)
        children = [child for child, parents in enumerate(graph.parents[:-1]) if parents and child > 1]
        largest = [int(np.argmax(slopes[child, :child])) == graph.parents[child][0] for child in children]
        informed = [int(np.argmax(information[child, :child])) == graph.parents[child][0] for child in children]
        results.append({
            "structure": structure,
            "states": states,
            "length": length,
            "alpha": alpha,
            "sequences": options.sequences,
            "pearson": round(float(np.corrcoef(x, y)[0, 1]), 4),
            "spearman": round(float(np.corrcoef(_ranks(x), _ranks(y))[0, 1]), 4),
            "children": len(children),
            "true_parent_has_largest_gradient": sum(largest),
            "true_parent_has_largest_information": sum(informed),
        })  # fmt: skip
        drawn.append((x, y, true))
        print(results[-1], flush=True)
    write_json(RESULTS / "gradient.json", {"settings": results, **_measured()})
    figure, axes = subplots(1, len(drawn), figsize=(3.6 * len(drawn), 3.6))
    for axis, (x, y, true), result in zip(axes, drawn, results, strict=True):
        axis.scatter(x[~true], y[~true], s=9, color="#8fa3b8", label="no edge")
        axis.scatter(x[true], y[true], s=16, color="#d1495b", label="true edge")
        axis.set_title(f"{result['states']} states, length {result['length']}, prior {result['alpha']:g}", fontsize=10)
        axis.set_xlabel("chi-squared information", fontsize=9)
        axis.set_yticks([])
    axes[0].set_ylabel("gradient of the position pair", fontsize=9)
    axes[0].legend(fontsize=8)
    save_figure(figure, RESULTS / "gradient.png")


def first_gradient(graph: Any, states: int, alpha: float, sequences: int, scale: float = 0.01) -> np.ndarray:
    """The descent direction of the position block of the first layer where its matrix is zero, without softmax.

    The second layer and the output are small multiples of what they become: the last token looks for equal copied
    tokens, and what is read is predicted, as in the analysis of arXiv 2402.14735. Evenly spread attention turns a
    slope g of row i into (g - mean g) / (i + 1); rows are multiplied by i + 1 again.
    """
    model = DisentangledModel(DisentangledConfig(vocab_size=states, max_position_embeddings=graph.length)).double()
    width, each = states + graph.length, torch.arange(states)
    with torch.no_grad():
        model.layers[1].attention[0, each, width + each] = scale
        model.output.weight[each, 2 * width + each] = scale
    total, chunk = torch.zeros(graph.length, graph.length, dtype=torch.float64), 5000
    for part in range(sequences // chunk):
        drawn = sample_sequences(graph, states, alpha, chunk, Stream(0, "gradient", alpha, part))
        model.zero_grad()
        model(
            torch.from_numpy(drawn.tokens).long(), labels=torch.from_numpy(drawn.target_probabilities)
        ).loss.backward()
        total -= model.layers[0].attention.grad[0, states:, states:]
    return total.numpy() / (sequences // chunk) * np.arange(1, graph.length + 1)[:, None]


def chi_squared(graph: Any, states: int, alpha: float, draws: int = 4000) -> np.ndarray:
    """Chi-squared mutual information of pairs of positions of a tree, exact for each transition matrix, as a mean.

    For positions i and j with their last common ancestor at distances a and b it is the sum of P(s_i, s_j)^2 / (P(s_i)
    P(s_j)) less 1, with P(s_i, s_j) from the powers a and b of the transitions. Positions without one are independent.
    """
    transitions = dirichlet(alpha, (draws, states, states), Stream(0, "information", alpha))
    start = np.maximum(stationary(transitions), 1e-300)
    powers = [np.broadcast_to(np.eye(states), transitions.shape)]
    for _ in range(graph.length):
        powers.append(powers[-1] @ transitions)
    lines = []
    for position in range(graph.length):
        line = [position]
        while parents := graph.parents[line[-1]]:
            line.append(parents[0])
        lines.append(line)
    weights = np.zeros((graph.length, graph.length))
    for late in range(graph.length - 1):
        for early in range(late):
            shared = next((node for node in lines[late] if node in lines[early]), None)
            if shared is not None:
                ways = (powers[lines[one].index(shared)] for one in (late, early))
                joint = np.einsum("ns,nsa,nsb->nab", start, *ways)
                ratio = joint**2 / (start[:, :, None] * start[:, None, :])
                weights[late, early] = ratio.sum((1, 2)).mean() - 1
    return weights


def _pairs(graph: Any, slopes: np.ndarray, information: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both for every pair of a row, less the row's mean, which softmax takes away; and whether it is an edge."""
    x, y, true = [], [], []
    for late in range(2, graph.length - 1):
        x += list(information[late, :late] - information[late, :late].mean())
        y += list(slopes[late, :late] - slopes[late, :late].mean())
        true += list(graph.adjacency()[late, :late])
    return np.array(x), np.array(y), np.array(true)


def _ranks(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values)).astype(float)


def _measured() -> dict[str, str]:
    return {"hardware": describe_hardware(), "date": time.strftime("%Y-%m-%d")}


def tables(options: argparse.Namespace) -> None:
    """The tables of `benchmarks/README.md`."""
    print("| recipe | weight on a true parent | smallest | spread evenly | F1 | wrong edges | test loss | Bayes |"
          " matching, layer 2 | spread evenly | minutes |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name in RECIPES:
        if (path := RESULTS / f"{name}.json").is_file():
            measured = json.loads(path.read_text(encoding="utf-8"))
            recovery, test, look = measured["recovery"]["attention"], measured["losses"]["test"], measured["induction"]
            shares = " | ".join(f"{recovery[key]:.3f}" for key in ("mean_weight", "min_weight", "uniform_weight"))
            print(f"| {name} | {shares} | "
                  f"{recovery['f1']:.3f} | {recovery['hamming_distance']} of {recovery['num_edges']} | "
                  f"{test['loss']:.3f} | {test['bayes_loss']:.3f} | {look['matching']:.3f} | {look['uniform']:.3f} | "
                  f"{measured['training']['seconds'] / 60:.1f} |")  # fmt: skip
    print("\n| recipe | split | prior | model | Bayes | Bayes, prior of training |\n|---|---|---|---|---|---|")
    for name in RECIPES:
        if (path := RESULTS / f"{name}.json").is_file():
            for split, one in json.loads(path.read_text(encoding="utf-8"))["losses"].items():
                print(f"| {name} | {split.replace('_', ' ')} | {one['alpha']:g} | {one['loss']:.3f} | "
                      f"{one['bayes_loss']:.3f} | {one['training_prior_loss']:.3f} |")  # fmt: skip
    if (path := RESULTS / "gradient.json").is_file():
        print("\n| states | length | prior | correlation | of ranks | true parent has the largest gradient |")
        print("|---|---|---|---|---|---|")
        for one in json.loads(path.read_text(encoding="utf-8"))["settings"]:
            print(f"| {one['states']} | {one['length']} | {one['alpha']:g} | {one['pearson']:.3f} | "
                  f"{one['spearman']:.3f} | {one['true_parent_has_largest_gradient']} of {one['children']} "
                  "|")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=("runs", "forests", "gradient", "tables"))
    parser.add_argument("--work", type=Path, default=Path("runs/latent"), help="folder for trainings")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), help="of `runs`")
    parser.add_argument("--graphs", type=int, default=20, help="of `forests`")
    parser.add_argument("--steps", type=int, default=2800, help="of `forests`")
    parser.add_argument("--batch", type=int, default=128, help="sequences a step and graph, of `forests`")
    parser.add_argument("--learning-rate", type=float, default=5.0, help="of `forests`")
    parser.add_argument("--sequences", type=int, default=20_000, help="of `gradient`")
    options = parser.parse_args()
    {"runs": runs, "forests": forests, "gradient": gradient, "tables": tables}[options.study](options)


if __name__ == "__main__":
    main()
