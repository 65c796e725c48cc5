"""Opens images: generated scenes, a built folder, or a COCO-style file of instances."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from hf_causal.systems.interventions.adjustment import Observations

CORPUS = "scenes"


@dataclass(frozen=True)
class Truth:
    """True values of a pair of objects in the system that generated the images."""

    observed: float
    intervened: float
    relation: str
    """`direct`, `mediated`, `reversed` or `none`."""


@dataclass(frozen=True)
class Source:
    """Images, and the truth about them if they come from a known system."""

    name: str
    observations: Observations
    confounder: str
    """Variable that is adjusted for: `scene`, `objects`, `supercategory` or a field of the images."""
    truth: dict[tuple[str, str], Truth] | None = None
    """True values by (cause, effect)."""


def open_source(
    source: str,
    config: str = "default",
    confounder: str | None = None,
    images: int | None = None,
    confounding: float | None = None,
    seed: int = 0,
) -> Source:
    """Opens a source by its name or path.

    Args:
        source (`str`): `scenes`, which is generated; a folder that `hf-causal build scenes` wrote, or its id on
            the Hub; or a COCO-style JSON file of instances.
        config (`str`): Config of `scenes`.
        confounder (`str`, *optional*): `scene`, `objects`, and for JSON files the values of [`read_coco`].
        images (`int`, *optional*): Number of images to generate.
        confounding (`float`, *optional*): Strength of the scenes, instead of that of a config.
        seed (`int`): Seed of generated images.

    Raises:
        `FileNotFoundError`: If there is no such file or folder.
        `ValueError`: If options do not apply to the source, or it cannot be read.
    """
    generated = source == CORPUS
    for option, value in (("images", images), ("confounding", confounding)):
        if value is not None and not generated:
            raise ValueError(f"`{option}` is for the source 'scenes', which is generated; got {value} for {source!r}")
    if images is not None and images < 1:
        raise ValueError(f"`images` must be at least 1, got {images}")
    if confounding is not None and config != "default":
        raise ValueError(f"`config` {config!r} has its own confounding; give one of `config` and `confounding`")
    if Path(source).suffix.lower() == ".json":
        from hf_causal.systems.interventions.coco import read_coco

        observations = read_coco(source, confounder)
        of_objects = (observations.own >= 0).any()
        return Source(source, observations, confounder or ("objects" if of_objects else "scene"))
    if not generated and not Path(source).is_dir() and "/" not in source:
        raise FileNotFoundError(
            f"`source` must be 'scenes', a folder, a .json file or ORGANIZATION/NAME on the Hub, got {source!r}"
        )
    if generated and confounding is not None:
        return drawn_source(confounding, images or 20_000, seed, confounder)
    return _corpus_source(source, config, confounder, images, seed)


def drawn_source(confounding: float, images: int, seed: int = 0, confounder: str | None = None) -> Source:
    """Generates images of a system with any strength of the scenes, with the truth about it."""
    from hf_causal.systems.interventions.scene_model import scene_system
    from hf_causal.utils.randomness import Stream

    system = scene_system(seed, confounding)
    scene, present = system.sample(images, Stream(seed, "drawn source", f"{confounding:g}"))
    pairs = [(x, y) for x in range(len(system.objects)) for y in range(len(system.objects)) if x != y]
    truth = {
        (system.objects[x], system.objects[y]): Truth(
            float(system.observed[x, y]), float(system.intervened[x, y]), system.relation(x, y)
        )
        for x, y in pairs
    }
    observations = _adjusted_for(confounder, system.objects, system.scenes, present, scene)
    return Source(f"scenes, confounding {confounding:g}", observations, confounder or "scene", truth)


def _corpus_source(source: str, config: str, confounder: str | None, images: int | None, seed: int) -> Source:
    from hf_causal.corpora import generate_shard, get_config
    from hf_causal.corpora.load import load_corpus
    from hf_causal.systems.interventions.corpus import CONFOUNDING, system_effects

    if config == "effects":
        raise ValueError("`config` must be one of images, 'effects' has the truth about them")
    corpus_config = get_config(CORPUS, config, seed=seed, **({} if images is None else {"rows": images}))
    effects = None
    if source == CORPUS:
        shards = [
            generate_shard(CORPUS, corpus_config, "train", shard) for shard in range(corpus_config.num_shards("train"))
        ]
        rows = pa.concat_tables(shards)
        effects = system_effects(seed, config) if config in CONFOUNDING else None
    else:
        rows = load_corpus(CORPUS, config, "train", source)
        effects = _built_effects(source, config)
    truth = None if effects is None else _truths(effects, config)
    return Source(f"{source}, {config}", _read_rows(rows, confounder), confounder or "scene", truth)


def _built_effects(source: str, config: str) -> pa.Table | None:
    """Loads the effects that were built with the images, if they have the same seed."""
    from hf_causal.corpora.load import load_corpus
    from hf_causal.corpora.parquet import read_manifests

    if "://" in source or Path(source).is_dir():
        seeds = {manifest["config"]: manifest["seed"] for manifest in read_manifests(source)}
        if "effects" not in seeds or seeds["effects"] != seeds.get(config):
            return None
    try:
        return load_corpus(CORPUS, "effects", "pairs", source)
    except FileNotFoundError:
        return None


def _truths(rows: pa.Table, config: str) -> dict[tuple[str, str], Truth] | None:
    truths = {
        (row["cause"], row["effect"]): Truth(row["observed"], row["intervened"], row["relation"])
        for row in rows.drop_columns("certificate").to_pylist()
        if row["config"] == config
    }
    return truths or None


def _read_rows(rows: pa.Table, confounder: str | None) -> Observations:
    lists, scenes = rows["objects"].to_pylist(), rows["scene"].to_pylist()
    objects, strata = sorted({name for names in lists for name in names}), sorted(set(scenes))
    object_index, scene_index = ({name: index for index, name in enumerate(names)} for names in (objects, strata))
    present = np.zeros((len(lists), len(objects)), dtype=bool)
    for row, names in enumerate(lists):
        present[row, [object_index[name] for name in names]] = True
    return _adjusted_for(confounder, objects, strata, present, np.array([scene_index[scene] for scene in scenes]))


def _adjusted_for(
    confounder: str | None, objects: list[str] | tuple[str, ...], strata, present: np.ndarray, scene: np.ndarray
) -> Observations:
    if confounder in (None, "scene"):
        return Observations.in_scenes(objects, strata, present, scene)
    if confounder == "objects":
        return Observations.among_objects(objects, present)
    raise ValueError(f"`confounder` must be 'scene' or 'objects' for the corpus of scenes, got {confounder!r}")
