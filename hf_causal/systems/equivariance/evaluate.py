"""Two towers: text, image and group score on pairs of minimal change, and their report."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hf_causal.systems.equivariance.changes import KINDS
from hf_causal.systems.equivariance.metric import ASPECTS, CHANCE, score_equivariance
from hf_causal.systems.system import SystemEvaluation
from hf_causal.utils.hardware import describe_hardware
from hf_causal.utils.progress import Advance, Progress

SPLITS = ("test", "new_things", "new_changes")
"""Validation is not among them: by it the weights were chosen."""

TITLES = {
    "test": "seen things and changes",
    "new_things": "things not seen",
    "new_changes": "changes not seen",
    "color": "colour",
    "attribute": "colours exchanged",
    "relation": "places exchanged",
    "count": "number",
}

_BATCH = 256
"""Pairs at a time."""

CARD: dict[str, Any] = {
    "task": None,
    "tags": ["equivariant-similarity", "vision-language"],
    "usage": """
import numpy as np
import torch
from datasets import load_dataset
from transformers import AutoModel, AutoTokenizer

name = "{repo_id}"  # this folder, or its id on the Hub
tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
model = AutoModel.from_pretrained(name, trust_remote_code=True)
row = load_dataset("shapes", "minimal_changes", split="test")[0]  # a folder that `hf-causal build shapes` wrote
pixels = [np.asarray(row[column].convert("RGB")) for column in ("image_0", "image_1")]
captions = tokenizer([row["caption_0"], row["caption_1"]], padding=True, return_tensors="pt")
images = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2)  # integers 0 to 255, colours first
print(model(images, **captions).logits_per_image)  # pictures by captions
""",
    "about": """
A picture of 32 by 32 pixels goes through convolutions, each of which halves it, and one linear layer over all places.
A caption goes through word and position vectors, a small transformer, and a mean over its words. Both become unit
vectors; their similarity is the cosine, times a learned scale. As in CLIP (arXiv 2103.00020) they are trained by the
cross-entropy of each picture's caption and each caption's picture among those of a batch, which has both sides of
every pair. Validation accuracy is the group score.
""",
    "sources": """
Scores and regularisers: Wang et al., *Equivariant Similarity for Vision-Language Foundation Models*, arXiv
2303.14465; the scores are those of Winoground, arXiv 2204.03162. Loss: Radford et al., *Learning Transferable Visual
Models From Natural Language Supervision*, arXiv 2103.00020. No picture or caption is copied from their data.
""",
}
"""See [`hf_causal.evaluation.evaluators.Kind`]."""


def evaluate(
    model: str | Path,
    corpus: str | None = None,
    config: str | None = None,
    data_dir: str | Path | None = None,
    limit: int | None = None,
    device: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Scores two towers on every split that they were not trained on.

    Args:
        model (`str` or `Path`): Model folder, or model on the Hub.
        corpus, config (`str`, *optional*): `shapes` and `minimal_changes` when not given.
        data_dir (`str` or `Path`, *optional*): Built corpus, or data set on the Hub; generated when not given.
        limit (`int`, *optional*): At most this many pairs of each kind of change and split.
        device (`str`, *optional*): A GPU where there is one.
        progress (callable, *optional*): Called with a split and its pairs; returns what is told how many are done.

    Returns:
        `dict`: `kind`, `model`, `dataset`, `config`, `hardware`, `date`, and `by_split`: for each split what
        [`score_equivariance`] returns, by kind of change.

    Raises:
        `FileNotFoundError`: If the model or the data does not exist.
        `ValueError`: If the corpus has no such pairs, or `limit` is not positive.
    """
    from hf_causal.corpora.load import load_corpus
    from hf_causal.evaluation.loading import default_device

    corpus, config = corpus or "shapes", config or "minimal_changes"
    if corpus != "shapes":
        raise ValueError(f"`corpus` must be 'shapes', which has pictures and captions, got {corpus!r}")
    if limit is not None and limit < 1:
        raise ValueError(f"`limit` must be at least 1, got {limit}")
    device = device or default_device()
    towers = Towers.load(model, device)
    by_split = {}
    for split in SPLITS:
        rows = load_corpus(corpus, config, split, data_dir)
        if limit is not None:
            rows = _first_of_each_kind(rows, limit)
        told = progress(f"scoring {split}", rows.num_rows) if progress else None
        similarities = towers.similarities(rows, told)
        by_split[split] = score_equivariance(similarities, kind=rows["kind"].to_pylist())
    return {
        "kind": "two_tower",
        "model": str(model),
        "dataset": corpus,
        "config": config,
        "hardware": describe_hardware(device),
        "date": time.strftime("%Y-%m-%d"),
        "by_split": by_split,
    }


