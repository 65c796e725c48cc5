"""Figures without pyplot."""

import subprocess
import sys

from hf_causal.corpora import get_config
from hf_causal.evaluation.titles import TITLES
from hf_causal.tasks.registry import scored_configs

PROGRAM = """
import os, sys
os.environ["MPLBACKEND"] = "svg"
import matplotlib
before = matplotlib.get_backend()
import hf_causal.evaluation.plots, hf_causal.evaluation.report_files, hf_causal.evaluation.console
import hf_causal.posttraining.report
from pathlib import Path
figure, axes = hf_causal.evaluation.plots.subplots(1, 2, figsize=(2, 2))
axes[0].plot([0, 1])
hf_causal.evaluation.plots.save_figure(figure, Path(sys.argv[1]))
assert matplotlib.get_backend() == before == "svg"
assert "matplotlib.pyplot" not in sys.modules
"""


def test_importing_and_drawing_change_no_backend(tmp_path):
    path = tmp_path / "folder" / "figure.png"
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert path.read_bytes().startswith(b"\x89PNG")


def test_every_axis_has_a_title():
    axes = {split for corpus, config in scored_configs() for split in get_config(corpus, config).splits}
    assert axes - {"train", "validation", "test"} <= set(TITLES)
