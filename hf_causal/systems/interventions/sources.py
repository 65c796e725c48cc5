"""Where images come from: the generated scenes, a folder that was built, or a file of instances as COCO has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from hf_causal.systems.interventions.adjustment import Observations

CORPUS = "scenes"


@dataclass(frozen=True)
class Truth:
    """What is known of a pair of objects in the system that drew the images."""

    observed: float
    intervened: float
    relation: str
    """`direct`, `mediated`, `reversed` or `none`."""


@dataclass(frozen=True)
class Source:
    """Images, and the truth about them where they come from a system that is known."""

    name: str
    observations: Observations
    confounder: str
    """What is adjusted for: `scene`, `objects`, `supercategory` or a field of the images."""
    truth: dict[tuple[str, str], Truth] | None = None
    """From (cause, effect)."""


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
        source (`str`): `scenes`, which is generated here; a folder that `hf-causal build scenes` wrote, or its id on
            the Hub; or a JSON file of instances as COCO has them.
        config (`str`): Config of `scenes`.
        confounder (`str`, *optional*): What to adjust for: `scene`, `objects`, and for JSON what [`read_coco`] takes.
        images (`int`, *optional*): How many to generate.
        confounding (`float`, *optional*): Strength of the scenes in a system of `default`'s seed, instead of a config.
        seed (`int`): Of what is generated.

    Raises:
        `FileNotFoundError`: If there is no such file or folder.
        `ValueError`: If options do not go together with the source, or it cannot be read.
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
        own = (observations.own >= 0).any()
        return Source(source, observations, confounder or ("objects" if own else "scene"))
    if not generated and not Path(source).is_dir() and "/" not in source:
        raise FileNotFoundError(
            f"`source` must be 'scenes', a folder, a .json file or ORGANIZATION/NAME on the Hub, got {source!r}"
        )
    if generated and confounding is not None:
        return drawn_source(confounding, images or 20_000, seed, confounder)
    return _corpus_source(source, config, confounder, images, seed)


def drawn_source(confounding: float, images: int, seed: int = 0, confounder: str | None = None) -> Source:
    """Images of the system of a seed with any strength of the scenes, and the truth about it."""
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
    chosen = get_config(CORPUS, config, seed=seed, **({} if images is None else {"rows": images}))
    known = None
    if source == CORPUS:
        shards = [generate_shard(CORPUS, chosen, "train", shard) for shard in range(chosen.num_shards("train"))]
        rows = pa.concat_tables(shards)
        known = system_effects(seed, config) if config in CONFOUNDING else None
    else:
        rows = load_corpus(CORPUS, config, "train", source)
        known = _built_effects(source, config)
    truth = None if known is None else _truths(known, config)
    return Source(f"{source}, {config}", _read_rows(rows, confounder), confounder or "scene", truth)


def _built_effects(source: str, config: str) -> pa.Table | None:
    """The effects beside built images, if they are of the same seed."""
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
    found = {
        (row["cause"], row["effect"]): Truth(row["observed"], row["intervened"], row["relation"])
        for row in rows.drop_columns("certificate").to_pylist()
        if row["config"] == config
    }
    return found or None


def _read_rows(rows: pa.Table, confounder: str | None) -> Observations:
    lists, scenes = rows["objects"].to_pylist(), rows["scene"].to_pylist()
    objects, strata = sorted({name for names in lists for name in names}), sorted(set(scenes))
    place, number = ({name: spot for spot, name in enumerate(names)} for names in (objects, strata))
    present = np.zeros((len(lists), len(objects)), dtype=bool)
    for row, names in enumerate(lists):
        present[row, [place[name] for name in names]] = True
    return _adjusted_for(confounder, objects, strata, present, np.array([number[scene] for scene in scenes]))


def _adjusted_for(
    confounder: str | None, objects: list[str] | tuple[str, ...], strata, present: np.ndarray, scene: np.ndarray
) -> Observations:
    if confounder in (None, "scene"):
        return Observations.in_scenes(objects, strata, present, scene)
    if confounder == "objects":
        return Observations.among_objects(objects, present)
    raise ValueError(f"`confounder` must be 'scene' or 'objects' for the corpus of scenes, got {confounder!r}")
