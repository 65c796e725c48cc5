"""A model with a weight that is missing, damaged or not a number is never loaded, by any loader of the package."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_language_model import save_tiny_language_model

from hf_causal.cli import main
from hf_causal.evaluation.loading import load_pretrained
from hf_causal.models.complete import IncompleteModel
from hf_causal.models.pretrained import released_models

CARDS = Path(__file__).parents[2] / "model_cards"


def change_weights(folder, change):
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def lose(weights):
    del weights[max(weights)]


def poison(value):
    def change(weights):
        name = next(name for name, tensor in weights.items() if tensor.is_floating_point())
        weights[name] = weights[name].clone().float()
        weights[name].view(-1)[-1] = value

    return change


def reshape(weights):
    name = next(name for name, tensor in weights.items() if tensor.ndim == 2)
    weights[name] = weights[name][:1].clone()


def truncate(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGES = {
    "lost": (lambda folder: change_weights(folder, lose), "lacks the weights"),
    "nan": (lambda folder: change_weights(folder, poison(float("nan"))), "not finite"),
    "infinite": (lambda folder: change_weights(folder, poison(float("-inf"))), "not finite"),
    "shape": (lambda folder: change_weights(folder, reshape), "another shape"),
    "truncated": (truncate, "cannot be read"),
    "empty": (lambda folder: (folder / "model.safetensors").write_bytes(b""), "cannot be read"),
}
ARCHITECTURES = {
    json.loads(path.read_text())["model_type"]: path.parent
    for path in sorted(CARDS.glob("*/config.json"))
    if (path.parent / "model.safetensors").is_file()
}
"""One released model of every architecture."""


def damaged(tmp_path, source, damage):
    folder = tmp_path / "model"
    shutil.copytree(source, folder)
    DAMAGES[damage][0](folder)
    return folder


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("model_type", ARCHITECTURES)
def test_evaluate_refuses_incomplete_models(model_type, damage, tmp_path, capsys):
    folder = damaged(tmp_path, ARCHITECTURES[model_type], damage)
    config = json.loads((folder / "recipe.json").read_text())["config"] if (folder / "recipe.json").is_file() else None
    options = ["--config", config] if config else []
    assert main(["evaluate", str(folder), "--limit", "1", *options]) == 2
    shown = capsys.readouterr().err.strip().splitlines()
    assert DAMAGES[damage][1] in shown[-1] and str(folder) in shown[-1]
    assert not any("Traceback" in line for line in shown)


@pytest.mark.parametrize("damage", DAMAGES)
def test_language_models_are_refused_too(damage, tmp_path):
    folder = damaged(tmp_path, save_tiny_language_model(tmp_path / "saved"), damage)
    with pytest.raises(IncompleteModel, match=DAMAGES[damage][1]):
        load_pretrained(folder, "cpu")


def test_the_page_and_export_refuse_them(tmp_path, capsys):
    from hf_causal.demo.models import Models

    folder = damaged(tmp_path, next(iter(released_models().values())), "nan")
    with pytest.raises(IncompleteModel):
        Models((folder,)).get("model")
    assert main(["export", str(folder), "--out", str(tmp_path / "out")]) == 2
    assert "not finite" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_finetuning_refuses_them(tmp_path):
    from hf_causal.posttraining.models import load_for_training
    from hf_causal.posttraining.recipe import FinetuneRecipe

    folder = damaged(tmp_path, save_tiny_language_model(tmp_path / "saved"), "lost")
    with pytest.raises(IncompleteModel, match="lacks the weights"):
        load_for_training(FinetuneRecipe(model=str(folder)), False, False)


@pytest.mark.parametrize("change", [lose, poison(float("nan"))])
def test_incomplete_adapters_are_refused(change, tmp_path):
    peft = pytest.importorskip("peft")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    saved = save_tiny_language_model(tmp_path / "base")
    base = AutoModelForCausalLM.from_pretrained(saved)
    adapter = peft.get_peft_model(base, peft.LoraConfig(task_type="CAUSAL_LM", target_modules="all-linear"))
    adapter.peft_config["default"].base_model_name_or_path = str(saved)
    adapter.save_pretrained(tmp_path / "adapter")
    AutoTokenizer.from_pretrained(saved).save_pretrained(tmp_path / "adapter")
    assert load_pretrained(tmp_path / "adapter", "cpu")
    path = tmp_path / "adapter" / "adapter_model.safetensors"
    weights = load_file(path)
    change(weights)
    save_file(weights, path, {"format": "pt"})
    with pytest.raises(IncompleteModel, match="adapter"):
        load_pretrained(tmp_path / "adapter", "cpu")


def test_a_buffer_may_be_infinite():
    from hf_causal.models.complete import require_finite

    model = torch.nn.Linear(2, 2)
    model.register_buffer("mask", torch.full((2,), float("-inf")))
    require_finite(model, "model")
    model.mask[0] = float("nan")
    with pytest.raises(IncompleteModel, match="mask"):
        require_finite(model, "model")
