"""What goes wrong in long runs, made to happen: nothing that was saved is lost, and the message says how to go on."""

import hashlib
import json
import logging
import os
import pickle
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import psutil
import pytest
import torch
from safetensors.torch import load_file
from small import TINY
from test_training import assert_equal_weights, last_checkpoint_weights, log_of, weights

from hf_causal.cli import main
from hf_causal.training import loop, validation, worker
from hf_causal.training.checkpoints import find_damage, list_checkpoints, read_manifest
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe
from hf_causal.training.run_setup import set_up
from hf_causal.training.signals import StopRequests
from hf_causal.training.validation import ValidationResult
from hf_causal.training.worker import LauncherWatch
from hf_causal.utils.locks import InUse
from hf_causal.utils.state_files import write_state

SMALL = {**TINY, "max_steps": 8, "mixed_precision": "no", "model.hidden_dropout": 0.1}
RECIPE = load_recipe("axiom-cpu", SMALL)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, corpus_dir):
    """A run to which nothing happened."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    train(RECIPE, folder, corpus_dir)
    return folder


@pytest.fixture(scope="module")
def two(tmp_path_factory, corpus_dir):
    """A run that was stopped after step 6, with checkpoints of steps 4 and 6."""
    folder = tmp_path_factory.mktemp("two") / "run"
    train(RECIPE, folder, corpus_dir, stop_at_step=6)
    assert [path.name for path in list_checkpoints(folder)] == ["step-0000004", "step-0000006"]
    return folder


@pytest.fixture
def begun(two, tmp_path):
    """A copy of it that a test may damage."""
    return shutil.copytree(two, tmp_path / "run")


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
def test_a_damaged_checkpoint_is_refused_and_the_one_before_is_offered(harm, damage, begun, corpus_dir):
    before, last = list_checkpoints(begun)
    assert find_damage(last) is None
    harm(last)
    with pytest.raises(ValueError, match=f"is damaged: .*{damage}.*; resume from '{before}' instead"):
        train(RECIPE, begun, corpus_dir, resume_from_checkpoint=str(last))
    harm(before)
    with pytest.raises(ValueError, match=f"is damaged: .*{damage}.*; no other checkpoint"):
        train(RECIPE, begun, corpus_dir, resume_from_checkpoint=str(last))
    with pytest.raises(ValueError, match=f"all checkpoints in .* damaged .step-0000006: .*{damage}"):
        train(RECIPE, begun, corpus_dir, resume_from_checkpoint="latest")


def test_latest_passes_over_a_damaged_checkpoint_with_a_warning_and_ends_the_same(begun, whole, corpus_dir, caplog):
    flip_a_bit(list_checkpoints(begun)[-1])
    with caplog.at_level(logging.WARNING):
        train(RECIPE, begun, corpus_dir, resume_from_checkpoint="latest")
    (warning,) = (record.message for record in caplog.records if record.name.startswith("hf_causal"))
    assert "step-0000006: model.safetensors has another checksum" in warning and "step-0000004" in warning
    assert_equal_weights(weights(begun), weights(whole))
    assert_equal_weights(last_checkpoint_weights(begun), last_checkpoint_weights(whole))
    assert [find_damage(path) for path in list_checkpoints(begun)] == [None, None]


@pytest.mark.parametrize(
    ("recipe", "overrides", "message"),
    [
        ("axiom-looped", {}, "model_type 'axiom_looped' instead of 'axiom'"),
        ("axiom-cpu", {"model.hidden_size": 32}, "model {.*'hidden_size': 32.*} instead of {.*'hidden_size': 16"),
        ("axiom-cpu", {"seed": 5, "learning_rate": 1.0}, "learning_rate 1.0 instead of 0.002, seed 5 instead of 0"),
        ("axiom-cpu", {"per_device_train_batch_size": 4}, "a run with 8 premises a step, and here it would be 4"),
    ],
)
def test_a_foreign_checkpoint_is_refused(recipe, overrides, message, two, corpus_dir, tmp_path):
    small = SMALL if recipe == "axiom-cpu" else {k: v for k, v in SMALL.items() if not k.startswith("model.")}
    chosen, checkpoint = load_recipe(recipe, {**small, **overrides}), list_checkpoints(two)[-1]
    with pytest.raises(ValueError, match=message):
        train(chosen, tmp_path / "other", corpus_dir, resume_from_checkpoint=str(checkpoint))
    with pytest.raises(ValueError, match=message):
        train(chosen, two, corpus_dir, resume_from_checkpoint="latest")
    assert not (tmp_path / "other").exists()


def test_a_checkpoint_of_sharded_weights_is_refused_without_shards(begun, corpus_dir):
    for checkpoint in list_checkpoints(begun):
        manifest = read_manifest(checkpoint)
        (checkpoint / "manifest.json").write_text(json.dumps({**manifest, "sharded": True}))
    with pytest.raises(ValueError, match="was saved with FSDP, and this run is without it"):
        train(RECIPE, begun, corpus_dir, resume_from_checkpoint="latest")


def test_a_run_goes_on_in_another_folder_and_divided_otherwise(two, whole, corpus_dir, tmp_path):
    # The best weights come along; dropout is drawn for each micro-batch, so that only the folder is compared exactly.
    train(RECIPE, tmp_path / "moved", corpus_dir, resume_from_checkpoint=str(list_checkpoints(two)[0]))
    assert_equal_weights(weights(tmp_path / "moved"), weights(whole))
    divided = {**SMALL, "per_device_train_batch_size": 2, "gradient_accumulation_steps": 4, "logging_steps": 1}
    checkpoint = str(list_checkpoints(two)[1])
    train(load_recipe("axiom-cpu", divided), tmp_path / "divided", corpus_dir, resume_from_checkpoint=checkpoint)
    losses = [
        [entry["loss"] for entry in log_of(folder) if entry["step"] == 8] for folder in (tmp_path / "divided", whole)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)


def test_the_best_weights_are_those_of_the_checkpoint_that_is_gone_on_from(corpus_dir, tmp_path, monkeypatch):
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


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGTERM, SystemExit), (signal.SIGINT, KeyboardInterrupt)])
def test_a_signal_saves_and_the_run_goes_on_to_the_same_weights(
    number, raised, whole, corpus_dir, tmp_path, monkeypatch, capsys
):
    step = loop.TrainingRun._step

    def told_to_stop(self, micro_batches):
        if self.progress.step == 4:
            os.kill(os.getpid(), number)
        return step(self, micro_batches)

    handler = signal.getsignal(number)
    with monkeypatch.context() as patched, pytest.raises(raised) as caught:
        patched.setattr(loop.TrainingRun, "_step", told_to_stop)
        train(RECIPE, tmp_path / "run", corpus_dir)
    assert getattr(caught.value, "code", None) in (0, None)
    assert signal.getsignal(number) == handler
    saved = list_checkpoints(tmp_path / "run")[-1]
    assert saved.name == "step-0000005"
    assert f"{number.name}: stopped after step 5 of 8 and saved it in {saved}; resume with" in capsys.readouterr().err
    train(RECIPE, tmp_path / "run", corpus_dir, resume_from_checkpoint="latest")
    assert_equal_weights(weights(tmp_path / "run"), weights(whole))
    assert_equal_weights(last_checkpoint_weights(tmp_path / "run"), last_checkpoint_weights(whole))


def test_a_second_signal_does_not_wait():
    # Where the tests run in the background, a shell may have told them to ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt), StopRequests() as requests:
        os.kill(os.getpid(), signal.SIGINT)
        assert requests.poll() == (False, True)
        os.kill(os.getpid(), signal.SIGINT)
    signal.signal(signal.SIGINT, before)


def test_workers_stop_when_their_launcher_is_gone(monkeypatch):
    monkeypatch.setattr(worker, "_watch", LauncherWatch())
    requests = StopRequests(launched=True)
    assert requests.poll() == (False, False)
    monkeypatch.setattr(os, "getppid", lambda: 1)
    assert requests.poll() == (True, False)


WORKER = """
import os, sys, time
from hf_causal.training.worker import launcher_watch
print(os.getpid(), flush=True)
launcher_watch()
time.sleep(600)
"""
LAUNCHER = """
import os, subprocess, sys
os.environ["HF_CAUSAL_LAUNCHED"] = str(os.getpid())
subprocess.Popen([sys.executable, "-c", sys.argv[1]])
if sys.argv[2] == "early":
    os._exit(0)
