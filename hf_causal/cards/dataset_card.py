"""Data set cards, rendered from the manifests of built configs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from huggingface_hub import DatasetCard, DatasetCardData
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from hf_causal import __version__
from hf_causal.artifacts import LICENSE
from hf_causal.cards.dataset_info import read_dataset_info
from hf_causal.tasks.registry import tasks
from hf_causal.tasks.shared.dataset import Dataset
from hf_causal.tasks.shared.schema import split_digest
from hf_causal.utils.files import Folder

_SIZES = [(10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M")]
"""Upper limits of rows, and the size categories of the Hub below them."""


def render_dataset_card(
    folder: Folder, dataset: Dataset, manifests: Sequence[Mapping[str, Any]], repo_id: str | None = None
) -> str:
    """Returns the text of a data set card.

    Args:
        folder ([`Folder`]): Folder with the Parquet files, from whose footers the features are read.
        dataset ([`Dataset`]): Its name and metadata; the template is `dataset_builders/NAME/README.md.jinja`,
            or the general one for a data set without a folder.
        manifests (sequence of mappings): Manifests of the built configs, the default config first.
        repo_id (`str`, *optional*): Repository on the Hub that examples name; the folder's name otherwise.
    """
    loader = ChoiceLoader([PackageLoader("dataset_builders", ""), PackageLoader("hf_causal.cards", "templates")])
    templates = Environment(loader=loader, undefined=StrictUndefined)
    templates.filters["from_json"] = json.loads
    text = templates.select_template([f"{dataset.name}/README.md.jinja", "dataset_card.md.jinja"]).render(
        card_data=_metadata(folder, dataset, manifests).to_yaml(),
        corpus=dataset.name,
        title=dataset.title,
        tasks=[task for task in tasks().values() if task.dataset.name == dataset.name],
        configs=[{**manifest, "name": manifest["config"]} for manifest in manifests],
        repo_id=repo_id or _name(folder),
        version=__version__,
    )
    return str(DatasetCard(text))


def _metadata(folder: Folder, dataset: Dataset, manifests: Sequence[Mapping[str, Any]]) -> DatasetCardData:
    from datasets.info import DatasetInfosDict

    rows = sum(split["rows"] for manifest in manifests for split in manifest["splits"].values())
    data = DatasetCardData(
        language="en",
        license=LICENSE,
        pretty_name=dataset.title,
        task_categories=list(dataset.categories),
        tags=["causal-reasoning", "synthetic", dataset.tag],
        size_categories=next((name for limit, name in _SIZES if rows < limit), "n>10M"),
        configs=[_config_entry(manifest, default=manifest is manifests[0]) for manifest in manifests],
    )
    infos = {manifest["config"]: read_dataset_info(folder, manifest) for manifest in manifests}
    DatasetInfosDict(infos).to_dataset_card_data(data)
    return data


def _config_entry(manifest: Mapping[str, Any], default: bool) -> dict[str, Any]:
    """Returns the entry of a config in the card's YAML, by which `load_dataset` loads it.

    `datasets` caches a folder by its name and this entry. The digest in the description keeps it from serving
    cached rows of another seed or size under the same name.
    """
    config = manifest["config"]
    return {
        "config_name": config,
        **({"default": True} if default else {}),
        "description": f"{manifest['description']} Rows: {_digest(manifest)}.",
        "data_files": [{"split": split, "path": f"{config}/{split}-*.parquet"} for split in manifest["splits"]],
    }


def _name(folder: Folder) -> str:
    """Returns the id of a data set on the Hub, or the last part of the path of any other folder."""
    on_hub = "hf" in folder.filesystem.protocol and folder.path.startswith("datasets/")
    return folder.path.removeprefix("datasets/") if on_hub else folder.path.rstrip("/").rpartition("/")[2]


def _digest(manifest: Mapping[str, Any]) -> str:
    return split_digest(split["sha256"] for split in manifest["splits"].values())[:16]
