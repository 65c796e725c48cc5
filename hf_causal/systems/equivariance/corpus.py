"""Generates `shapes`: pairs of small images and captions that differ by a minimal change.

"a red square left of a blue circle" and "a blue square left of a red circle": as in EqBen (arXiv 2303.14465), each
caption is true of its own image and false of the other one, so a similarity of images and captions has to follow the
change in both. Both images of a pair have the same background, and everything that does not change keeps its position.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from hf_causal.systems.equivariance.changes import KINDS, SPLITS, Change, changes_of
from hf_causal.systems.equivariance.drawing import BACKGROUNDS, RADII, Thing, draw, encode_png
from hf_causal.systems.equivariance.pairs import certificate
from hf_causal.tasks.shared.schema import IMAGE, CorpusConfig, SampleCell, table_schema
from hf_causal.utils.randomness import Stream

SCHEMA = table_schema(
    ("image_0", IMAGE),
    ("image_1", IMAGE),
    ("caption_0", pa.string()),
    ("caption_1", pa.string()),
    ("kind", pa.string()),
    ("exchanged", pa.string()),
    ("certificate", pa.string()),
    ("graph_id", pa.string()),
)

_NEAR, _FAR, _JITTER = 6, 22, 4
"""Smallest position of the first and the second thing along the axis of their relation, and its range."""

_ACROSS = 20
"""Range of positions across that axis, from `_NEAR` on."""

_PLACES = ((5, 5), (21, 5), (5, 21), (21, 21))
"""Smallest positions of counted things, one in each quarter of the image."""

_QUARTER = 7
"""Range of these positions."""


def minimal_changes(
    rows: int = 4000,
    validation_rows: int = 800,
    rows_per_cell: int = 500,
    seed: int = 0,
    rows_per_shard: int = 2000,
) -> CorpusConfig[SampleCell]:
    """Makes the config of pairs of images and captions, with equally many of each type of change.

    Args:
        rows (`int`): Number of pairs of `train`.
        validation_rows (`int`): Number of pairs of `validation`.
        rows_per_cell (`int`): Number of pairs of each type of change in `test`, `new_things` and `new_changes`.
        seed (`int`): Seed of the rows; the split of a change does not depend on it.
        rows_per_shard (`int`): Number of pairs in one Parquet file.

    Raises:
        `ValueError`: If there are fewer rows than types of change.
    """
    totals = {"train": rows, "validation": validation_rows}
    for name, value in (("rows", rows), ("validation_rows", validation_rows)):
        if value < len(KINDS):
            raise ValueError(f"`{name}` must be at least {len(KINDS)}, one of each kind of change, got {value}")

    def cell(split: str, number: int) -> SampleCell:
        total = totals.get(split, rows_per_cell * len(KINDS))
        share = total * (number + 1) // len(KINDS) - total * number // len(KINDS)
        return SampleCell(KINDS[number], 4 if KINDS[number] == "count" else 2, share)

    splits = {split: tuple(cell(split, number) for number in range(len(KINDS))) for split in SPLITS}
    return CorpusConfig(
        "minimal_changes",
        "Pairs of 32 by 32 pictures and their captions that differ by a colour, an exchange of colours, of places, or "
        "a number.",
        splits,
        seed=seed,
        rows_per_shard=rows_per_shard,
    )


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {"minimal_changes": minimal_changes}


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table, in random order."""
    num_shards = config.num_shards(split)
    stream = Stream(config.seed, config.version, config.name, split, shard)
    rows = []
    for cell in config.splits[split]:
        changes = changes_of(split, cell.structure)
        count = cell.rows_in_shard(shard, num_shards)
        layouts = _Layouts(stream, count)
        for row, choice in enumerate(stream.integers(len(changes), (count,))):
            rows.append(_row(changes[choice], layouts, row))
    order = stream.permutations(1, len(rows))[0]
    prefix = f"{config.name}/{split}/{shard:05d}"
    table = [{**rows[index], "graph_id": f"{prefix}/{number:07d}"} for number, index in enumerate(order)]
    return pa.Table.from_pylist(table, schema=SCHEMA)


class _Layouts:
    """Draws positions, sizes and backgrounds for many rows."""

    def __init__(self, stream: Stream, count: int):
        self.background = np.array(BACKGROUNDS)[stream.integers(len(BACKGROUNDS), (count,))]
        self.radius = np.array(RADII)[stream.integers(len(RADII), (count, 4))]
        self.along = stream.integers(_JITTER, (count, 2)) + [_NEAR, _FAR]
        self.across = stream.integers(_ACROSS, (count, 2)) + _NEAR
        self.quarter = stream.integers(_QUARTER, (count, 4, 2)) + np.array(_PLACES)
        self.order = stream.permutations(count, 4)

    def place(self, change: Change, row: int) -> tuple[list[Thing], list[Thing]]:
        """Returns the two scenes of a change."""
        radius = self.radius[row].tolist()
        if change.kind == "count":
            places = [self.quarter[row, place].tolist() for place in self.order[row]]
            # The scene with fewer things uses the first positions of the other one.
            return _scene(change.before, places, radius), _scene(change.after, places, radius)
        along = self.along[row].tolist()
        if change.relation in ("right of", "below"):
            along.reverse()
        places = [list(place) for place in zip(along, self.across[row].tolist(), strict=True)]
        if change.relation in ("above", "below"):
            places = [place[::-1] for place in places]
        later = places[::-1] if change.kind == "relation" else places
        return _scene(change.before, places, radius), _scene(change.after, later, radius)


def _scene(looks: tuple[tuple[str, str], ...], places: list[list[int]], radii: list[int]) -> list[Thing]:
    return [
        Thing(color, shape, x, y, radius) for (color, shape), (x, y), radius in zip(looks, places, radii, strict=False)
    ]


def _row(change: Change, layouts: _Layouts, row: int) -> dict[str, object]:
    scenes = layouts.place(change, row)
    images = [encode_png(draw(scene, int(layouts.background[row]))) for scene in scenes]
    first, second = change.captions
    return {
        "image_0": {"bytes": images[0], "path": None},
        "image_1": {"bytes": images[1], "path": None},
        "caption_0": first,
        "caption_1": second,
        "kind": change.kind,
        "exchanged": "/".join(change.exchanged),
        "certificate": certificate(scenes),
    }
