"""The command: exit statuses, what it prints, what it writes, and that what the package builds is clean."""

import json

import pytest

from hf_causal.cli import main
from hf_causal.corpora import config_names

RIGHT = '{"prompt": "A causes B. Does A cause B?", "completion": "Yes"}\n'
WRONG = '{"prompt": "A causes B. Does B cause A?", "completion": "Yes"}\n'
DOUBLE = '{"prompt": "A causes B. Does A cause B?", "completion": "Yes", "id": 2}\n'


@pytest.fixture
def file(tmp_path):
    def write(*lines, name="mine.jsonl"):
        (tmp_path / name).write_text("".join(lines))
        return str(tmp_path / name)

    return write


def test_a_clean_file_has_status_0(file, capsys):
    assert main(["verify", file(RIGHT, DOUBLE)]) == 0
    shown = capsys.readouterr().out
    assert "no defects" in shown and "note" in shown and "duplicate_prompt" in shown


def test_a_defect_has_status_1_and_shows_its_rows_and_proof(file, capsys):
    assert main(["verify", file(RIGHT, WRONG)]) == 1
    shown = capsys.readouterr().out
    assert "wrong_label" in shown and "1 rows have defects" not in shown and "1 row has defects" in shown
    assert "row 1: {\"reachable\": []} proves 'No'" in shown


def test_strictness_counts_notes(file):
    assert main(["verify", file(RIGHT, DOUBLE), "--strict"]) == 1
    assert main(["verify", file(RIGHT), "--strict"]) == 0


def test_everything_is_written_on_request(file, tmp_path, capsys):
    out, copy = tmp_path / "out.json", tmp_path / "copy.jsonl"
    assert main(["verify", file(RIGHT, WRONG), "--json", str(out), "--fix", str(copy)]) == 1
    assert json.loads(out.read_text())["tables"][0]["findings"]["wrong_label"]["rows"] == [1]
    assert "2 rows, 1 corrected" in capsys.readouterr().out
    assert main(["verify", str(copy)]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["TMP/absent.jsonl"], "no file or folder"),
        (["FILE", "--split", "train"], "are for folders"),
        (["TMP/other.csv"], "has no column for the label: it has `prompt`, `gold`"),
        (["FILE", "TMP/other.csv"], "no column for the label"),
        (["FILE", "--drop"], "`--drop` needs `--fix`"),
        (["FILE", "--fix", "TMP/x.csv"], "must have the suffix '.jsonl'"),
        (["FILE", "--fix", "FILE"], "must not be an original"),
        ([], "SOURCE"),
    ],
)
def test_mistakes_get_one_line_and_status_2(arguments, message, file, tmp_path, capsys):
    path = file(RIGHT)
    file("prompt,gold\nx,1\n", name="other.csv")
    replaced = [part.replace("FILE", path).replace("TMP", str(tmp_path)) for part in arguments]
    assert main(["verify", *replaced]) == 2
    shown = capsys.readouterr()
    assert message in shown.err and shown.err.startswith("error: ") and shown.err.count("\n") == 1
    assert shown.out == ""


def test_what_the_package_builds_is_clean(tmp_path, capsys):
    data = str(tmp_path / "data")
    build = ["build", "axiomatic", "--out", data, "--num-proc", "1"]
    for config in config_names("axiomatic"):
        rows = ["--rows", "600", "--validation-rows", "300"]
        size = ["--rows-per-cell", "20"] if "generalization" in config else rows
        assert main([*build, "--config", config, *size]) == 0
    capsys.readouterr()
    assert main(["verify", data]) == 0
    shown = capsys.readouterr().out
    assert all(config in shown for config in config_names("axiomatic"))
    assert "no defects" in shown and "duplicate" not in shown
    assert main(["verify", data, "--config", "transitivity_ts2", "--split", "validation"]) == 0
    assert "300 rows in 1 table" in capsys.readouterr().out
