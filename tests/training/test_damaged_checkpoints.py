"""Checkpoints that were damaged, changed or made by another run are refused, and nothing in them is run."""

import hashlib
import json
import logging
import os
import pickle

import pytest
import torch
from interrupted_runs import RECIPE, SMALL
from safetensors.torch import load_file
from test_training import assert_equal_weights, last_checkpoint_weights, log_of, weights

from hf_causal.training import validation
from hf_causal.training.checkpoints import find_damage, list_checkpoints, read_manifest
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe
from hf_causal.training.validation import ValidationResult
from hf_causal.utils.state_files import write_state


def truncate(checkpoint):
    path = checkpoint / "optimizers.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def flip_a_bit(checkpoint):
    path = checkpoint / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def lose_a_file(checkpoint):
    (checkpoint / "random_state_0.safetensors").unlink()


def lose_the_manifest(checkpoint):
    (checkpoint / "manifest.json").unlink()


def tear_the_manifest(checkpoint):
    (checkpoint / "manifest.json").write_text('{"files": {')


@pytest.mark.parametrize(
    ("harm", "damage"),
    [
        (truncate, "optimizers.safetensors has .* bytes instead of"),
        (flip_a_bit, "model.safetensors has another checksum"),
        (lose_a_file, "random_state_0.safetensors is missing"),
        (lose_the_manifest, "no readable manifest.json"),
        (tear_the_manifest, "no readable manifest.json"),
    ],
)
def test_a_damaged_checkpoint_is_refused_and_the_one_before_is_offered(harm, damage, stopped_copy, corpus_dir):
    before, last = list_checkpoints(stopped_copy)
    assert find_damage(last) is None
    harm(last)
    with pytest.raises(ValueError, match=f"is damaged: .*{damage}.*; resume from '{before}' instead"):
        train(RECIPE, stopped_copy, corpus_dir, resume_from_checkpoint=str(last))
    harm(before)
    with pytest.raises(ValueError, match=f"is damaged: .*{damage}.*; no other checkpoint"):
        train(RECIPE, stopped_copy, corpus_dir, resume_from_checkpoint=str(last))
    with pytest.raises(ValueError, match=f"all checkpoints in .* damaged .step-0000006: .*{damage}"):
        train(RECIPE, stopped_copy, corpus_dir, resume_from_checkpoint="latest")


def test_latest_skips_a_damaged_checkpoint_with_a_warning_and_ends_the_same(
    stopped_copy, uninterrupted_run, corpus_dir, caplog
):
    flip_a_bit(list_checkpoints(stopped_copy)[-1])
    with caplog.at_level(logging.WARNING):
        train(RECIPE, stopped_copy, corpus_dir, resume_from_checkpoint="latest")
    (warning,) = (record.message for record in caplog.records if record.name.startswith("hf_causal"))
    assert "step-0000006: model.safetensors has another checksum" in warning and "step-0000004" in warning
    assert_equal_weights(weights(stopped_copy), weights(uninterrupted_run))
    assert_equal_weights(last_checkpoint_weights(stopped_copy), last_checkpoint_weights(uninterrupted_run))
    assert [find_damage(path) for path in list_checkpoints(stopped_copy)] == [None, None]


@pytest.mark.parametrize(
    ("recipe", "overrides", "message"),
    [
        ("axiom-looped", {}, "model_type 'axiom_looped' instead of 'axiom'"),
        ("axiom-cpu", {"model.hidden_size": 32}, "model {.*'hidden_size': 32.*} instead of {.*'hidden_size': 16"),
        ("axiom-cpu", {"seed": 5, "learning_rate": 1.0}, "learning_rate 1.0 instead of 0.002, seed 5 instead of 0"),
        ("axiom-cpu", {"per_device_train_batch_size": 4}, "a run with 8 premises a step, and here it would be 4"),
    ],
)
def test_a_checkpoint_of_another_recipe_is_refused(recipe, overrides, message, stopped_run, corpus_dir, tmp_path):
    small = SMALL if recipe == "axiom-cpu" else {k: v for k, v in SMALL.items() if not k.startswith("model.")}
    chosen, checkpoint = load_recipe(recipe, {**small, **overrides}), list_checkpoints(stopped_run)[-1]
    with pytest.raises(ValueError, match=message):
        train(chosen, tmp_path / "other", corpus_dir, resume_from_checkpoint=str(checkpoint))
    with pytest.raises(ValueError, match=message):
        train(chosen, stopped_run, corpus_dir, resume_from_checkpoint="latest")
    assert not (tmp_path / "other").exists()


def test_a_checkpoint_of_sharded_weights_is_refused_without_shards(stopped_copy, corpus_dir):
    for checkpoint in list_checkpoints(stopped_copy):
        manifest = read_manifest(checkpoint)
        (checkpoint / "manifest.json").write_text(json.dumps({**manifest, "sharded": True}))
    with pytest.raises(ValueError, match="was saved with FSDP, and this run is without it"):
        train(RECIPE, stopped_copy, corpus_dir, resume_from_checkpoint="latest")