class Towers:
    """A model and its tokenizer, ready to compare pictures and captions."""

    def __init__(self, model: Any, tokenizer: Any):
        self.model, self.tokenizer = model.eval(), tokenizer

    @classmethod
    def load(cls, model: str | Path, device: str | None = None) -> Towers:
        """From a folder, or from the Hub.

        Raises:
            `FileNotFoundError`: If it cannot be loaded, with what went wrong.
        """
        from transformers import AutoModel, AutoTokenizer

        import hf_causal.models  # noqa: F401  (registers the architectures of this package)
        from hf_causal.evaluation.loading import check_model_path

        check_model_path(model)
        try:
            tokenizer = AutoTokenizer.from_pretrained(model, trust_remote_code=False)
            loaded = AutoModel.from_pretrained(model, trust_remote_code=False)
        except (OSError, ValueError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise FileNotFoundError(f"cannot load the model {str(model)!r}: {reason}") from error
        return cls(loaded.to(device) if device else loaded, tokenizer)

    def similarities(self, rows: pa.Table, told: Advance | None = None) -> np.ndarray:
        """How similar the captions and pictures of each pair are.

        Args:
            rows (`pa.Table`): Rows of the `shapes` corpus.
            told (callable, *optional*): Called with the number of pairs that were finished.

        Returns:
            `np.ndarray` of shape `(pairs, 2, 2)`: Captions by pictures: cosines times the learned scale.
        """
        import torch

        from hf_causal.systems.equivariance.objective import ImagePairs, pair_similarities

        pairs = ImagePairs(rows, self.tokenizer)
        parts = []
        for start in range(0, len(pairs), _BATCH):
            chosen = np.arange(start, min(start + _BATCH, len(pairs)))
            batch = pairs.collate(chosen, self.tokenizer.pad_token_id)
            with torch.no_grad():
                outputs = self.model(**{name: tensor.to(self.model.device) for name, tensor in batch.items()})
            parts.append(pair_similarities(outputs.logits_per_image).float().cpu().numpy())
            if told:
                told(len(chosen))
        return np.concatenate(parts)


def _first_of_each_kind(rows: pa.Table, limit: int) -> pa.Table:
    kinds = np.array(rows["kind"].to_pylist())
    places = np.concatenate([np.flatnonzero(kinds == kind)[:limit] for kind in sorted(set(kinds))])
    return rows.take(pa.array(np.sort(places)))


def table(scores: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows for the command line."""
    rows = []
    for split, score in scores["by_split"].items():
        for name, own in [("all", score), *((cell["kind"], cell) for cell in _by_kind(score))]:
            rows.append([split, name, f"{own['n']:,}", *(_share(own, aspect) for aspect in ASPECTS)])
    rows.append(["chance", "", "", *(f"{float(CHANCE[aspect]):.3f}" for aspect in ASPECTS)])
    return ["split", "change", "pairs", *ASPECTS], rows


def render(scores: dict[str, Any], folder: Path, plots: str) -> str:
    """The report as Markdown; its picture goes into `folder / plots`."""
    _plot(scores, folder / plots / "equivariance.png")
    count = sum(score["n"] for score in scores["by_split"].values())
    ties = sum(score["ties"] for score in scores["by_split"].values())
    lines = [
        f"Scored on {scores['date']} with {scores['hardware']}: {count:,} pairs of `{scores['config']}`, {ties} of "
        "them with a tie. Text: each picture prefers its caption; image: each caption its picture; group: both. "
        "Chance is .250, .250 and .167; ± is one standard error, as if no two pairs shared their captions.",
        "",
        f"![Group score by split and kind of change]({plots}/equivariance.png)",
        "",
        "| pairs of | change | n | text | image | group |",
        "|---|---|---|---|---|---|",
    ]
    for split, score in scores["by_split"].items():
        for name, own in [("all", score), *((TITLES[cell["kind"]], cell) for cell in _by_kind(score))]:
            shares = " | ".join(_share(own, aspect) for aspect in ASPECTS)
            lines.append(f"| {TITLES[split]} | {name} | {own['n']:,} | {shares} |")
    return "\n".join([*lines, ""])


def _share(score: dict[str, Any], aspect: str) -> str:
    return f"{score[aspect]:.3f} ± {score[f'{aspect}_stderr']:.3f}"


def _by_kind(score: dict[str, Any]) -> list[dict[str, Any]]:
    """The kinds of change in their usual order."""
    return sorted(score["by_kind"], key=lambda cell: KINDS.index(cell["kind"]))


def _plot(scores: dict[str, Any], path: Path) -> None:
    from hf_causal.evaluation.plots import save_figure, subplots

    splits = list(scores["by_split"])
    figure, axes = subplots(1, len(splits), figsize=(3.9 * len(splits), 3.6), sharey=True, squeeze=False)
    for axis, split in zip(axes[0], splits, strict=True):
        cells = _by_kind(scores["by_split"][split])
        for place, (aspect, colour) in enumerate(zip(ASPECTS, ("#8fb3d9", "#e0a3a8", "#1f5fa8"), strict=True)):
            x = np.arange(len(cells)) + 0.27 * (place - 1)
            errors = [2 * cell[f"{aspect}_stderr"] for cell in cells]
            axis.bar(x, [cell[aspect] for cell in cells], 0.25, yerr=errors, color=colour, label=aspect,
                     error_kw={"elinewidth": 1, "ecolor": "#444444"})  # fmt: skip
        axis.axhline(float(CHANCE["text"]), color="#999999", linewidth=1, linestyle=":")
        axis.axhline(float(CHANCE["group"]), color="#1f5fa8", linewidth=1, linestyle=":")
        axis.set_xticks(range(len(cells)), [TITLES[cell["kind"]].replace(" ", "\n") for cell in cells])
        axis.set_title(TITLES[split], fontsize=11)
        axis.set_ylim(0, 1.16)
        axis.set_yticks(np.linspace(0, 1, 6))
    axes[0][0].set_ylabel("share of pairs (dotted: chance)")
    axes[0][-1].legend(fontsize=8, loc="upper center", ncols=len(ASPECTS), framealpha=0.9)
    save_figure(figure, path)


EVALUATION = SystemEvaluation(CARD, evaluate, table, render)
