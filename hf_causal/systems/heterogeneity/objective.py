"""Trains on measurements and their responses with the squared error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

from hf_causal.training.objectives import BatchLoss, Counts, ObjectiveOptions


class Measurements:
    """Holds rows of the config `matrix_sensing`; each row is a pack.

    Args:
        rows (`pa.Table`): Has `measurement` and `response`, all of one dimension.

    Raises:
        `ValueError`: If there are no rows or a column is missing.
    """

    def __init__(self, rows: pa.Table):
        if rows.num_rows == 0:
            raise ValueError("`rows` is empty: there is nothing to train on")
        if missing := [name for name in ("measurement", "response") if name not in rows.column_names]:
            raise ValueError(f"`rows` must have the columns of `matrix_sensing`, and have no {missing[0]!r}")
        self.measurements = rows["measurement"].combine_chunks().flatten().to_numpy().reshape(rows.num_rows, -1)
        self.responses = rows["response"].to_numpy()
        self.lengths = self.questions = np.ones(rows.num_rows, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """Makes a batch: `measurements` of shape (packs, d (d + 1) / 2) and `labels` of shape (packs,)."""
        batch = {"measurements": self.measurements[packs], "labels": self.responses[packs]}
        return {name: torch.from_numpy(array) for name, array in batch.items()}


class SquaredError:
    """Computes a quarter of the mean squared error, see [`MatrixSensingOutput`]. A hit has the right sign.

    The last weights are kept, not the best ones: validation has the environments of training, and there the invariant
    matrix fits worse than the pooled one.
    """

    Options = ObjectiveOptions
    selection_metric = "last"

    def __init__(self, recipe: Any, tokenizer: Any):
        """Needs neither options nor a tokenizer."""

    def family(self, rows: pa.Table) -> dict[str, Any]:
        environments = pc.count_distinct(rows["environment"]).as_py()
        sizes = sorted(rows["num_nodes"].unique().to_pylist())
        return {"rows": rows.num_rows, "environments": environments, "dimension": sizes}

    def make_data(self, rows: pa.Table, training: bool, task: str = "matrix_sensing") -> Measurements:
        return Measurements(rows)

    def count(self, batches: list[dict[str, torch.Tensor]]) -> Counts:
        rows = sum(len(batch["labels"]) for batch in batches)
        return Counts(torch.tensor(rows), torch.tensor(0))

    def loss_and_hits(self, model, batch, totals, training=True):
        responses, labels = model(measurements=batch["measurements"]).responses.float(), batch["labels"]
        total = (responses - labels).square().sum() / 4
        return BatchLoss(total / totals.answers, total.detach(), (responses.sign() == labels.sign()).sum())
