"""Reads which objects are in which images from a COCO-style file of `images`, `annotations` and `categories`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hf_causal.systems.interventions.adjustment import Observations

OBJECTS, SUPERCATEGORY = "objects", "supercategory"
"""Confounders of every file: the other objects, as in VC R-CNN, and the most frequent supercategory."""
_NEEDED = {"images": ("id",), "annotations": ("image_id", "category_id"), "categories": ("id", "name")}


def read_coco(path: str | Path, confounder: str | None = None) -> Observations:
    """Reads which objects are in which images.

    Args:
        path (`str` or `Path`): JSON with the lists `images`, `annotations` and `categories`. Boxes, masks and captions
            are ignored. Images without annotations have no objects.
        confounder (`str`, *optional*): `objects`: the other objects of an image (an image is then in several strata).
            `supercategory`: the supercategory with the most annotations in the image, the first by name among equals;
            `none` where there is no annotation. Any other word: the field of this name that every image has, such as
            `scene`. When not given, `scene` if the images have it and `objects` otherwise.

    Raises:
        `FileNotFoundError`: If there is no such file.
        `ValueError`: If it is not such a file; the message names the field and the entry.
    """
    data = _load(Path(path))
    images, names = _numbered(data["images"], "images"), _category_names(data["categories"])
    column = {category: index for index, category in enumerate(_numbered(data["categories"], "categories"))}
    supercategories = [str(category.get(SUPERCATEGORY, "none")) for category in data["categories"]]
    times = np.zeros((len(images), len(names)), dtype=np.int64)
    for number, note in enumerate(data["annotations"]):
        row = _index_of(images, note["image_id"], number, "image_id", "images")
        times[row, _index_of(column, note["category_id"], number, "category_id", "categories")] += 1
    present = times > 0
    if confounder is None:
        confounder = "scene" if all("scene" in image for image in data["images"]) else OBJECTS
    if confounder == OBJECTS:
        return Observations.among_objects(names, present)
    if confounder == SUPERCATEGORY:
        if missing := [category["name"] for category in data["categories"] if SUPERCATEGORY not in category]:
            raise ValueError(f"`confounder` 'supercategory' needs one in every category, {missing[0]!r} has none")
        strata = [*sorted(set(supercategories)), "none"]
        columns = [[name == stratum for name in supercategories] for stratum in strata[:-1]]
        share = np.stack([times[:, column].sum(1) for column in columns], axis=1)
        return Observations.in_scenes(
            names, strata, present, np.where(present.any(1), share.argmax(1), len(strata) - 1)
        )
    return _by_field(data["images"], confounder, names, present)


def _by_field(images: list[Mapping[str, Any]], field: str, names: list[str], present: np.ndarray) -> Observations:
    lacking = [image["id"] for image in images if field not in image]
    if lacking:
        common = sorted(set.intersection(*(set(image) for image in images)))
        raise ValueError(
            f"`confounder` must be objects, supercategory or a field of every image, got {field!r}: "
            f"{len(lacking)} of {len(images)} images lack it (the first has the id {lacking[0]!r}); all have "
            f"{', '.join(common)}"
        )
    values = [str(image[field]) for image in images]
    strata = sorted(set(values))
    return Observations.in_scenes(names, strata, present, np.searchsorted(np.array(strata), np.array(values)))


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"no file {str(path)!r}")
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, too many digits, nested too deeply
        raise ValueError(f"{str(path)!r} is not JSON that can be read: {error}") from None
    if not isinstance(data, dict):
        raise ValueError(f"{str(path)!r} must hold an object with {_listed(_NEEDED)}, got a {type(data).__name__}")
    if missing := [name for name in _NEEDED if not isinstance(data.get(name), list)]:
        got = _listed(data) or "nothing"
        raise ValueError(f"{str(path)!r} must have the lists {_listed(_NEEDED)}; no {_listed(missing)}, got {got}")
    for name, fields in _NEEDED.items():
        for place, entry in enumerate(data[name]):
            lacking = [field for field in fields if not isinstance(entry, dict) or field not in entry]
            if lacking:
                raise ValueError(f"{str(path)!r}: `{name}`[{place}] must have {_listed(fields)}, lacks {lacking[0]!r}")
    if not data["images"] or not data["categories"]:
        raise ValueError(f"{str(path)!r} must have at least one image and one category")
    return data


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _numbered(entries: list[dict[str, Any]], what: str) -> dict[Any, int]:
    """Returns the index of each entry by its id."""
    indices = {entry["id"]: index for index, entry in enumerate(entries)}
    if len(indices) < len(entries):
        twice = next(entry["id"] for index, entry in enumerate(entries) if indices[entry["id"]] != index)
        raise ValueError(f"`{what}` must have different ids, {twice!r} comes twice")
    return indices


def _category_names(categories: list[dict[str, Any]]) -> list[str]:
    names = [str(category["name"]) for category in categories]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"`categories` must have different names, {twice!r} comes twice")
    return names


def _index_of(indices: Mapping[Any, int], key: Any, note: int, field: str, what: str) -> int:
    if key not in indices:
        raise ValueError(f"`annotations`[{note}] has the `{field}` {key!r}, which is the id of none of the `{what}`")
    return indices[key]