def test_a_run_resumes_in_another_folder_and_with_other_batches(stopped_run, uninterrupted_run, corpus_dir, tmp_path):
    # The best weights come along; dropout is drawn for each micro-batch, so that only the folder is compared exactly.
    train(RECIPE, tmp_path / "moved", corpus_dir, resume_from_checkpoint=str(list_checkpoints(stopped_run)[0]))
    assert_equal_weights(weights(tmp_path / "moved"), weights(uninterrupted_run))
    divided = {**SMALL, "per_device_train_batch_size": 2, "gradient_accumulation_steps": 4, "logging_steps": 1}
    checkpoint = str(list_checkpoints(stopped_run)[1])
    train(load_recipe("axiom-cpu", divided), tmp_path / "divided", corpus_dir, resume_from_checkpoint=checkpoint)
    losses = [
        [entry["loss"] for entry in log_of(folder) if entry["step"] == 8]
        for folder in (tmp_path / "divided", uninterrupted_run)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)


def test_the_best_weights_are_those_of_the_resumed_checkpoint(corpus_dir, tmp_path, monkeypatch):
    accuracies = iter([0.9, 0.5, 0.5, 0.5])  # after steps 3 and 6, and twice after step 8
    monkeypatch.setattr(validation, "validate", lambda *arguments: ValidationResult(1.0, next(accuracies), 100))
    train(RECIPE, tmp_path / "run", corpus_dir, stop_at_step=6)
    best = load_file(tmp_path / "run" / "checkpoints" / "best.safetensors")
    checkpoint = list_checkpoints(tmp_path / "run")[-1]
    (tmp_path / "run" / "checkpoints" / "best.safetensors").unlink()  # and not written over: it has two names
    (tmp_path / "run" / "checkpoints" / "best.safetensors").write_bytes(b"of a later step")
    for folder in ("run", "moved"):
        result = train(RECIPE, tmp_path / folder, corpus_dir, resume_from_checkpoint=str(checkpoint))
        assert (result.best_step, result.best_value) == (3, 0.9)
        assert_equal_weights(weights(tmp_path / folder), best)


class Trap:
    """A pickle that writes a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("name", ["custom_checkpoint_0.pkl", "optimizer.bin", "a/b.pt", "rng.pth", ".metadata"])
@pytest.mark.parametrize("listed", [False, True])
def test_no_pickle_of_a_checkpoint_is_opened(name, listed, stopped_copy, corpus_dir, tmp_path):
    for checkpoint in list_checkpoints(stopped_copy):
        path = checkpoint / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(pickle.dumps(Trap(tmp_path / "code_ran")))
        if listed:
            manifest = read_manifest(checkpoint)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            manifest["files"][name] = {"bytes": path.stat().st_size, "sha256": digest}
            (checkpoint / "manifest.json").write_text(json.dumps(manifest))
    for resume in ("latest", str(list_checkpoints(stopped_copy)[-1])):
        with pytest.raises(ValueError, match="is a pickle, as an earlier version"):
            train(RECIPE, stopped_copy, corpus_dir, resume_from_checkpoint=resume)
    assert not (tmp_path / "code_ran").exists()


def test_resuming_unpickles_nothing(stopped_copy, corpus_dir, monkeypatch):
    def forbidden(*arguments, **options):
        pytest.fail("a pickle was opened")

    for module, name in ((torch, "load"), (pickle, "load"), (pickle, "loads"), (pickle, "Unpickler")):
        monkeypatch.setattr(module, name, forbidden)
    assert train(RECIPE, stopped_copy, corpus_dir, resume_from_checkpoint="latest").steps == 8


@pytest.mark.parametrize("name", ["optimizers_1.safetensors", "notes.txt", "deep/er.json", "link"])
def test_a_file_that_the_manifest_does_not_list_is_refused(name, stopped_copy, corpus_dir):
    last = list_checkpoints(stopped_copy)[-1]
    (last / "deep").mkdir()
    if name == "link":
        (last / name).symlink_to("/etc")
    else:
        (last / name).write_bytes(b"{}")
    with pytest.raises(ValueError, match=f"{name} is not listed in its manifest.json"):
        train(RECIPE, stopped_copy, corpus_dir, resume_from_checkpoint=str(last))


@pytest.mark.parametrize("name", ["optimizers", "position", "random_state_0", "model"])
def test_a_checkpoint_that_holds_another_state_is_a_clear_error(name, stopped_copy, corpus_dir):
    last = list_checkpoints(stopped_copy)[-1]
    path = last / f"{name}.safetensors"
    write_state(path, {"parts": [{"epoch": 3}], "accumulated": 1, "scaler": None, "lr": torch.ones(2)})
    manifest = read_manifest(last)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest["files"][path.name] = {"bytes": path.stat().st_size, "sha256": digest}
    (last / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="does not hold the state of this run"):
        train(RECIPE, stopped_copy, corpus_dir, resume_from_checkpoint=str(last))


@pytest.mark.parametrize("manifest", [[], {}, {"files": []}, {"files": {"a": 1}}, {"step": "x", "files": {}}])
def test_a_manifest_of_another_form_is_damage(manifest, stopped_copy, corpus_dir):
    last = list_checkpoints(stopped_copy)[-1]
    (last / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="no readable manifest.json"):
        train(RECIPE, stopped_copy, corpus_dir, resume_from_checkpoint=str(last))