sys.stdin.read()
"""


@pytest.mark.parametrize("moment", ["early", "late"])
def test_a_worker_ends_with_a_launcher_that_is_killed_before_training_begins(moment):
    command = [sys.executable, "-c", LAUNCHER, WORKER, moment]
    launcher = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    number = int(launcher.stdout.readline())  # of a worker, which runs on without its watch
    launcher.kill()
    launcher.wait()
    deadline = time.monotonic() + 60
    while psutil.pid_exists(number) and psutil.Process(number).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the worker still runs"
        time.sleep(0.1)


def test_the_command_says_how_to_go_on_after_a_signal(corpus_dir, tmp_path, monkeypatch, capsys):
    report = loop.TrainingRun._report

    def told_to_stop(self, *arguments):
        if self.progress.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return report(self, *arguments)

    monkeypatch.setattr(loop.TrainingRun, "_report", told_to_stop)
    options = [part for name, value in SMALL.items() for part in (f"--{name}", str(value))]
    with pytest.raises(SystemExit) as caught:
        main(["train", "axiom-cpu", "--output-dir", str(tmp_path / "run"), "--data-dir", str(corpus_dir), *options])
    assert caught.value.code == 0
    assert "resume with --resume-from-checkpoint latest" in capsys.readouterr().err


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
def test_a_full_disk_harms_nothing_that_was_saved(owner, method, message, size, begun, whole, corpus_dir, monkeypatch):
    before = {path: path.read_bytes() for path in (begun / "checkpoints").rglob("*") if path.is_file()}
    plain = getattr(owner, method)

    def on_a_full_disk(self, *arguments):
        if self.progress.step < 8:
            return plain(self, *arguments)
        with full_disk(size):
            return plain(self, *arguments)

    with monkeypatch.context() as patched, pytest.raises(OSError, match=message) as caught:
        patched.setattr(owner, method, on_a_full_disk)
        train(RECIPE, begun, corpus_dir, resume_from_checkpoint="latest")
    assert "MB are free there; free some space" in str(caught.value)
    assert "--resume-from-checkpoint latest" in str(caught.value)
    assert not (begun / "model.safetensors").exists()
    assert not [path for path in begun.rglob("*") if "partial" in path.name]
    if method != "_write_model":  # which comes after the last checkpoint
        saved = {path: path.read_bytes() for path in (begun / "checkpoints").rglob("*") if path.is_file()}
        if method == "_save":  # later best weights replace those of before in their own file
            best = begun / "checkpoints" / "best.safetensors"
            before.pop(best), saved.pop(best)
        assert saved == before
    train(RECIPE, begun, corpus_dir, resume_from_checkpoint="latest")
    assert_equal_weights(weights(begun), weights(whole))
    assert [entry["step"] for entry in log_of(begun)] == [entry["step"] for entry in log_of(whole)]


def test_what_a_killed_run_left_of_a_checkpoint_is_cleared_away(begun, corpus_dir):
    for name in (".step-0000007.partial", ".step-0000008.partial"):
        (begun / "checkpoints" / name).mkdir()
        (begun / "checkpoints" / name / "optimizer_7.bin").write_bytes(b"half")
    train(RECIPE, begun, corpus_dir, resume_from_checkpoint="latest")
    assert sorted(os.listdir(begun / "checkpoints")) == ["best.safetensors", "step-0000006", "step-0000008"]
    assert not list(begun.rglob("optimizer_7.bin"))


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


def test_too_little_memory_is_answered_by_the_flags_that_need_less(two, whole, corpus_dir, tmp_path, monkeypatch):
    plain = loop.TrainingRun._step

    def greedy(self, micro_batches):
        if self.progress.step == 6:
            torch.empty(1 << 50)
        return plain(self, micro_batches)

    folder = tmp_path / "run"
    shutil.copytree(two, folder)
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
    questions = [json.loads((path / "training_summary.json").read_text())["questions"] for path in (folder, whole)]
    assert questions[0] == questions[1]


def test_an_accelerators_memory_is_memory_too(two, corpus_dir, tmp_path, monkeypatch, capsys):
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
    begun, corpus_dir, monkeypatch
):
    def slow(*arguments):
        shutil.copytree(list_checkpoints(begun)[-1], begun / "checkpoints" / "step-0000007")
        return set_up(*arguments)

    monkeypatch.setattr(loop, "set_up", slow)
    with pytest.raises(InUse, match="another training has changed"):
        train(RECIPE, begun, corpus_dir, resume_from_checkpoint="latest")


class Trap:
    """A pickle that writes a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("name", ["custom_checkpoint_0.pkl", "optimizer.bin", "a/b.pt", "rng.pth", ".metadata"])
