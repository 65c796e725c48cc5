"""Models of the Hub on a public page: what is loaded is checked, not what is named."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from hf_causal.demo import hub_models
from hf_causal.demo.limits import TooMuch
from hf_causal.demo.models import Models
from hf_causal.models.pretrained import released_models

LORA = {"peft_type": "LORA", "r": 8, "base_model_name_or_path": "lab/base", "task_type": "CAUSAL_LM"}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A Hub of folders: its root, and the names of the files that were downloaded."""
    root, downloaded = tmp_path / "hub", []

    def model_info(self, repo_id, files_metadata):
        folder = root / repo_id
        if not folder.is_dir():
            raise OSError(f"404: no repository {repo_id}")
        paths = [path for path in folder.rglob("*") if path.is_file()]
        files = [SimpleNamespace(rfilename=str(path.relative_to(folder)), size=path.stat().st_size) for path in paths]
        return SimpleNamespace(siblings=files, sha="abc")

    def snapshot_download(repo_id, revision, allow_patterns):
        assert revision == "abc"
        downloaded.extend(allow_patterns)
        return str(root / repo_id)

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", model_info)
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    return SimpleNamespace(root=root, downloaded=downloaded)


def publish(hub, name, files):
    folder = hub.root / name
    folder.mkdir(parents=True)
    for file, content in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


CONFIG = {"model_type": "llama", "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "vocab_size": 16,
          "num_attention_heads": 2, "architectures": ["LlamaForCausalLM"]}  # fmt: skip


def test_a_model_of_the_hub_answers(hub):
    folder = hub.root / "lab" / "axiom"
    folder.parent.mkdir(parents=True)
    folder.symlink_to(released_models()["axiom-cpu"])
    models = Models(allow_hub=True)
    assert models.get("lab/axiom") is models.get("lab/axiom")
    assert all(name.rsplit(".", 1)[-1] in ("json", "safetensors", "txt", "model") for name in hub.downloaded)


def test_pickles_code_and_folders_are_not_downloaded(hub):
    files = ("pytorch_model.bin", "adapter_model.bin", "training_args.pt", "modeling_x.py", "x.pkl", "sub/y.json")
    publish(hub, "lab/x", {"config.json": CONFIG, "model.safetensors": "x", **dict.fromkeys(files, "x")})
    hub_models.download("lab/x")
    assert sorted(hub.downloaded) == ["config.json", "model.safetensors"]


def test_weights_must_be_safetensors(hub):
    publish(hub, "lab/x", {"config.json": CONFIG, "pytorch_model.bin": "x"})
    publish(hub, "lab/y", {"adapter_config.json": LORA, "adapter_model.bin": "x"})
    for name in ("lab/x", "lab/y"):
        with pytest.raises(FileNotFoundError, match="safetensors"):
            hub_models.download(name)


@pytest.mark.parametrize("large", ["model.safetensors", "tokenizer.json", "vocab.txt"])
def test_the_sizes_of_all_files_count(hub, monkeypatch, large):
    monkeypatch.setattr(hub_models, "MAX_HUB_BYTES", 2000)
    files = {"config.json": CONFIG, "model.safetensors": "x"}
    publish(hub, "lab/x", {**files, large: "x" * 2001})
    with pytest.raises(TooMuch, match="GiB"):
        hub_models.download("lab/x")
    assert hub.downloaded == []


def test_a_base_model_counts(hub, monkeypatch):
    monkeypatch.setattr(hub_models, "MAX_HUB_BYTES", 2000)
    publish(hub, "lab/base", {"config.json": CONFIG, "model.safetensors": "x" * 1500})
    publish(hub, "lab/tuned", {"adapter_config.json": LORA, "adapter_model.safetensors": "x" * 800})
    with pytest.raises(TooMuch, match="lab/base"):
        hub_models.download("lab/tuned")
    assert "model.safetensors" not in hub.downloaded


@pytest.mark.parametrize("base", ["/etc", "../base", "lab/../base", "base", "", None, 5, ["a/b"]])
def test_a_base_model_is_no_folder_of_the_server(hub, base):
    publish(hub, "lab/tuned", {"adapter_config.json": {**LORA, "base_model_name_or_path": base}, "a.safetensors": "x"})
    with pytest.raises(ValueError, match="ORGANIZATION/NAME"):
        hub_models.download("lab/tuned")


