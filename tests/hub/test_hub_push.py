"""`push_to_hub` of models, tokenizers and the trainer makes the repository and card that publishing makes."""

import shutil
from pathlib import Path

import pytest
import torch
from hub_fixtures import ORG, use_hub
from huggingface_hub import ModelCard, snapshot_download
from small import TINY
from transformers import AutoTokenizer

from hf_causal.cli import main
from hf_causal.hub.publish import publish
from hf_causal.models import AxiomForCausalLM, AxiomLoopedForSequenceClassification, AxiomTokenizer, make_model
from hf_causal.training.__main__ import main as launch

ROOT = Path(__file__).resolve().parents[2]
CPU, LOOPED = ROOT / "model_cards" / "axiom-cpu", ROOT / "model_cards" / "axiom-looped"
FLAGS = [part for name, value in TINY.items() for part in (f"--{name.replace('_', '-')}", str(value))]


def contents(hub, repo_id):
    """From path to bytes, with the repository's name taken out of the cards."""
    files = hub.repo("models", repo_id).files()
    read = {path: hub.store.blob(file.sha256).read_bytes() for path, file in files.items()}
    return {path: data.replace(repo_id.encode(), b"REPO") for path, data in read.items()}


@pytest.mark.parametrize(("kind", "folder"), [(AxiomForCausalLM, CPU), (AxiomLoopedForSequenceClassification, LOOPED)])
def test_a_model_pushes_what_publishing_its_folder_makes(kind, folder, hub):
    publish("model", folder, f"{ORG}/published")
    url = kind.from_pretrained(folder).push_to_hub(f"{ORG}/pushed")
    repo = hub.repo("models", f"{ORG}/pushed")
    assert url == f"{hub.url}/{ORG}/pushed/commit/{repo.branches['main']}" and len(repo.history()) == 2
    assert contents(hub, f"{ORG}/pushed") == contents(hub, f"{ORG}/published")


def test_a_model_that_came_from_the_hub_pushes_it_all_again(hub):
    publish("model", LOOPED, f"{ORG}/published")
    # What `from_pretrained` of a repository leaves in the cache and in the config.
    model = AxiomLoopedForSequenceClassification.from_pretrained(snapshot_download(f"{ORG}/published"))
    model.config.name_or_path = f"{ORG}/published"
    model.push_to_hub(f"{ORG}/copy", private=True)
    assert contents(hub, f"{ORG}/copy") == contents(hub, f"{ORG}/published")
    assert hub.repo("models", f"{ORG}/copy").private


def test_figures_never_describe_other_weights(hub):
    model = AxiomLoopedForSequenceClassification.from_pretrained(LOOPED)
    with torch.no_grad():
        next(model.parameters()).add_(0.01)
    model.push_to_hub(f"{ORG}/tuned")
    files = hub.repo("models", f"{ORG}/tuned").files()
    assert not {"generalization.json", "report.md", "training_log.jsonl", ".eval_results/hf_causal.yaml"} & set(files)
    card = ModelCard(hub.store.text("models", f"{ORG}/tuned", "README.md"))
    assert card.data.eval_results is None and "## Training" not in card.text
    assert card.data.pipeline_tag == "text-classification" and "tokenizer.json" in files


def test_a_model_from_memory_has_code_tokenizer_and_card(hub):
    model = make_model(
        "axiom", {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}, AxiomTokenizer()
    )
    model.push_to_hub(
        "fresh", commit_message="First try", revision="draft", tags=["mine"]
    )  # the token's own namespace
    repo = hub.repo("models", "writer/fresh")
    assert repo.history("draft")[0].title == "First try" and set(repo.files()) == {".gitattributes"}
    assert {"modeling_axiom.py", "tokenizer.json", "README.md", "model.safetensors"} <= set(repo.files("draft"))


@pytest.mark.parametrize("order", ["model first", "tokenizer first"])
def test_a_tokenizer_leaves_the_card_as_it_is(order, hub):
    model = AxiomLoopedForSequenceClassification.from_pretrained(LOOPED)
    publish("model", LOOPED, f"{ORG}/published")
    pushes = [lambda: model.push_to_hub(f"{ORG}/pushed"), lambda: AxiomTokenizer().push_to_hub(f"{ORG}/pushed")]
    for push in pushes if order == "model first" else reversed(pushes):
        push()
    assert contents(hub, f"{ORG}/pushed") == contents(hub, f"{ORG}/published")
    assert AutoTokenizer.from_pretrained(f"{ORG}/pushed", trust_remote_code=False).vocab_size == 73


def test_a_training_run_is_pushed_when_it_is_done(hub, corpus_dir, tmp_path, capsys):
    out, repo_id = tmp_path / "model", f"{ORG}/trained"
    command = ["train", "axiom-cpu", "--output-dir", str(out), "--data-dir", str(corpus_dir), *FLAGS]
    push = ["--push-to-hub", "--hub-model-id", repo_id, "--hub-private-repo"]
    assert main([*command, *push, "--stop-at-step", "3"]) == 0
    assert not hub.store.repos  # half a run is nobody's business
    assert main([*command, *push, "--resume-from-checkpoint", "latest"]) == 0
    assert f"model {repo_id}: " in capsys.readouterr().out
    assert hub.repo("models", repo_id).private
    assert not publish("model", out, repo_id).is_new  # it is what publishing the folder makes
    files = set(hub.repo("models", repo_id).files())
    assert {"recipe.yaml", "training_log.jsonl", "training_summary.json", "modeling_axiom.py"} <= files
    assert not [path for path in files if "checkpoint" in path]
    AxiomForCausalLM.from_pretrained(repo_id).push_to_hub(f"{ORG}/again")
    assert contents(hub, f"{ORG}/again") == contents(hub, repo_id)


def test_a_launched_run_is_pushed_by_its_main_process(hub, corpus_dir, tmp_path, capsys, monkeypatch):
    arguments = ["--recipe", "axiom-cpu", "--output-dir", str(tmp_path / "model"), "--data-dir", str(corpus_dir)]
    arguments += [*FLAGS, "--push-to-hub", "--hub-model-id", f"{ORG}/launched"]
    assert launch(arguments) == 0
    assert f"model {ORG}/launched: " in capsys.readouterr().out
    shutil.rmtree(tmp_path / "model")
    monkeypatch.setenv("RANK", "1")
    asked = len(hub.requests)
    assert launch(arguments) == 0 and len(hub.requests) == asked


@pytest.mark.parametrize(
    ("options", "token", "message"),
    [
        (["--push-to-hub"], "hf_writer", "`--push-to-hub` needs `--hub-model-id NAMESPACE/NAME`"),
        (["--push-to-hub", "--hub-model-id", "mine"], "hf_writer", "`repo_id` must be NAMESPACE/NAME"),
        (["--push-to-hub", "--hub-model-id", "a/b"], None, "there is no token"),
    ],
)
def test_what_would_keep_a_run_from_being_pushed_is_reported_first(
    options, token, message, hub, corpus_dir, tmp_path, capsys, monkeypatch
):
    use_hub(monkeypatch, hub, tmp_path / "home", token)
    out = ["--output-dir", str(tmp_path / "out"), "--data-dir", str(corpus_dir)]
    for command in (lambda: main(["train", "axiom-cpu", *out, *options]),
                    lambda: launch(["--recipe", "axiom-cpu", *out, *options])):  # fmt: skip
        assert command() == 2
        shown = capsys.readouterr().err
        assert message in shown and shown.count("\n") == 1
    assert not (tmp_path / "out").exists() and not hub.requests
