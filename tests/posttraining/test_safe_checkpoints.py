"""Checkpoints of fine-tuning: data only, checked by their SHA-256, and resumed to the same weights."""

import json
import os
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tiny_finetuning import quick, save_classifier, save_language_model

from hf_causal.posttraining.checkpoints import find_damage, list_checkpoints
from hf_causal.posttraining.run import finetune
from hf_causal.training.run_lock import LOCK_FILE
from hf_causal.utils.locks import InUse, lock
from hf_causal.utils.state_files import list_pickles

pytest.importorskip("trl", reason="TRL is not installed: pip install 'hf-causal[finetune]'")

FEW = {"max_steps": 6, "eval_steps": 2, "train_rows": 160, "batch_size": 4, "evaluations": ("none",)}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_language_model(tmp_path_factory.mktemp("base") / "model")


@pytest.fixture(scope="module")
def complete(base, separation_dir, tmp_path_factory):
    """A run to which nothing happened."""
    folder = tmp_path_factory.mktemp("complete") / "run"
    finetune(quick(base, name="run", **FEW), folder, [separation_dir])
    return folder


@pytest.fixture(scope="module")
def stopped(base, separation_dir, tmp_path_factory):
    """The same run, stopped after step 4."""
    folder = tmp_path_factory.mktemp("stopped") / "run"
    finetune(quick(base, name="run", **FEW), folder, [separation_dir], stop_at_step=4)
    assert [path.name for path in list_checkpoints(folder)] == ["checkpoint-2", "checkpoint-4"]
    return folder


@pytest.fixture
def begun(stopped, tmp_path):
    """A copy of it that a test may damage."""
    return Path(shutil.copytree(stopped, tmp_path / "run"))


def resume(base, folder, separation_dir, checkpoint="latest"):
    return finetune(quick(base, name="run", **FEW), folder, [separation_dir], resume_from_checkpoint=checkpoint)


def same_weights(one, other):
    first, second = load_file(one / "model.safetensors"), load_file(other / "model.safetensors")
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_resuming_unpickles_nothing_and_gives_the_same_weights(base, complete, begun, separation_dir, monkeypatch):
    def forbidden(*arguments, **options):
        pytest.fail("a pickle was opened")

    monkeypatch.setattr(torch, "load", forbidden)
    monkeypatch.setattr(pickle, "load", forbidden)
    assert resume(base, begun, separation_dir).finished
    assert same_weights(begun, complete)
    for checkpoint in list_checkpoints(begun):
        assert list_pickles(checkpoint) == [] and find_damage(checkpoint) is None


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("name", ["optimizer.pt", "scheduler.pt", "rng_state.pth", "pytorch_model.bin", "scaler.pt"])
def test_no_pickle_of_a_checkpoint_is_opened(name, base, begun, separation_dir, tmp_path):
    for checkpoint in list_checkpoints(begun):
        (checkpoint / name).write_bytes(pickle.dumps(Trap(tmp_path / "code_ran")))
        (checkpoint / "manifest.json").unlink()  # as an earlier version wrote it
    for checkpoint in ("latest", str(begun / "checkpoints" / "checkpoint-4")):
        with pytest.raises(ValueError, match=f"{name} is a pickle"):
            resume(base, begun, separation_dir, checkpoint)
    assert not (tmp_path / "code_ran").exists()


@pytest.mark.parametrize("name", ["optimizer.safetensors", "model.safetensors", "random_state_0.safetensors"])
def test_an_altered_file_is_noticed(name, base, complete, begun, separation_dir, caplog):
    last = list_checkpoints(begun)[-1]
    content = bytearray((last / name).read_bytes())
    content[-1] ^= 1
    (last / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name} has another checksum"):
        resume(base, begun, separation_dir, str(last))
    assert resume(base, begun, separation_dir).finished and "checkpoint-4" in caplog.text
    assert same_weights(begun, complete)


def test_a_file_that_no_manifest_lists_is_refused(base, begun, separation_dir):
    for checkpoint in list_checkpoints(begun):
        (checkpoint / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match="all checkpoints .* adapter_model.safetensors is not listed"):
        resume(base, begun, separation_dir)


def test_the_best_weights_are_taken_from_the_run_itself(base, begun, separation_dir, tmp_path):
    last = list_checkpoints(begun)[-1]
    state = json.loads((last / "trainer_state.json").read_text())
    state.update(best_model_checkpoint=str(tmp_path / "elsewhere" / "checkpoint-9"), best_metric=0.0)
    (last / "trainer_state.json").write_text(json.dumps(state))
    manifest = json.loads((last / "manifest.json").read_text())
    del manifest["files"]["trainer_state.json"]
    (last / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="trainer_state.json is not listed"):
        resume(base, begun, separation_dir, str(last))


def test_a_second_fine_tuning_into_a_folder_is_refused(base, tmp_path, separation_dir):
    with lock(tmp_path / "run" / LOCK_FILE), pytest.raises(InUse, match="another training writes"):
        finetune(quick(base, **FEW), tmp_path / "run", [separation_dir])


def test_classifiers_resume_too(separation_dir, tmp_path):
    model = save_classifier(tmp_path / "base", ("No", "Yes"))
    recipe = quick(model, name="run", **FEW)
    finetune(recipe, tmp_path / "complete", [separation_dir])
    finetune(recipe, tmp_path / "parts", [separation_dir], stop_at_step=3)
    finetune(recipe, tmp_path / "parts", [separation_dir], resume_from_checkpoint="latest")
    assert same_weights(tmp_path / "complete", tmp_path / "parts")