def test_an_adapter_of_an_adapter_is_refused(hub):
    for name in ("lab/base", "lab/tuned"):
        publish(hub, name, {"adapter_config.json": LORA, "adapter_model.safetensors": "x"})
    with pytest.raises(ValueError, match="complete model"):
        hub_models.download("lab/tuned")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"peft_type": "PREFIX_TUNING"}, ValueError),
        ({"r": 10**6}, TooMuch),
        ({"r": "8"}, TooMuch),
        ({"rank_pattern": {"q_proj": 10**5}}, TooMuch),
    ],
)
def test_adapters_that_are_large_or_of_another_type_are_refused(hub, changes, error):
    publish(hub, "lab/tuned", {"adapter_config.json": {**LORA, **changes}, "adapter_model.safetensors": "x"})
    with pytest.raises(error):
        hub_models.download("lab/tuned")


def test_of_an_adapter_its_harmless_settings_are_kept(hub):
    publish(hub, "lab/base", {"config.json": CONFIG, "model.safetensors": "x"})
    settings = {**LORA, "layer_replication": [[0, 10**6]], "auto_mapping": {"x": "y"}, "init_lora_weights": "/etc/x"}
    publish(hub, "lab/tuned", {"adapter_config.json": settings, "adapter_model.safetensors": "x"})
    folder = hub_models.download("lab/tuned")
    kept = json.loads((folder / "adapter_config.json").read_text())
    assert set(kept) == {"peft_type", "r", "base_model_name_or_path", "task_type", "inference_mode"}
    assert (folder / "adapter_model.safetensors").read_text() == "x"
    assert json.loads((Path(kept["base_model_name_or_path"]) / "config.json").read_text()) == CONFIG


def test_an_adapter_next_to_a_model_is_left_out(hub):
    files = {"config.json": CONFIG, "model.safetensors": "x", "adapter_model.safetensors": "x"}
    publish(hub, "lab/x", {**files, "adapter_config.json": {**LORA, "base_model_name_or_path": "/etc"}})
    folder = hub_models.download("lab/x")
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]


@pytest.mark.parametrize("shard", ["../../secret.safetensors", "/etc/passwd", "missing.safetensors", 5, None])
def test_an_index_names_files_of_the_model_only(hub, shard):
    index = {"weight_map": {"a": "model.safetensors", "b": shard}}
    publish(hub, "lab/x", {"config.json": CONFIG, "model.safetensors": "x", "model.safetensors.index.json": index})
    with pytest.raises(ValueError, match="index"):
        hub_models.download("lab/x")


@pytest.mark.parametrize(
    "changes", [{"num_hidden_layers": 10**7}, {"vocab_size": 10**9}, {"intermediate_size": 10**9}]
)
def test_a_config_that_describes_a_large_model_is_refused(hub, changes):
    publish(hub, "lab/x", {"config.json": {**CONFIG, **changes}, "model.safetensors": "x"})
    with pytest.raises(TooMuch):
        hub_models.download("lab/x")


@pytest.mark.parametrize("config", ["[", "[]", "[" * 10**5, "5"])
def test_configs_that_are_none_are_errors_in_words(hub, config):
    publish(hub, "lab/x", {"config.json": config, "model.safetensors": "x"})
    with pytest.raises(ValueError, match=r"config\.json"):
        hub_models.download("lab/x")


def test_what_the_hub_lacks_is_an_error_in_words(hub):
    with pytest.raises(FileNotFoundError, match="404"):
        hub_models.download("lab/nothing")


def test_an_adapter_answers_with_its_base_model(hub):
    peft = pytest.importorskip("peft")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    import hf_causal.models  # noqa: F401

    source = released_models()["axiom-cpu"]
    base = AutoModelForCausalLM.from_pretrained(source)
    linear = next(name for name, part in base.named_modules() if isinstance(part, torch.nn.Linear))
    settings = peft.LoraConfig(r=2, target_modules=[linear.rsplit(".", 1)[-1]], task_type="CAUSAL_LM")
    tuned = hub.root / "lab" / "tuned"
    peft.get_peft_model(base, settings).save_pretrained(tuned)
    changed = json.loads((tuned / "adapter_config.json").read_text())
    (tuned / "adapter_config.json").write_text(json.dumps({**changed, "base_model_name_or_path": "lab/base"}))
    AutoTokenizer.from_pretrained(source).save_pretrained(tuned)
    (hub.root / "lab" / "base").symlink_to(source)
    prompt = "A causes B. Does A cause B?"
    models = Models(allow_hub=True)
    expected = models.get("axiom-cpu").probabilities([prompt])[0]
    assert models.get("lab/tuned").probabilities([prompt])[0] == pytest.approx(expected, abs=1e-4)
