"""Tokens, names, cards and folders that cannot be published: one line each, and nothing is left on the Hub."""

import shutil
from pathlib import Path

import pytest
from hub_fixtures import ORG, use_hub

from hf_causal.cli import main
from hf_causal.hub.errors import PublishError
from hf_causal.hub.publish import publish

ROOT = Path(__file__).resolve().parents[2]
LOOPED = ROOT / "model_cards" / "axiom-looped"
METRIC = ROOT / "spaces" / "metrics" / "generalization_accuracy"
DATA, MODEL = f"{ORG}/axiomatic", f"{ORG}/axiom-looped"


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (None, "there is no token: run `hf auth login`, or set `HF_TOKEN`"),
        ("hf_reader", "the token may only read"),
        ("hf_stranger", "no write access to 'causal-lab/demo'"),
        ("hf_nobody", "the token is not valid"),
    ],
)
def test_tokens_that_do_not_serve(token, message, hub, space, monkeypatch, tmp_path, capsys):
    use_hub(monkeypatch, hub, tmp_path / "home", token)
    assert main(["publish", "space", str(space), "--repo-id", f"{ORG}/demo"]) == 2
    shown = capsys.readouterr().err
    assert message in shown and shown.startswith("error: ") and shown.count("\n") == 1
    assert not hub.store.repos and "hf_" not in shown


def test_the_stored_token_serves_and_is_written_nowhere(hub, space, monkeypatch, tmp_path, caplog, capfd):
    use_hub(monkeypatch, hub, tmp_path / "home", None)
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "token").write_text("hf_writer")
    caplog.set_level("DEBUG")
    assert main(["publish", "space", str(space), "--repo-id", f"{ORG}/demo"]) == 0
    out, err = capfd.readouterr()
    assert "hf_writer" not in out + err + caplog.text
    stored = [path for path in tmp_path.rglob("*") if path.is_file() and b"hf_writer" in path.read_bytes()]
    assert stored == [tmp_path / "home" / "token"]


@pytest.mark.parametrize(
    ("kind", "repo_id", "message"),
    [
        ("space", "demo", "`repo_id` must be NAMESPACE/NAME, got 'demo'"),
        ("space", "a/b/c", "`repo_id` must be NAMESPACE/NAME"),
        ("space", "causal-lab/a--b", "`repo_id` must be a name that the Hub accepts"),
        ("space", "causal-lab/ü", "`repo_id` must be a name that the Hub accepts"),
        ("model", "causal-lab/x", "is not a model folder: it has no config.json (it looks like a space"),
        ("dataset", "causal-lab/x", "is not a data set"),
        ("metric", "causal-lab/x", "is not a metric folder"),
    ],
)
def test_mistakes_are_reported_before_any_request(kind, repo_id, message, hub, space, capsys):
    assert main(["publish", kind, str(space), "--repo-id", repo_id]) == 2
    shown = capsys.readouterr().err
    assert message in shown and shown.count("\n") == 1
    assert not hub.requests


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ("# no YAML\n", "must begin with YAML"),
        ("---\nsdk: [\n---\n", "cannot be read"),
        ("---\ntitle: Demo\n---\n", "`sdk` must be one of gradio, docker, static, got None"),
        ("---\nsdk: gradio\ncolorFrom: mauve\n---\n", "`colorFrom` must be one of"),
        ("---\nsdk: gradio\napp_file: main.py\n---\n", "names `app_file` 'main.py', which is not there"),
        ("---\nsdk: gradio\nlicense: 3\n---\n", 'the Hub refuses it: "license" must be a string'),
    ],
)
def test_an_invalid_card_makes_no_repository(card, message, hub, space):
    (space / "README.md").write_text(card)
    with pytest.raises(PublishError) as caught:
        publish("space", space, f"{ORG}/demo")
    assert message in str(caught.value) and not hub.store.repos


def test_a_card_that_goes_bad_leaves_the_repository_as_it_was(hub, space):
    first = publish("space", space, f"{ORG}/demo")
    (space / "README.md").write_text("---\nsdk: gradio\nlicense: 3\n---\n")
    with pytest.raises(PublishError, match="the Hub refuses the card of 'causal-lab/demo': \"license\""):
        publish("space", space, f"{ORG}/demo")
    assert hub.repo("spaces", f"{ORG}/demo").branches["main"] == first.commit


def test_part_of_a_folder_is_not_published(hub, data, tmp_path):
    next((data / "transitivity_ts2").glob("train-*.parquet")).unlink()
    with pytest.raises(PublishError, match="0 of the 1 Parquet files of transitivity_ts2/train: build it again"):
        publish("dataset", data, DATA)
    model = Path(shutil.copytree(LOOPED, tmp_path / "model"))
    (model / "model.safetensors").unlink()
    with pytest.raises(PublishError, match="has no weights"):
        publish("model", model, MODEL)
    (model / "config.json").write_text("{")
    with pytest.raises(PublishError, match="config.json' is not JSON"):
        publish("model", model, MODEL)
    with pytest.raises(PublishError, match="must end with the metric's name, as causal-lab/generalization_accuracy"):
        publish("metric", METRIC, f"{ORG}/accuracy")
    with pytest.raises(PublishError, match="there is no folder"):
        publish("model", tmp_path / "nothing", MODEL)
    assert not hub.requests
