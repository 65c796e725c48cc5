"""Generates images as lists of objects, in which the scene makes objects appear together, and exact effects of pairs.

`default`, `strong` and `unconfounded` are images of one system of `scene_model`, with the scenes as confounder at
strength 1, 2 and 0. `effects` has P(y | x) and P(y | do x) of every pair of objects in these three systems, exactly,
with the numbers they are computed from. `published` is constructed to have the counts of the slides of VC R-CNN.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
import pyarrow as pa

from hf_causal.systems.interventions.scene_model import HOMES, SceneSystem, scene_system
from hf_causal.tasks.shared.schema import CorpusConfig, SampleCell, table_schema
from hf_causal.utils.randomness import Stream

CONFOUNDING = {"default": 1.0, "strong": 2.0, "unconfounded": 0.0}
"""Strength of the scenes in each config of drawn images."""
IMAGE_SCHEMA = table_schema(("image_id", pa.string()), ("scene", pa.string()), ("objects", pa.list_(pa.string())))
EFFECT_SCHEMA = table_schema(
    ("config", pa.string()),
    ("cause", pa.string()),
    ("effect", pa.string()),
    ("relation", pa.string()),
    ("observed", pa.float64()),
    ("intervened", pa.float64()),
    ("change", pa.float64()),
    ("certificate", pa.string()),
)

PUBLISHED_IMAGES: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("bathroom", ("toilet", "person"), 243),
    ("bathroom", ("toilet",), 1963),
    ("bathroom", ("hair drier", "sink"), 99),
    ("bathroom", ("hair drier",), 66),
    ("bathroom", ("sink",), 29),
    ("elsewhere", ("toilet", "person"), 34),
    ("elsewhere", ("toilet",), 77),
    ("elsewhere", ("hair drier", "sink"), 13),
    ("elsewhere", ("hair drier",), 22),
    ("elsewhere", ("person",), 10_000),
    ("elsewhere", ("sink",), 800),
    ("elsewhere", (), 10_654),
)
"""Images of `published`: scene, objects, and number of images.

277 of 2317 images with a toilet have a person, as the slides count; 112 of 200 with a hair drier have a sink, .56 as
on the slides. Their distribution over two scenes, one with a tenth of the images, is constructed so that adjusting
gives the slides' .29 and .39.
"""

_ROUND = 12
"""Decimals of values computed from probabilities of four decimals, so that the order of sums does not matter."""


def _images(name: str, rows: int = 20_000, seed: int = 0, rows_per_shard: int = 25_000) -> CorpusConfig:
    strength = CONFOUNDING[name]
    description = (
        f"Images of {len(HOMES)} objects in six scenes; the scenes are a confounder of strength {strength:g}."
    )
    splits = {"train": (SampleCell(name, len(HOMES), rows),)}
    return CorpusConfig(name, description, splits, seed=seed, rows_per_shard=rows_per_shard)


def _published(seed: int = 0, rows_per_shard: int = 25_000) -> CorpusConfig:
    description = "Images with the counts of two pairs of the slides of VC R-CNN, in two scenes that were constructed."
    cell = SampleCell("published", 4, sum(times for *_, times in PUBLISHED_IMAGES))
    return CorpusConfig("published", description, {"train": (cell,)}, seed=seed, rows_per_shard=rows_per_shard)


def _effects(seed: int = 0, rows_per_shard: int = 25_000) -> CorpusConfig:
    description = "P(effect | cause) and P(effect | do cause) of every pair of objects in the systems, exactly."
    pairs = len(HOMES) * (len(HOMES) - 1)
    cells = tuple(SampleCell(name, len(HOMES), pairs) for name in CONFOUNDING)
    return CorpusConfig("effects", description, {"pairs": cells}, seed=seed, rows_per_shard=rows_per_shard)


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {
    **{name: partial(_images, name) for name in CONFOUNDING},
    "published": _published,
    "effects": _effects,
}
SCHEMAS = {name: EFFECT_SCHEMA if name == "effects" else IMAGE_SCHEMA for name in CONFIGS}


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table."""
    if config.name == "effects":
        return _effect_rows(config, split, shard)
    (cell,) = config.splits[split]
    num_shards = config.num_shards(split)
    rows = cell.rows_in_shard(shard, num_shards)
    stream = Stream(config.seed, config.version, config.name, split, shard)
    if config.name == "published":
        first = cell.rows * shard // num_shards
        scenes, objects = _published_images(config.seed)
        scenes, objects = scenes[first : first + rows], objects[first : first + rows]
    else:
        system = scene_system(config.seed, CONFOUNDING[config.name])
        scene, present = system.sample(rows, stream)
        scenes = [system.scenes[number] for number in scene]
        objects = [[system.objects[place] for place in np.flatnonzero(image)] for image in present]
    ids = [f"{config.name}/{split}/{shard:05d}/{number:07d}" for number in range(rows)]
    return pa.table({"image_id": ids, "scene": scenes, "objects": objects}, schema=IMAGE_SCHEMA)


def _published_images(seed: int) -> tuple[list[str], list[list[str]]]:
    images = [(scene, list(names)) for scene, names, times in PUBLISHED_IMAGES for _ in range(times)]
    order = Stream(seed, "published images").permutations(1, len(images))[0]
    return [images[place][0] for place in order], [images[place][1] for place in order]


def _effect_rows(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    num_shards, tables = config.num_shards(split), []
    for cell in config.splits[split]:
        rows = system_effects(config.seed, cell.structure)
        first, last = (cell.rows * (shard + step) // num_shards for step in (0, 1))
        tables.append(rows.slice(first, last - first))
    return pa.concat_tables(tables).combine_chunks()


@lru_cache(maxsize=8)
def system_effects(seed: int, name: str) -> pa.Table:
    """Returns the rows of `effects` for the system of one config of images, in the order of its objects.

    `certificate` holds the numbers behind `observed` and `intervened`, by scene: P(scene), P(cause | scene),
    P(cause and effect | scene) and P(effect | do cause, scene).
    """
    system = scene_system(seed, CONFOUNDING[name])
    pairs = [(x, y) for x in range(len(system.objects)) for y in range(len(system.objects)) if x != y]
    rows = [_effect_row(system, name, x, y) for x, y in pairs]
    return pa.Table.from_pylist(rows, schema=EFFECT_SCHEMA)


def _effect_row(system: SceneSystem, name: str, x: int, y: int) -> dict[str, object]:
    both = system.alone[:, min(x, y)] * system.given[:, min(x, y), max(x, y)]
    by_scene = {
        "scene": system.scene_probability,
        "cause": system.alone[:, x],
        "both": both,
        "after": system.given[:, x, y],
    }
    observed, intervened = (round(float(table[x, y]), _ROUND) for table in (system.observed, system.intervened))
    return {
        "config": name,
        "cause": system.objects[x],
        "effect": system.objects[y],
        "relation": system.relation(x, y),
        "observed": observed,
        "intervened": intervened,
        "change": round(intervened - observed, _ROUND),
        "certificate": json.dumps({key: np.round(values, _ROUND).tolist() for key, values in by_scene.items()}),
    }
