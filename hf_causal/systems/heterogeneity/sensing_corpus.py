"""Generates measurements of an invariant matrix plus a spurious one in each environment, after arXiv 2403.01420.

A row is a symmetric matrix `X` (its upper triangle) and the response `<X, A* + A(e)> + noise` of one environment.
`problem_seed` determines the matrices; see [`Problem`] for the set-up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import pyarrow as pa

from hf_causal.systems.heterogeneity.sensing import Problem, draw_measurements, draw_problem, responses
from hf_causal.tasks.shared.schema import CorpusConfig, SampleCell, table_schema
from hf_causal.utils.randomness import Stream

SCHEMA = table_schema(
    ("measurement", pa.list_(pa.float32())),
    ("response", pa.float32()),
    ("invariant_response", pa.float32()),
    ("environment", pa.int32()),
    ("structure", pa.string()),
    ("num_nodes", pa.int32()),
)


@dataclass(frozen=True)
class SensingCell(SampleCell):
    """Measurements of one problem. `num_nodes` is the dimension, `structure` selects the spurious matrices `A(e)`.

    `training`: those of the training environments; `absent`: zero; `reversed`: their mean with the other sign.
    """

    rank: int = 2
    spurious_rank: int = 2
    environments: int = 10
    heterogeneity: float = 6.0
    mean: float = 1.0
    noise: float = 0.1
    problem_seed: int = 0
    """Seed of the matrices; the seed of the rows does not change them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.noise < 0:
            raise ValueError(f"`noise` must not be negative, got {self.noise}")
        self.problem()  # raises for sizes that do not fit

    def problem(self) -> Problem:
        """Draws the matrices that are measured."""
        return draw_problem(
            Stream(self.problem_seed, "matrix_sensing", "problem"),
            self.num_nodes,
            self.rank,
            self.spurious_rank,
            self.environments,
            self.heterogeneity,
            self.mean,
        )


def sensing_config(
    rows: int = 20_000,
    validation_rows: int = 2_000,
    dimension: int = 20,
    rank: int = 2,
    spurious_rank: int = 2,
    environments: int = 10,
    heterogeneity: float = 6.0,
    mean: float = 1.0,
    noise: float = 0.1,
    problem_seed: int = 0,
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig:
    """Makes the config `matrix_sensing`.

    Args:
        rows, validation_rows (`int`): Rows of `train`, and of each other split.
        dimension (`int`): `d`, of the (d, d) matrices.
        rank, spurious_rank (`int`): Rank of `A*`, and of each `A(e)`.
        environments (`int`): Number of environments; each row belongs to one, drawn at random.
        heterogeneity (`float`): `M`; the strength of each spurious direction is `mean ± M`.
        mean (`float`): Mean strength of a spurious direction.
        noise (`float`): Standard deviation of the noise of each response.
        problem_seed (`int`): Seed of the matrices.
        seed (`int`): Seed of the rows. The matrices do not depend on it.
        rows_per_shard (`int`): Rows of one Parquet file.
    """

    def cell(structure: str, count: int) -> SensingCell:
        return SensingCell(
            structure,
            dimension,
            count,
            rank=rank,
            spurious_rank=spurious_rank,
            environments=environments,
            heterogeneity=heterogeneity,
            mean=mean,
            noise=noise,
            problem_seed=problem_seed,
        )

    splits = {
        "train": (cell("training", rows),),
        "validation": (cell("training", validation_rows),),
        "absent": (cell("absent", validation_rows),),
        "reversed": (cell("reversed", validation_rows),),
    }
    description = (
        f"Measurements of {dimension} x {dimension} matrices in {environments} environments: invariant rank {rank}, "
        f"spurious rank {spurious_rank} with strengths {mean:g} ± {heterogeneity:g}, noise {noise:g}."
    )
    return CorpusConfig("matrix_sensing", description, splits, seed=seed, rows_per_shard=rows_per_shard)


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {"matrix_sensing": sensing_config}


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table."""
    stream = Stream(config.seed, config.version, config.name, split, shard)
    num_shards = config.num_shards(split)
    tables = [_rows(cast(SensingCell, cell), shard, num_shards, stream) for cell in config.splits[split]]
    return pa.concat_tables(tables).combine_chunks()


def _rows(cell: SensingCell, shard: int, num_shards: int, stream: Stream) -> pa.Table:
    count, problem = cell.rows_in_shard(shard, num_shards), cell.problem()
    measurements = draw_measurements(stream, count, cell.num_nodes)
    environment = stream.integers(cell.environments, (count,))
    invariant = responses(measurements, problem.invariant)
    spurious = {
        "training": lambda: responses(measurements, problem.spurious)[np.arange(count), environment],
        "absent": lambda: np.zeros(count),
        "reversed": lambda: -responses(measurements, problem.spurious.mean(axis=0)),
    }[cell.structure]()
    response = invariant + spurious + cell.noise * stream.normals((count,))
    columns = {
        "measurement": pa.FixedSizeListArray.from_arrays(measurements.ravel(), measurements.shape[1]),
        "response": _rounded(response),
        "invariant_response": _rounded(invariant),
        "environment": environment.astype(np.int32),
        "structure": pa.repeat(cell.structure, count),
        "num_nodes": pa.repeat(pa.scalar(cell.num_nodes, pa.int32()), count),
    }
    columns["measurement"] = columns["measurement"].cast(SCHEMA.field("measurement").type)
    return pa.table(columns, schema=SCHEMA)


def _rounded(values: np.ndarray) -> np.ndarray:
    """Rounds to multiples of `2**-12`, since the last bits of a sum depend on the machine."""
    return (np.round(values * 2**12) * 2.0**-12).astype(np.float32)
