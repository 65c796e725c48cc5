"""The identity of a published data set."""

from __future__ import annotations

from dataclasses import dataclass

QUESTION_CATEGORIES = ("text-classification", "text-generation")


@dataclass(frozen=True)
class Dataset:
    """A data set as it is published: its name and the metadata of its card."""

    name: str
    title: str
    """Pretty name on the Hub."""
    tag: str
    """Tag on the Hub that no other data set of the package has."""
    categories: tuple[str, ...] = QUESTION_CATEGORIES
    """Task categories as the Hub names them."""
    modules: tuple[str, ...] = ()
    """Modules with `CONFIGS` and `generate_shard(config, split, shard)`, for data sets that no task offers."""


AXIOMATIC = Dataset("axiomatic", "Axiomatic corpora of causal reasoning", "length-generalization")
"""The data set that the axiomatic tasks share."""

CAUSAL_LADDER = Dataset("causal_ladder", "Causal ladder: what changes can affect", "causal-effects")
"""The data set of the tasks about changes to a system: relevance, identification and quantities."""
