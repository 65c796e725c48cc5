"""Odd values of every option end with status 0, 1 or 2 and one line, whatever the encoding of the terminal."""

import os
import subprocess
import sys

import cli_fuzz
import pytest

from hf_causal.cli import main


@pytest.mark.parametrize("seed", range(3))
def test_odd_values_of_every_option_end_with_one_line(seed, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert cli_fuzz.fuzz(100, seed) == []


def test_the_fuzzer_knows_every_command_and_option():
    lines = cli_fuzz.cases()
    for names, parameters in cli_fuzz.commands():
        for parameter in parameters:
            if parameter.param_type_name == "option" and parameter.opts[0] != "--help":
                assert any(line[: len(names)] == list(names) and parameter.opts[0] in line for line in lines)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("rows=many", "`rows` must be a whole number, got 'many'"),
        ("rows=2.5", "`rows` must be a whole number"),
        ("nodes=[4,b]", "`nodes` must be a list of whole numbers"),
        ("nodes=5", "`nodes` must be a list of whole numbers"),
        ("name_lengths=[1]", "`name_lengths` must be a list of 2 values"),
        ("rows=true", "`rows` must be a whole number, got True"),
        ("rows={a", "`--option` rows: the value '{a' cannot be read"),
    ],
)
def test_values_of_another_type_are_refused(option, message, tmp_path, capsys):
    command = ["build", "axiomatic", "--config", "transitivity_ts2", "--out", str(tmp_path / "out"), "--option"]
    assert main([*command, option]) == 2
    shown = capsys.readouterr().err
    assert message in shown and shown.count("\n") == 1 and not (tmp_path / "out").exists()


def test_a_terminal_of_ascii_shows_everything(tmp_path):
    build = ["build", "axiomatic", "--config", "transitivity_occ", "--rows", "400", "--validation-rows", "400"]
    command = [sys.executable, "-m", "hf_causal.cli", *build, "--num-proc", "1", "--out", str(tmp_path / "因果")]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(command, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert b"transitivity_occ" in done.stdout and b"Traceback" not in done.stderr
