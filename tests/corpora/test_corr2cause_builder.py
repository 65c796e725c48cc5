import hashlib
import re
from importlib import resources
from pathlib import Path

import datasets
import pytest
import yaml

from dataset_builders import load_builder
from dataset_builders.corr2cause import Corr2Cause
from hf_causal.cli import main
from hf_causal.corpora import config_names
from hf_causal.corpora.build import build
from hf_causal.corpora.load import load_corpus
from hf_causal.graphs.enumeration import NUM_CLASSES
from hf_causal.tasks.corr2cause.class_splits import HELD_OUT, num_classes
from hf_causal.tasks.proving import check


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("corr2cause") / "corr2cause"
    build("corr2cause", out, ["default", "paraphrased", "refactored"], nodes=(2, 3, 4), rows_per_shard=200)
    build("corr2cause", out, ["balanced"], nodes=(4,), rows=100, rows_per_cell=20)
    build("corr2cause", out, ["seven_variables"], rows_per_cell=4)
    return out


def test_load_dataset_loads_what_was_built(folder):
    assert datasets.get_dataset_config_names(str(folder)) == list(config_names("corr2cause"))
    assert datasets.get_dataset_default_config_name(str(folder)) == "default"
    test = datasets.load_dataset(str(folder), "default", split="test")
    assert test.features["verdict"] == datasets.ClassLabel(names=["entailment", "neutral", "contradiction"])
    for row in test:
        check(row)
    assert load_corpus("corr2cause", "balanced", "train", folder).num_rows == 100


def test_the_builder_gives_the_same_rows_as_the_files(tmp_path, folder):
    builder = load_builder("corr2cause", "default", nodes=(2, 3, 4), rows_per_shard=200, cache_dir=str(tmp_path))
    builder.download_and_prepare()
    built, files = builder.as_dataset("train"), datasets.load_dataset(str(folder), "default", split="train")
    assert built.to_list() == files.to_list()
    assert built.features == files.features


def test_every_config_has_a_builder():
    assert set(Corr2Cause.builder_configs) == set(config_names("corr2cause"))
    assert Corr2Cause(config_name="default", nodes=(3,)).config.corpus_config().num_rows("train") == 18


def test_one_and_two_processes_write_the_same_bytes(tmp_path, folder):
    build("corr2cause", tmp_path, ["default"], num_proc=2, nodes=(2, 3, 4), rows_per_shard=200)
    written = {path.name: path.read_bytes() for path in (tmp_path / "default").glob("*.parquet")}
    assert len(written) == 3 + 1 + 1
    assert written == {path.name: path.read_bytes() for path in (folder / "default").glob("*.parquet")}


def test_the_card_is_valid_and_names_every_digest(folder):
    text = (folder / "README.md").read_text()
    data = yaml.safe_load(text.split("---")[1])
    assert (data["license"], data["pretty_name"]) == ("apache-2.0", "Correlation to causation, every label proved")
    assert "causal-discovery" in data["tags"]
    assert len(set(re.findall(r"`([0-9a-f]{64})`", text))) == 3 * 4 + 1
    assert "arXiv 2306.05836" in text and "{{ " not in text and "{%" not in text


TEMPLATE = (resources.files("dataset_builders") / "corr2cause" / "README.md.jinja").read_text("utf-8")


def test_the_example_on_the_card_is_proved():
    quoted = "\n".join(line.removeprefix("> ") for line in TEMPLATE.splitlines() if line.startswith("> "))
    prompt, answer, certificate = re.fullmatch(r"(.*)\n\*\*(Yes|No)\*\* `(.*)`", quoted, re.DOTALL).groups()
    check({"prompt": prompt, "completion": answer, "certificate": certificate})


def test_the_card_counts_the_classes_of_the_splits():
    rows = re.findall(r"^\| (\d) \| ([\d,]+) \| ([\d,]+) \| (\d+) \| (\d+) \|$", TEMPLATE, re.MULTILINE)
    assert [[int(cell.replace(",", "")) for cell in row] for row in rows] == [
        [size, NUM_CLASSES[size], *(num_classes(size, split) for split in ("train", "validation", "test"))]
        for size in HELD_OUT
    ]


def test_the_command_line_builds_it(tmp_path, capsys):
    out = str(tmp_path / "data")
    command = ["build", "corr2cause", "--out", out, "--num-proc", "1", "--nodes", "3,4"]
    assert main([*command, "--config", "default", "--seed", "3"]) == 0
    assert "594" in capsys.readouterr().out
    digest = hashlib.sha256((tmp_path / "data" / "default" / "manifest.json").read_bytes()).hexdigest()
    assert main([*command, "--config", "default", "--rows", "10"]) == 2
    assert "has no option 'rows'" in capsys.readouterr().err
    assert hashlib.sha256((tmp_path / "data" / "default" / "manifest.json").read_bytes()).hexdigest() == digest
