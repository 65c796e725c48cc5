"""Configs of correlation to causation: which classes, how many questions about each, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import comb
from string import ascii_uppercase

import numpy as np

from hf_causal.graphs.enumeration import SIZES
from hf_causal.graphs.equivalence import RELATIONS
from hf_causal.tasks.corr2cause.class_splits import SPLITS, num_classes
from hf_causal.tasks.shared.schema import BaseCell, CorpusConfig

EVALUATION_QUESTIONS = {2: 6, 3: 18, 4: 36, 5: 60, 6: 11}
"""Questions about each premise of `validation` and `test`: all that there are, except for six variables."""

BALANCED_SHARES = {4: 7, 5: 93, 6: 900}
"""Shares of the sizes in the balanced training rows. With two variables no hypothesis ever follows, and with three
only one class has hypotheses that do."""

LARGEST_BALANCED_CELL = {4: 160}
"""From size to the most rows that its held-out classes have."""


@dataclass(frozen=True)
class Systems(BaseCell):
    """The closed systems of one size in a split."""

    questions_per_premise: int = 0
    paraphrased: bool = False
    letters: str = ascii_uppercase
    """The names of the variables, in order."""
    balanced: bool = False
    """Whether half the questions of every premise are Yes."""
    same_relation: bool = False
    """Whether a premise has one Yes and one No, of the same relation."""
    even_relations: bool = False
    """Whether that relation is drawn first, and not with the Yes: relations that follow rarely come as often."""
    fewest_members: int = 1
    """Graphs of an equivalence class, at least."""


def every_class_config(
    name: str,
    description: str,
    paraphrased: bool = False,
    letters: str = ascii_uppercase,
    nodes: tuple[int, ...] = SIZES,
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig[Systems]:
    """Makes a config with one premise of every class, and every hypothesis about it in `train`.

    Args:
        name, description (`str`): For the card.
        paraphrased (`bool`): Whether the hypotheses are in the words of the published paraphrases.
        letters (`str`): The names of the variables.
        nodes (`tuple[int, ...]`): Numbers of variables.
        seed (`int`): Of the random numbers; the splits have the same classes under every seed.
        rows_per_shard (`int`): Approximate number of rows of a Parquet file; a premise is never in two files.
    """

    _check_nodes(nodes, SIZES)

    def cell(split: str, size: int) -> Systems:
        questions = num_questions(size) if split == "train" else EVALUATION_QUESTIONS[size]
        rows = questions * num_classes(size, split)
        return Systems("closed_system", size, rows, None, questions, paraphrased, letters)

    return _config(name, description, cell, nodes, seed, rows_per_shard)


def balanced_config(
    rows: int = 100_000,
    rows_per_cell: int = 500,
    nodes: tuple[int, ...] = tuple(BALANCED_SHARES),
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig[Systems]:
    """Makes a config in which, for each premise, as many hypotheses follow from it as do not.

    Args:
        rows (`int`): Rows of `train`, divided by `BALANCED_SHARES`.
        rows_per_cell (`int`): Rows of each size in `validation` and `test`, two about each premise except for 4
            variables.
        nodes (`tuple[int, ...]`): Numbers of variables, among 4, 5 and 6.
        seed (`int`): Of the random numbers.
        rows_per_shard (`int`): Approximate number of rows of a Parquet file.
    """
    _check_nodes(nodes, tuple(BALANCED_SHARES))
    _check_even("rows", rows)
    _check_even("rows_per_cell", rows_per_cell)
    ends = np.cumsum([BALANCED_SHARES[size] for size in nodes])
    pairs = dict(zip(nodes, np.diff(rows // 2 * ends // ends[-1], prepend=0).tolist(), strict=True))

    def cell(split: str, size: int) -> Systems:
        most = LARGEST_BALANCED_CELL.get(size)
        if split == "train":
            return Systems("closed_system", size, 2 * pairs[size], None, num_questions(size), balanced=True)
        if most is not None:
            return Systems("closed_system", size, min(rows_per_cell, most), None, num_questions(size), balanced=True)
        return Systems("closed_system", size, rows_per_cell, None, 2, balanced=True)

    description = (
        "As many hypotheses that follow as that do not, half and half about each premise of 4 to 6 variables."
    )
    return _config("balanced", description, cell, nodes, seed, rows_per_shard)


def seven_variables_config(
    rows_per_cell: int = 500, seed: int = 0, rows_per_shard: int = 25_000
) -> CorpusConfig[Systems]:
    """Makes a config with a `test` split of random classes of seven variables, see `drawn_classes`.

    About each class there are two questions with the same relation, of which one follows and one does not.

    Args:
        rows_per_cell (`int`): Questions, two about each premise.
        seed (`int`): Of the random numbers, the classes included.
        rows_per_shard (`int`): Approximate number of rows of a Parquet file.
    """
    _check_even("rows_per_cell", rows_per_cell)
    cell = Systems("closed_system", 7, rows_per_cell, None, 2, balanced=True, same_relation=True, even_relations=True)
    description = (
        "Random classes of seven variables, one more than in training; about each a hypothesis that follows and one "
        "of the same relation that does not."
    )
    return CorpusConfig("seven_variables", description, {"test": (cell,)}, seed=seed, rows_per_shard=rows_per_shard)


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {
    "default": partial(
        every_class_config,
        "default",
        "One labelling of every equivalence class of 2 to 6 variables; in train with every pair and relation.",
    ),
    "paraphrased": partial(
        every_class_config,
        "paraphrased",
        "The questions of `default` with their hypotheses in other words.",
        paraphrased=True,
    ),
    "refactored": partial(
        every_class_config,
        "refactored",
        "The questions of `default` with the variables named Z, Y, X, … instead of A, B, C, …",
        letters=ascii_uppercase[::-1],
    ),
    "balanced": balanced_config,
    "seven_variables": seven_variables_config,
}


def _check_even(option: str, rows: int) -> None:
    if rows < 2 or rows % 2:
        raise ValueError(f"`{option}` must be even and at least 2, half Yes and half No; got {rows}")


def _check_nodes(nodes: tuple[int, ...], allowed: tuple[int, ...]) -> None:
    if not nodes or len(set(nodes)) < len(nodes) or not set(nodes) <= set(allowed):
        raise ValueError(
            f"`nodes` must be different numbers of variables from {allowed[0]} to {allowed[-1]}, got {nodes}"
        )


def _config(
    name: str,
    description: str,
    cell: Callable[[str, int], Systems],
    nodes: tuple[int, ...],
    seed: int,
    rows_per_shard: int,
) -> CorpusConfig[Systems]:
    cells = {split: tuple(cell(split, size) for size in nodes) for split in SPLITS}
    splits = {split: tuple(cell for cell in group if cell.rows) for split, group in cells.items()}
    if not splits["train"]:
        raise ValueError(f"`nodes` {nodes} leave no class for the split 'train'; add a number from 3 to 6")
    return CorpusConfig(name, description, splits, seed=seed, rows_per_shard=rows_per_shard)


def num_questions(size: int) -> int:
    return comb(size, 2) * len(RELATIONS)
