"""Faults in long runs, made to happen: nothing that was saved is lost, and the message says how to resume."""

import json
import os
import resource
import shutil
from contextlib import contextmanager

import pytest
import torch
from interrupted_runs import RECIPE, SMALL
from safetensors.torch import load_file
from test_training import assert_equal_weights, log_of, weights

from hf_causal.cli import main
from hf_causal.training import loop
from hf_causal.training.checkpoints import list_checkpoints
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe
from hf_causal.training.run_setup import set_up
from hf_causal.utils.locks import InUse


@contextmanager
def full_disk(size=4096):
    """Files cannot grow beyond some bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    ("owner", "method", "message", "size"),
    [
        (loop.TrainingRun, "_save", "the checkpoint of step 8 could not be written", 4096),
        (loop.TrainingRun, "_validate", "best.safetensors could not be written", 4096),
        (loop.TrainingRun, "_write_model", "the model could not be written", 4096),
        (loop.TrainingRun, "_report", "File too large while writing to", 100),
    ],
)
def test_a_full_disk_harms_nothing_that_was_saved(
    owner, method, message, size, stopped_copy, uninterrupted_run, corpus_dir, monkeypatch
):
    before = {path: path.read_bytes() for path in (stopped_copy / "checkpoints").rglob("*") if path.is_file()}
    plain = getattr(owner, method)

    def on_a_full_disk(self, *arguments):
        if self.progress.step < 8:
            return plain(self, *arguments)
        with full_disk(size):
            return plain(self, *arguments)

    with monkeypatch.context() as patched, pytest.raises(OSError, match=message) as caught:
        patched.setattr(owner, method, on_a_full_disk)
        train(RECIPE, stopped_copy, corpus_dir, resume_from_checkpoint="latest")
    assert "MB are free there; free some space" in str(caught.value)
    assert "--resume-from-checkpoint latest" in str(caught.value)
    assert not (stopped_copy / "model.safetensors").exists()
    assert not [path for path in stopped_copy.rglob("*") if "partial" in path.name]
    if method != "_write_model":  # which comes after the last checkpoint
        saved = {path: path.read_bytes() for path in (stopped_copy / "checkpoints").rglob("*") if path.is_file()}
        if method == "_save":  # later best weights replace those of before in their own file
            best = stopped_copy / "checkpoints" / "best.safetensors"
            before.pop(best), saved.pop(best)
        assert saved == before
    train(RECIPE, stopped_copy, corpus_dir, resume_from_checkpoint="latest")
    assert_equal_weights(weights(stopped_copy), weights(uninterrupted_run))
    assert [entry["step"] for entry in log_of(stopped_copy)] == [entry["step"] for entry in log_of(uninterrupted_run)]


def test_the_remains_of_an_unfinished_checkpoint_are_removed(stopped_copy, corpus_dir):
    for name in (".step-0000007.partial", ".step-0000008.partial"):
        (stopped_copy / "checkpoints" / name).mkdir()
        (stopped_copy / "checkpoints" / name / "optimizer_7.bin").write_bytes(b"half")
    train(RECIPE, stopped_copy, corpus_dir, resume_from_checkpoint="latest")
    assert sorted(os.listdir(stopped_copy / "checkpoints")) == ["best.safetensors", "step-0000006", "step-0000008"]
    assert not list(stopped_copy.rglob("optimizer_7.bin"))


@pytest.mark.parametrize("where", ["loss", "weights"])
def test_a_loss_or_weights_that_are_no_numbers_are_never_saved(where, corpus_dir, tmp_path, monkeypatch):
    # Validation and checkpoints after steps 2, 3, 4 and 6, no reports; the fault is in step 5, or is left by step 6.
    recipe = load_recipe("axiom-cpu", {**SMALL, "logging_steps": 100})
    step = loop.TrainingRun._step

    def poisoned(self, micro_batches):
        weight = next(self.model.parameters())
        if where == "loss" and self.progress.step == 4:
            weight.data[:] = torch.nan
        result = step(self, micro_batches)
        if where == "weights" and self.progress.step == 5:
            weight.data[0] = torch.inf
        return result

    monkeypatch.setattr(loop.TrainingRun, "_step", poisoned)
    at, what = (5, "the loss is nan") if where == "loss" else (6, "a weight is not finite")
    with pytest.raises(FloatingPointError, match=rf"{what} at step {at} \(epoch 0, batch {at - 1}, ") as caught:
        train(recipe, tmp_path / "run", corpus_dir)
    last = list_checkpoints(tmp_path / "run")[-1]
    assert last.name == "step-0000004" and f"the last one is '{last}'" in str(caught.value)
    assert "lower learning rate" in str(caught.value)
    for path in (tmp_path / "run" / "checkpoints").rglob("*.safetensors"):
        assert all(tensor.isfinite().all() for tensor in load_file(path).values())
    entry = log_of(tmp_path / "run")[-1]
    assert (entry["kind"], entry["step"], entry["batch"]) == ("not_finite", at, at - 1)
    # The premises that it names are those of that step.
    run = set_up(recipe, tmp_path / "again", corpus_dir, "none")
    batch = list(zip(range(at), run.loader, strict=False))[-1][1]
    assert entry["premises"] == {"0": batch.packs.flatten().tolist()} and len(entry["premises"]["0"]) == 8


def test_too_little_memory_is_answered_by_the_flags_that_need_less(
    stopped_run, uninterrupted_run, corpus_dir, tmp_path, monkeypatch
):
    plain = loop.TrainingRun._step

    def greedy(self, micro_batches):
        if self.progress.step == 6:
            torch.empty(1 << 50)
        return plain(self, micro_batches)

    folder = tmp_path / "run"
    shutil.copytree(stopped_run, folder)
    with monkeypatch.context() as patched, pytest.raises(MemoryError) as caught:
        patched.setattr(loop.TrainingRun, "_step", greedy)
        train(RECIPE, folder, corpus_dir, resume_from_checkpoint="latest")
    message = str(caught.value)
    assert "step 7 needs more memory than cpu has" in message
    assert "--per-device-train-batch-size 4 --gradient-accumulation-steps 2" in message
    assert "--gradient-checkpointing true" in message
    # What it says is what works.
    less = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2, "gradient_checkpointing": True}
    recipe = load_recipe("axiom-cpu", {**SMALL, **less})
    assert train(recipe, folder, corpus_dir, resume_from_checkpoint="latest").steps == 8
    questions = [
        json.loads((path / "training_summary.json").read_text())["questions"] for path in (folder, uninterrupted_run)
    ]
    assert questions[0] == questions[1]


def test_an_accelerators_memory_is_memory_too(stopped_run, corpus_dir, tmp_path, monkeypatch, capsys):
    def greedy(self, micro_batches):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")

    monkeypatch.setattr(loop.TrainingRun, "_step", greedy)
    options = [part for name, value in SMALL.items() for part in (f"--{name}", str(value))]
    command = ["train", "axiom-cpu", "--output-dir", str(tmp_path / "run"), "--data-dir", str(corpus_dir), *options]
    assert main(command) == 1
    shown = capsys.readouterr().err.splitlines()[-1]
    assert shown.startswith("error: step 1 needs more memory") and "--gradient-accumulation-steps 2" in shown


def test_a_second_training_into_a_folder_is_refused_while_the_first_one_runs(corpus_dir, tmp_path, monkeypatch):
    step, refused = loop.TrainingRun._step, []

    def second(self, micro_batches):
        if not refused:
            for resume in (None, "latest"):
                with pytest.raises(InUse, match="another training writes") as caught:
                    train(RECIPE, tmp_path / "run", corpus_dir, resume_from_checkpoint=resume)
                refused.append(str(caught.value))
        return step(self, micro_batches)

    monkeypatch.setattr(loop.TrainingRun, "_step", second)
    assert train(RECIPE, tmp_path / "run", corpus_dir).steps == 8
    assert len(refused) == 2 and [entry["step"] for entry in log_of(tmp_path / "run")] == [2, 3, 4, 6, 6, 8, 8]
    assert not [path for path in (tmp_path / "run").iterdir() if path.name.startswith(".")]


def test_a_run_that_another_one_advanced_meanwhile_is_not_resumed_from_an_old_checkpoint(
    stopped_copy, corpus_dir, monkeypatch
):
    def slow(*arguments):
        shutil.copytree(list_checkpoints(stopped_copy)[-1], stopped_copy / "checkpoints" / "step-0000007")
        return set_up(*arguments)

    monkeypatch.setattr(loop, "set_up", slow)
    with pytest.raises(InUse, match="another training has changed"):
        train(RECIPE, stopped_copy, corpus_dir, resume_from_checkpoint="latest")
