"""Publishing sends nothing from outside a folder, no damaged rows and no impossible figures."""

import json
import os
import shutil
from pathlib import Path

import pytest
from hub_fixtures import ORG

from hf_causal.cli import main
from hf_causal.hub.content import list_files
from hf_causal.hub.errors import PublishError
from hf_causal.hub.figures import wrong_figure
from hf_causal.hub.publish import make_content, write_dry_run

ROOT = Path(__file__).resolve().parents[2]
SECRET = b"the key of this machine"


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "outside"
    (folder / "sub").mkdir(parents=True)
    for name in ("secret.txt", "sub/secret.png", "train-00000-of-00001.parquet"):
        (folder / name).write_bytes(SECRET)
    return folder


@pytest.fixture
def model(tmp_path):
    return Path(shutil.copytree(ROOT / "model_cards" / "axiom-looped", tmp_path / "model"))


def refuses(artifact, folder, tmp_path, name, capsys):
    command = ["publish", artifact, str(folder), "--repo-id", f"{ORG}/demo", "--dry-run", str(tmp_path / "look")]
    assert main(command) == 2
    shown = capsys.readouterr().err
    assert str(folder / name) in shown and shown.count("\n") == 1
    assert not (tmp_path / "look").exists()
    return shown


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("notes.txt", "secret.txt"),
        ("assets", "sub"),
        ("deep/er/file.txt", "secret.txt"),
        ("all", ""),
        ("relative.txt", "../outside/secret.txt"),
        ("nothing.txt", "does-not-exist"),
    ],
)
def test_a_link_out_of_a_space_is_refused_with_its_path(name, target, space, outside, tmp_path, capsys):
    (space / name).parent.mkdir(parents=True, exist_ok=True)
    link = os.path.relpath(outside / "secret.txt", space) if target.startswith("..") else outside / target
    (space / name).symlink_to(link)
    shown = refuses("space", space, tmp_path, name, capsys)
    assert "leads" in shown


@pytest.mark.parametrize("name", ["README.md", "generalization.json", "config.json", "recipe.yaml", "plots", "a.py"])
def test_a_link_out_of_a_model_is_refused_where_it_would_be_published(name, model, outside, tmp_path, capsys):
    if (model / name).is_dir():
        shutil.rmtree(model / name)
    (model / name).unlink(missing_ok=True)
    target = outside / "sub" if name == "plots" else outside / "secret.txt"
    if name in ("config.json", "generalization.json"):
        shutil.copyfile(ROOT / "model_cards" / "axiom-looped" / name, target)
    (model / name).symlink_to(target)
    refuses("model", model, tmp_path, name, capsys)


def test_what_is_not_published_may_be_a_link(model, outside, tmp_path):
    (model / "checkpoints").symlink_to(outside)
    (model / ".cache").symlink_to(outside)
    paths = write_dry_run("model", model, f"{ORG}/demo", tmp_path / "look")
    assert "model.safetensors" in paths
    assert not [path for path in (tmp_path / "look").rglob("*") if path.is_file() and path.read_bytes() == SECRET]


def test_a_link_out_of_a_data_set_is_refused(data, outside, tmp_path, capsys):
    copy = Path(shutil.copytree(data, tmp_path / "copy"))
    shard = next((copy / "transitivity_ts2").glob("train-*.parquet"))
    shutil.copyfile(shard, outside / "rows.parquet")
    shard.unlink()
    shard.symlink_to(outside / "rows.parquet")
    refuses("dataset", copy, tmp_path, f"transitivity_ts2/{shard.name}", capsys)
    shutil.rmtree(copy / "transitivity_ts2")
    (copy / "transitivity_ts2").symlink_to(data / "transitivity_ts2")
    refuses("dataset", copy, tmp_path, "transitivity_ts2", capsys)


def test_links_inside_a_folder_are_sent_as_what_they_are(space, tmp_path):
    (space / "real").mkdir()
    (space / "real" / "rows.csv").write_text("a,b\n")
    (space / "linked").symlink_to("real")
    (space / "copy.csv").symlink_to("real/rows.csv")
    paths = write_dry_run("space", space, f"{ORG}/demo", tmp_path / "look")
    assert {"real/rows.csv", "linked/rows.csv", "copy.csv"} <= set(paths)
    for path in ("linked/rows.csv", "copy.csv"):
        assert (tmp_path / "look" / path).read_text() == "a,b\n" and not (tmp_path / "look" / path).is_symlink()
    (space / "real" / "up").symlink_to(space)
    with pytest.raises(PublishError, match="link to a folder above it"):
        list_files(space)


def test_every_released_model_may_be_published_with_its_links():
    for card in sorted((ROOT / "model_cards").glob("*/README.md")):
        content = make_content("model", card.parent, f"{ORG}/{card.parent.name}")
        assert any(path.endswith(".safetensors") for path in content.files)


@pytest.mark.parametrize("position", [60, 200])
def test_damaged_rows_of_the_right_size_are_not_published(position, data, tmp_path, capsys):
    copy = Path(shutil.copytree(data, tmp_path / "copy"))
    shard = next((copy / "transitivity_ts2").glob("validation-*.parquet"))
    content = bytearray(shard.read_bytes())
    content[position] ^= 255
    shard.write_bytes(content)
    command = ["publish", "dataset", str(copy), "--repo-id", f"{ORG}/d", "--dry-run", str(tmp_path / "look")]
    assert main(command) == 2
    shown = capsys.readouterr().err
    assert "transitivity_ts2/validation" in shown and "damaged" in shown and shown.count("\n") == 1


@pytest.mark.parametrize("text", ["{", "[]", '{"corpus": "axiomatic", "config": "../..", "splits": {}}'])
def test_a_broken_manifest_is_not_published(text, data, tmp_path, capsys):
    copy = Path(shutil.copytree(data, tmp_path / "copy"))
    (copy / "transitivity_ts2" / "manifest.json").write_text(text)
    command = ["publish", "dataset", str(copy), "--repo-id", f"{ORG}/d", "--dry-run", str(tmp_path / "look")]
    assert main(command) == 2
    shown = capsys.readouterr().err
    assert "transitivity_ts2/manifest.json" in shown and shown.count("\n") == 1


def set_figure(value, figure):
    """Replaces the first accuracy in nested scores; returns whether there was any."""
    if isinstance(value, dict) and "accuracy" in value:
        value["accuracy"] = figure
        return True
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(set_figure(item, figure) for item in items)


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), -5, 1.5, "good", True])
@pytest.mark.parametrize("name", ["generalization.json", "training_summary.json"])
def test_impossible_accuracies_are_not_published(name, figure, model, tmp_path, capsys):
    values = json.loads((model / name).read_text())
    assert set_figure(values, figure)
    (model / name).write_text(json.dumps(values))
    shown = refuses("model", model, tmp_path, name, capsys)
    assert "accuracy" in shown


def test_any_figure_must_be_finite_and_shares_between_0_and_1():
    assert wrong_figure({"a": [{"loss": 1e300, "f1": 0.0, "recall": None, "seconds": 7}]}) is None
    assert wrong_figure({"a": [{}, {"loss": float("-inf")}]}) == "a[1].loss is -inf"
    assert wrong_figure([{"recall": 1.01}]) == "[0].recall is 1.01"
