"""A run that nothing interrupts, and one that was stopped on its way."""

import shutil

import pytest
from interrupted_runs import RECIPE

from hf_causal.training.checkpoints import list_checkpoints
from hf_causal.training.loop import train


@pytest.fixture(scope="session")
def uninterrupted_run(tmp_path_factory, corpus_dir):
    """A run to which nothing happened."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    train(RECIPE, folder, corpus_dir)
    return folder


@pytest.fixture(scope="session")
def stopped_run(tmp_path_factory, corpus_dir):
    """A run that was stopped after step 6, with checkpoints of steps 4 and 6."""
    folder = tmp_path_factory.mktemp("stopped") / "run"
    train(RECIPE, folder, corpus_dir, stop_at_step=6)
    assert [path.name for path in list_checkpoints(folder)] == ["step-0000004", "step-0000006"]
    return folder


@pytest.fixture
def stopped_copy(stopped_run, tmp_path):
    """A copy of it that a test may damage."""
    return shutil.copytree(stopped_run, tmp_path / "run")
