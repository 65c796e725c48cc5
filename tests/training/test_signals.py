"""A run that is stopped by a signal, or whose launcher ends, saves its state and resumes to the same weights."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from interrupted_runs import RECIPE, SMALL
from test_training import assert_equal_weights, last_checkpoint_weights, weights

from hf_causal.cli import main
from hf_causal.training import loop, worker
from hf_causal.training.checkpoints import list_checkpoints
from hf_causal.training.loop import train
from hf_causal.training.signals import StopRequests
from hf_causal.training.worker import LauncherWatch


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGTERM, SystemExit), (signal.SIGINT, KeyboardInterrupt)])
def test_a_signal_saves_and_the_run_resumes_to_the_same_weights(
    number, raised, uninterrupted_run, corpus_dir, tmp_path, monkeypatch, capsys
):
    step = loop.TrainingRun._step

    def signalled(self, micro_batches):
        if self.progress.step == 4:
            os.kill(os.getpid(), number)
        return step(self, micro_batches)

    handler = signal.getsignal(number)
    with monkeypatch.context() as patched, pytest.raises(raised) as caught:
        patched.setattr(loop.TrainingRun, "_step", signalled)
        train(RECIPE, tmp_path / "run", corpus_dir)
    assert getattr(caught.value, "code", None) in (0, None)
    assert signal.getsignal(number) == handler
    saved = list_checkpoints(tmp_path / "run")[-1]
    assert saved.name == "step-0000005"
    assert f"{number.name}: stopped after step 5 of 8 and saved it in {saved}; resume with" in capsys.readouterr().err
    train(RECIPE, tmp_path / "run", corpus_dir, resume_from_checkpoint="latest")
    assert_equal_weights(weights(tmp_path / "run"), weights(uninterrupted_run))
    assert_equal_weights(last_checkpoint_weights(tmp_path / "run"), last_checkpoint_weights(uninterrupted_run))


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


def test_the_command_says_how_to_resume_after_a_signal(corpus_dir, tmp_path, monkeypatch, capsys):
    report = loop.TrainingRun._report

    def signalled(self, *arguments):
        if self.progress.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return report(self, *arguments)

    monkeypatch.setattr(loop.TrainingRun, "_report", signalled)
    options = [part for name, value in SMALL.items() for part in (f"--{name}", str(value))]
    with pytest.raises(SystemExit) as caught:
        main(["train", "axiom-cpu", "--output-dir", str(tmp_path / "run"), "--data-dir", str(corpus_dir), *options])
    assert caught.value.code == 0
    assert "resume with --resume-from-checkpoint latest" in capsys.readouterr().err