@pytest.mark.parametrize("listed", [False, True])
def test_no_pickle_of_a_checkpoint_is_opened(name, listed, begun, corpus_dir, tmp_path):
    for checkpoint in list_checkpoints(begun):
        path = checkpoint / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(pickle.dumps(Trap(tmp_path / "code_ran")))
        if listed:
            manifest = read_manifest(checkpoint)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            manifest["files"][name] = {"bytes": path.stat().st_size, "sha256": digest}
            (checkpoint / "manifest.json").write_text(json.dumps(manifest))
    for resume in ("latest", str(list_checkpoints(begun)[-1])):
        with pytest.raises(ValueError, match="is a pickle, as an earlier version"):
            train(RECIPE, begun, corpus_dir, resume_from_checkpoint=resume)
    assert not (tmp_path / "code_ran").exists()


def test_resuming_unpickles_nothing(begun, corpus_dir, monkeypatch):
    def forbidden(*arguments, **options):
        pytest.fail("a pickle was opened")

    for module, name in ((torch, "load"), (pickle, "load"), (pickle, "loads"), (pickle, "Unpickler")):
        monkeypatch.setattr(module, name, forbidden)
    assert train(RECIPE, begun, corpus_dir, resume_from_checkpoint="latest").steps == 8


@pytest.mark.parametrize("name", ["optimizers_1.safetensors", "notes.txt", "deep/er.json", "link"])
def test_a_file_that_the_manifest_does_not_list_is_refused(name, begun, corpus_dir):
    last = list_checkpoints(begun)[-1]
    (last / "deep").mkdir()
    if name == "link":
        (last / name).symlink_to("/etc")
    else:
        (last / name).write_bytes(b"{}")
    with pytest.raises(ValueError, match=f"{name} is not listed in its manifest.json"):
        train(RECIPE, begun, corpus_dir, resume_from_checkpoint=str(last))


@pytest.mark.parametrize("name", ["optimizers", "position", "random_state_0", "model"])
def test_a_checkpoint_that_holds_another_state_is_a_clear_error(name, begun, corpus_dir):
    last = list_checkpoints(begun)[-1]
    path = last / f"{name}.safetensors"
    write_state(path, {"parts": [{"epoch": 3}], "accumulated": 1, "scaler": None, "lr": torch.ones(2)})
    manifest = read_manifest(last)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest["files"][path.name] = {"bytes": path.stat().st_size, "sha256": digest}
    (last / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="does not hold the state of this run"):
        train(RECIPE, begun, corpus_dir, resume_from_checkpoint=str(last))


@pytest.mark.parametrize("manifest", [[], {}, {"files": []}, {"files": {"a": 1}}, {"step": "x", "files": {}}])
def test_a_manifest_of_another_form_is_damage(manifest, begun, corpus_dir):
    last = list_checkpoints(begun)[-1]
    (last / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="no readable manifest.json"):
        train(RECIPE, begun, corpus_dir, resume_from_checkpoint=str(last))
