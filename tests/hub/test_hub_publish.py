"""Publishing against a Hub: what a commit holds, what it removes, when there is none, and how mistakes are told."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hub_fixtures import ORG, use_hub
from hub_server import HubServer
from huggingface_hub import ModelCard, parse_eval_result_entries

from hf_causal.cli import main
from hf_causal.hub.errors import PublishError
from hf_causal.hub.publish import publish, write_dry_run

ROOT = Path(__file__).resolve().parents[2]
LOOPED = ROOT / "model_cards" / "axiom-looped"
METRIC = ROOT / "spaces" / "metrics" / "generalization_accuracy"
DATA, MODEL = f"{ORG}/axiomatic", f"{ORG}/axiom-looped"


@pytest.mark.parametrize("command", ["dataset", "model", "metric", "space", "all"])
def test_every_help_teaches_by_example(command, capsys):
    assert main(["publish", command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Example" in shown and f"hf-causal publish {command}" in shown and "HF_TOKEN" in shown


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from hf_causal.cli import main; main(['publish', 'model', '--help']);"
        "heavy = {'torch', 'transformers', 'datasets', 'huggingface_hub', 'pyarrow'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def commits(hub, kind, repo_id):
    """Commits of a repository, without the one that made it."""
    return hub.repo(kind, repo_id).history()[:-1]


def test_a_data_set_is_one_commit_with_shards_card_and_infos(hub, data):
    published = publish("dataset", data, DATA)
    assert [commit.oid for commit in commits(hub, "datasets", DATA)] == [published.commit]
    assert published.is_new and not published.removed
    files = hub.repo("datasets", DATA).files()
    local = {path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file()}
    assert set(files) == local | {".gitattributes"}
    assert all(file.lfs == path.endswith(".parquet") for path, file in files.items())
    card = yaml.safe_load(hub.store.text("datasets", DATA, "README.md").split("---")[1])
    assert [config["config_name"] for config in card["configs"] if config.get("default")] == ["transitivity_ts2"]
    infos = {info["config_name"]: info for info in card["dataset_info"]}
    label = next(column for column in infos["transitivity_ts2"]["features"] if column["name"] == "label")
    assert label["dtype"] == {"class_label": {"names": {"0": "No", "1": "Yes"}}}
    rows = {split["name"]: split["num_examples"] for split in infos["transitivity_ts2"]["splits"]}
    assert rows == {"train": 2000, "validation": 400}
    assert f'name = "{DATA}"' in hub.store.text("datasets", DATA, "README.md")


def test_a_model_is_one_commit_that_holds_everything(hub):
    published = publish("model", LOOPED, MODEL)
    assert len(commits(hub, "models", MODEL)) == 1
    files = set(hub.repo("models", MODEL).files())
    code = {
        f"{name}_axiom_looped.py"
        for name in ("configuration", "modeling", "block", "loop", "names", "output", "questions", "reading", "text")
    }
    story = {"recipe.yaml", "training_log.jsonl", "training_summary.json", "report.md", "plots/overview.png"}
    assert code | story | {"model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"} <= files
    assert "tokenization_axiom.py" not in files and published.removed == ()
    assert len(json.loads(hub.store.text("models", MODEL, "config.json"))["auto_map"]) == 3
    card = ModelCard(hub.store.text("models", MODEL, "README.md"))
    assert (card.data.library_name, card.data.pipeline_tag) == ("transformers", "text-classification")
    assert card.data.datasets == [DATA]
    assert {result.dataset_type for result in card.data.eval_results} == {DATA}
    entries = parse_eval_result_entries(
        yaml.safe_load(hub.store.text("models", MODEL, ".eval_results/hf_causal.yaml"))
    )
    scores = json.loads((LOOPED / "generalization.json").read_text())["splits"]
    assert {entry.task_id: entry.value for entry in entries} == {
        split: pytest.approx(score["accuracy"], abs=1e-4) for split, score in scores.items()
    }
    assert {entry.dataset_id for entry in entries} == {DATA}


def test_code_that_a_folder_holds_is_what_is_published(hub, trained_model):
    """Weights go with the code that they were saved with, even when this package has moved on."""
    own = trained_model / "modeling_axiom.py"
    text = own.read_text()
    try:
        own.write_text(f"{text}# as it was\n")
        publish("model", trained_model, f"{ORG}/cpu", dataset_id="elsewhere/data")
    finally:
        own.write_text(text)
    assert hub.store.text("models", f"{ORG}/cpu", "modeling_axiom.py").endswith("# as it was\n")
    assert not [path for path in hub.repo("models", f"{ORG}/cpu").files() if path.startswith("checkpoints")]
    assert ModelCard(hub.store.text("models", f"{ORG}/cpu", "README.md")).data.datasets == ["elsewhere/data"]


def test_the_same_content_again_is_no_commit(hub, data, space):
    for artifact, source, repo_id, kind in (
        ("dataset", data, DATA, "datasets"),
        ("model", LOOPED, MODEL, "models"),
        ("metric", METRIC, f"{ORG}/generalization_accuracy", "spaces"),
        ("space", space, f"{ORG}/demo", "spaces"),
    ):
        first = publish(artifact, source, repo_id)
        sent = len(hub.asked("PUT")) + len(hub.asked("POST", "/commit/"))
        again = publish(artifact, source, repo_id)
        assert first.is_new and not again.is_new and again.commit == first.commit
        assert "up to date" in str(again)
        assert len(hub.asked("PUT")) + len(hub.asked("POST", "/commit/")) == sent
        assert len(commits(hub, kind, repo_id)) == 1


def test_what_is_gone_locally_is_removed_by_the_same_commit_and_the_rest_stays(hub, data):
    from huggingface_hub import HfApi

    publish("dataset", data, DATA)
    HfApi().upload_file(path_or_fileobj=b"by hand", path_in_repo="NOTES.md", repo_id=DATA, repo_type="dataset")
    HfApi().upload_file(path_or_fileobj=b"by hand", path_in_repo="a/b/c.parquet", repo_id=DATA, repo_type="dataset")
    shutil.rmtree(data / "transitivity_ts2")
    published = publish("dataset", data, DATA)
    files = set(hub.repo("datasets", DATA).files())
    assert {"NOTES.md", "a/b/c.parquet", ".gitattributes", "README.md"} < files
    assert not [path for path in files if path.startswith("transitivity_ts2/")]
    assert "transitivity_ts2/manifest.json" in published.removed and published.changed == ("README.md",)
    assert len(commits(hub, "datasets", DATA)) == 4
    card = yaml.safe_load(hub.store.text("datasets", DATA, "README.md").split("---")[1])
    assert [config["config_name"] for config in card["configs"]] == ["transitivity_generalization"]
    assert card["configs"][0]["default"] is True


def test_only_what_changed_is_sent(hub, data):
    publish("dataset", data, DATA)
    sent = len(hub.asked("PUT"))
    shard = next((data / "transitivity_ts2").glob("validation-*.parquet"))
    import pyarrow.parquet as pq

    pq.write_table(pq.read_table(shard), shard, compression="snappy")
    published = publish("dataset", data, DATA)
    assert f"transitivity_ts2/{shard.name}" in published.changed and len(hub.asked("PUT")) == sent + 1
    assert not [path for path in published.changed if "train" in path]


def test_other_bytes_of_the_same_length_are_a_change(hub, tmp_path):
    folder = Path(shutil.copytree(LOOPED, tmp_path / "model"))
    publish("model", folder, MODEL)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    (folder / "report.md").write_text((folder / "report.md").read_text().replace("Scored", "Marked"))
    assert set(publish("model", folder, MODEL).changed) == {"model.safetensors", "report.md", "README.md"}


def test_a_branch_and_a_pull_request_leave_main_alone(hub, space):
    first = publish("space", space, f"{ORG}/demo")
    (space / "app.py").write_text("import gradio  # changed\n")
    on_branch = publish("space", space, f"{ORG}/demo", revision="next")
    proposed = publish("space", space, f"{ORG}/demo", create_pr=True)
    repo = hub.repo("spaces", f"{ORG}/demo")
    assert repo.branches["main"] == first.commit and repo.branches["next"] == on_branch.commit
    assert proposed.pull_request.endswith("/discussions/1") and proposed.pull_request in str(proposed)
    assert "changed" in hub.store.text("spaces", f"{ORG}/demo", "app.py", "refs/pr/1")


def test_a_pull_request_can_be_brought_up_to_date(hub, space):
    publish("space", space, f"{ORG}/demo")
    for step in ("one", "two"):
        (space / "app.py").write_text(f"import gradio  # {step}\n")
        publish("space", space, f"{ORG}/demo", **({"create_pr": True} if step == "one" else {"revision": "refs/pr/1"}))
    repo = hub.repo("spaces", f"{ORG}/demo")
    assert "two" in hub.store.text("spaces", f"{ORG}/demo", "app.py", "refs/pr/1")
    assert len(repo.pull_requests) == 1 and len(repo.history()) == 2
    with pytest.raises(PublishError, match="has no revision 'refs/pr/7'"):
        publish("space", space, f"{ORG}/demo", revision="refs/pr/7")


def test_a_pull_request_needs_no_write_access(hub, space, monkeypatch, tmp_path):
    publish("space", space, f"{ORG}/demo")
    use_hub(monkeypatch, hub, tmp_path / "home", "hf_stranger")
    (space / "more.py").write_text("x = 1\n")
    with pytest.raises(PublishError, match="no write access to 'causal-lab/demo'"):
        publish("space", space, f"{ORG}/demo")
    assert publish("space", space, f"{ORG}/demo", create_pr=True).pull_request
    with pytest.raises(PublishError, match="there is no space 'causal-lab/new' to change"):
        publish("space", space, f"{ORG}/new", create_pr=True)


def test_private_is_of_new_repositories(hub, space, monkeypatch, tmp_path):
    publish("space", space, f"{ORG}/secret", private=True)
    assert hub.repo("spaces", f"{ORG}/secret").private
    (space / "more.py").write_text("x = 1\n")
    publish("space", space, f"{ORG}/secret")
    assert hub.repo("spaces", f"{ORG}/secret").private  # it keeps its visibility
    publish("space", space, f"{ORG}/open")
    with pytest.raises(PublishError, match="exists and is public"):
        publish("space", space, f"{ORG}/open", private=True)
    use_hub(monkeypatch, hub, tmp_path / "home", "hf_stranger")
    with pytest.raises(PublishError, match="no write access"):
        publish("space", space, f"{ORG}/secret")


def test_listings_are_read_to_their_last_page(tmp_path, monkeypatch, data):
    with HubServer(tmp_path / "paged", page_size=2) as hub:
        use_hub(monkeypatch, hub, tmp_path / "home")
        publish("dataset", data, DATA)
        assert not publish("dataset", data, DATA).is_new
        assert hub.asked("GET", "cursor=4")


def test_a_dry_run_is_what_would_be_committed_and_asks_nobody(hub, data, tmp_path, monkeypatch, capsys):
    use_hub(monkeypatch, hub, tmp_path / "home", None)
    look = tmp_path / "look"
    assert main(["publish", "dataset", str(data), "--repo-id", DATA, "--dry-run", str(look)]) == 0
    assert "Nothing was published" in capsys.readouterr().out and not hub.requests
    assert main(["publish", "dataset", str(data), "--repo-id", DATA, "--dry-run", str(look)]) == 2
    assert "must be a new or empty folder" in capsys.readouterr().err
    use_hub(monkeypatch, hub, tmp_path / "home")
    publish("dataset", data, DATA)
    repo = hub.repo("datasets", DATA)
    written = {path.relative_to(look).as_posix(): path for path in look.rglob("*") if path.is_file()}
    assert set(written) == set(repo.files()) - {".gitattributes"}
    for name, path in written.items():
        assert path.read_bytes() == hub.store.blob(repo.files()[name].sha256).read_bytes()
    assert not publish("dataset", look, DATA).is_new  # and it can be published itself


def test_a_dry_run_that_fails_leaves_nothing(data, tmp_path):
    next((data / "transitivity_ts2").glob("train-*.parquet")).unlink()
    with pytest.raises(PublishError):
        write_dry_run("dataset", data, DATA, tmp_path / "look")
    assert not (tmp_path / "look").exists()
