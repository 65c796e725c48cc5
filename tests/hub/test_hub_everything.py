"""Publishing all of a checkout: corpora, models, metrics and Spaces, linked and collected."""

from pathlib import Path

import pytest
import yaml
from hub_fixtures import ORG, use_hub
from hub_server import HubServer
from huggingface_hub import ModelCard

from hf_causal.cli import main
from hf_causal.hub.errors import PublishError
from hf_causal.hub.publish_all import publish_all, write_dry_run_of_all

ROOT = Path(__file__).resolve().parents[2]
LOOPED = ROOT / "model_cards" / "axiom-looped"
METRIC = ROOT / "spaces" / "metrics" / "generalization_accuracy"
DATA, MODEL = f"{ORG}/axiomatic", f"{ORG}/axiom-looped"


def test_everything_is_published_once_and_collected(hub, corpora_dir, capsys):
    command = ["publish", "all", "--org", ORG, "--root", str(ROOT), "--data-dir", str(corpora_dir)]
    assert main(command) == 0
    shown = capsys.readouterr().out
    expected = {
        ("datasets", DATA),
        ("datasets", f"{ORG}/corr2cause"),
        ("models", MODEL),
        ("models", f"{ORG}/axiom-cpu"),
    }
    assert expected | {("spaces", f"{ORG}/generalization_accuracy")} <= set(hub.store.repos)
    (collection,) = hub.store.collections.values()
    assert {(f"{item['type']}s", item["id"]) for item in collection["items"]} == set(hub.store.repos)
    assert f"{hub.url}/collections/{collection['slug']}" in shown
    assert ModelCard(hub.store.text("models", f"{ORG}/axiom-cpu", "README.md")).data.datasets == [DATA]
    metric = hub.store.text("spaces", f"{ORG}/generalization_accuracy", "README.md")
    assert f'evaluate.load("{ORG}/generalization_accuracy")' in metric
    assert yaml.safe_load(metric.split("---")[1])["datasets"] == [DATA]

    assert main(command) == 0
    assert capsys.readouterr().out.count("up to date") == len(hub.store.repos)
    assert len(hub.store.collections) == 1 and len(collection["items"]) == len(hub.store.repos)


def test_everything_can_be_looked_at_first(corpora_dir, tmp_path):
    parts = dict(write_dry_run_of_all(ORG, tmp_path / "look", ROOT, corpora_dir))
    assert {path.name for path in (tmp_path / "look").iterdir()} == {part.repo_id.split("/")[1] for part in parts}


def test_a_hub_without_collections_gets_everything_else(tmp_path, monkeypatch, corpora_dir):
    with HubServer(tmp_path / "plain", collections=False) as hub:
        use_hub(monkeypatch, hub, tmp_path / "home")
        made = list(publish_all(ORG, ROOT, corpora_dir))
        assert len(made) == len(hub.store.repos) and not any(isinstance(one, str) for one in made)


def test_everything_needs_a_checkout_and_built_corpora(hub, corpora_dir, tmp_path):
    with pytest.raises(PublishError, match="hf-causal build axiomatic --out"):
        list(publish_all(ORG, ROOT, tmp_path / "nothing"))
    with pytest.raises(PublishError, match="name a checkout of hf_causal"):
        list(publish_all(ORG, tmp_path, corpora_dir))
    assert not hub.requests
