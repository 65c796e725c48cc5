"""Data set cards of small builds: their metadata, tables and sections describe what the folder holds."""

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from huggingface_hub import DatasetCard

from hf_causal.corpora import config_names
from hf_causal.corpora.build import build
from hf_causal.corpora.card import render_card
from hf_causal.corpora.parquet import read_manifests
from hf_causal.systems.datasets import datasets

BUILDS = {
    "axiomatic": {
        "configs": ["transitivity_ts2", "d_separation"],
        "options": {"rows": 400, "validation_rows": 200},
    },
    "corr2cause": {"configs": ["balanced"], "options": {"rows": 300, "rows_per_cell": 40}},
    "causal_sequences": {"configs": ["forest"], "options": {"rows": 60, "validation_rows": 20, "rows_per_cell": 20}},
    "scenes": {"configs": ["published", "effects"], "options": {}},
    "co_occurrence": {
        "configs": ["co_occurrence"],
        "options": {"rows": 360, "validation_rows": 180, "rows_per_cell": 10},
    },
    "causal_ladder": {
        "configs": [
            *("relevance", "relevance_axioms", "adjustment", "relevance_semantics", "comparisons", "quantities"),
            *("front_door", "instrument"),
        ],
        "options": {"rows": 400, "validation_rows": 200},
    },
    "environments": {"configs": ["matrix_sensing", "cue_order"], "options": {"rows": 80, "validation_rows": 40}},
    "shapes": {"configs": ["minimal_changes"], "options": {"rows": 40, "validation_rows": 8, "rows_per_cell": 3}},
}
CORPORA = [corpus for corpus in datasets() if corpus in BUILDS]


@pytest.fixture(scope="module", params=CORPORA)
def built(request, tmp_path_factory):
    """The name of a corpus, the folder of a small build, and its card."""
    corpus, folder = request.param, tmp_path_factory.mktemp(request.param)
    build(corpus, folder, BUILDS[corpus]["configs"], **BUILDS[corpus]["options"])
    return corpus, folder, DatasetCard(render_card(folder, corpus, f"my-lab/{corpus}"))


def manifests_of(folder: Path) -> dict[str, dict]:
    return {manifest["config"]: manifest for manifest in read_manifests(folder)}


def test_every_published_data_set_has_a_build_here():
    assert set(datasets()) <= set(BUILDS)


def test_the_metadata_is_what_the_hub_reads(built):
    corpus, folder, card = built
    dataset, manifests = datasets()[corpus], manifests_of(folder)
    assert (card.data.license, card.data.language, card.data.pretty_name) == ("apache-2.0", "en", dataset.title)
    assert card.data.tags == ["causal-reasoning", "synthetic", dataset.tag]
    assert card.data.task_categories == list(dataset.categories)
    names = [config["config_name"] for config in card.data.configs]
    assert names == [name for name in config_names(corpus) if name in manifests]
    assert [config["config_name"] for config in card.data.configs if config.get("default")] == names[:1]
    for config in card.data.configs:
        for entry in config["data_files"]:
            assert list(folder.glob(entry["path"])), "a pattern that matches no file"


def test_the_metadata_counts_the_rows(built):
    corpus, folder, card = built
    infos = card.data.dataset_info
    for info in infos if isinstance(infos, list) else [infos]:
        name = info.get("config_name", BUILDS[corpus]["configs"][0])
        splits = manifests_of(folder)[name]["splits"]
        rows = {split["name"]: split["num_examples"] for split in info["splits"]}
        assert rows == {split: summary["rows"] for split, summary in splits.items()}
        assert info["download_size"] == sum(summary["bytes"] for summary in splits.values())


def test_the_tables_hold_rows_files_and_digests(built):
    _, folder, card = built
    cells = {tuple(cell.strip(" `") for cell in line.strip("|").split("|")) for line in card.text.splitlines()}
    for manifest in manifests_of(folder).values():
        for split, summary in manifest["splits"].items():
            megabytes = f"{summary['bytes'] / 1e6:.1f}"
            assert (split, f"{summary['rows']:,}", str(summary["shards"]), megabytes, summary["sha256"]) in cells


def test_every_column_is_described(built):
    _, folder, card = built
    described = set(re.findall(r"`(\w+)`", card.text))
    for path in folder.glob("*/*.parquet"):
        assert set(pq.read_schema(path).names) <= described


def test_the_sections_are_there(built):
    corpus, _, card = built
    sections = re.findall(r"^## (.*)$", card.text, re.MULTILINE)
    assert {"Configs", "Sources", "Citation"} <= set(sections)
    assert f'"my-lab/{corpus}"' in card.text and "@software{hf_causal" in card.text
    assert "{%" not in card.text and "author = {{The hf\\_causal authors}}" in card.text
