"""What somebody tries who has not read the manual: folders, patterns, archives, and files from other programs."""

import gzip
import io
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from clear_rows import row

from hf_causal.cli import main
from hf_causal.verification.io import find_files
from hf_causal.verification.io.formats import read_rows
from hf_causal.verification.io.json_lists import CHARACTERS, read_items

PLAIN = [{"prompt": "A causes B. Does A cause B?", "completion": "Yes"}]
GRAPH = "Given a DAG (directed acyclic graph) with nodes A, B and directed edges A->B."
CLEAR = [row(GRAPH, "Is node B one of descendants of node A?", "Yes.")]


def lines(rows) -> str:
    return "".join(json.dumps(values) + "\n" for values in rows)


@pytest.fixture
def folder(tmp_path):
    """A folder as it is downloaded: data of two sorts, a README, a licence, an archive and a description."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "plain.jsonl").write_text(lines(PLAIN))
    (tmp_path / "data" / "clear.json").write_text(lines(CLEAR))
    (tmp_path / "data" / "README.md").write_text("# Data\n")
    (tmp_path / "data" / "LICENSE").write_text("MIT\n")
    (tmp_path / "data" / "dataset_infos.json").write_text("{}")
    with zipfile.ZipFile(tmp_path / "data" / "all.zip", "w") as archive:
        archive.writestr("plain.jsonl", lines(PLAIN))
    (tmp_path / "data" / "plain.jsonl.gz").write_bytes(gzip.compress(lines(PLAIN).encode()))
    return tmp_path / "data"


@pytest.mark.parametrize("source", ["", "*", "*.json*", "**/*.*"])
def test_folders_and_patterns_mean_their_data_files(folder, source, tmp_path, capsys):
    sources = str(folder / source) if source else str(folder)
    assert {path.name for path in find_files([sources, sources])} == {"clear.json", "plain.jsonl"}
    assert main(["verify", sources, "--fix", str(tmp_path / "fixed")]) == 0
    assert "2 rows in 2 tables" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "fixed").iterdir()} == {"clear.json", "plain.jsonl"}
    assert main(["convert", sources, "--out", str(tmp_path / "rows")]) == 0


@pytest.mark.parametrize("command", [["verify"], ["convert"]])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("all.zip", "is an archive: unpack it"),
        ("plain.jsonl.gz", "is an archive: unpack it"),
        ("README.md", "must be one of"),
        ("*.tsv", "no file with the suffix"),
        ("absent.jsonl", "absent.jsonl"),
        ("named.jsonl", "is compressed, whatever its suffix says"),
        ("utf16.csv", "is UTF-16 text: save it as UTF-8"),
        ("empty.json", "the file is empty"),
        ("empty.parquet", "the file is empty"),
        ("empty.jsonl", "holds no rows"),
        ("other.parquet", "has no column for the text: it has `id`, `score`"),
        ("nested", "holds no files with the suffix"),
    ],
)
def test_each_gets_one_clear_line(folder, command, name, message, tmp_path, capsys):
    (folder / "named.jsonl").write_bytes(gzip.compress(b"{}"))
    (folder / "utf16.csv").write_text("prompt,completion\nx,Yes\n", encoding="utf-16")
    for suffix in ("json", "jsonl", "parquet"):
        (folder / f"empty.{suffix}").write_bytes(b"")
    pq.write_table(pa.table({"id": [1], "score": [0.5]}), folder / "other.parquet")
    (folder / "nested").mkdir()
    out = ["--out", str(tmp_path / "rows")] if command == ["convert"] else []
    assert main([*command, str(folder / name), *out]) == 2
    shown = capsys.readouterr().err
    assert message in shown and shown.count("\n") == 1
    assert not (tmp_path / "rows").exists() or not list((tmp_path / "rows").iterdir())


@pytest.mark.parametrize(("name", "message"), [("all.zip", "is an archive"), ("*.tsv", "no file with the suffix")])
def test_evaluate_says_the_same(folder, name, message, capsys):
    assert main(["evaluate", "none/none", "--data", str(folder / name)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv"])
def test_marks_and_line_ends_of_other_systems_are_read(tmp_path, suffix, capsys):
    text = "prompt,completion\nA causes B. Does A cause B?,Yes\n" if suffix == ".csv" else lines(PLAIN * 2)
    if suffix == ".json":
        text = json.dumps(PLAIN, indent=1)
    path = tmp_path / f"rows{suffix}"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert main(["verify", str(path)]) == 0
    assert "no defects" in capsys.readouterr().out


class Endless(io.TextIOBase):
    """A file of a list that never ends, which counts what is read of it."""

    def __init__(self, item: str):
        self.item, self.rest, self.taken = item, "[", 0

    def read(self, number: int) -> str:
        while len(self.rest) < number:
            self.rest += f"{self.item},\n"
        text, self.rest = self.rest[:number], self.rest[number:]
        self.taken += number
        return text


def test_a_list_is_read_item_by_item():
    file = Endless(json.dumps({"text": "x" * 1000}))
    items = read_items(file, json.JSONDecoder())
    taken = []
    for _ in range(2000):
        assert next(items)["text"] == "x" * 1000
        taken.append(file.taken)
    assert taken[0] <= CHARACTERS and taken[-1] <= 2000 * 1020 + 2 * CHARACTERS


def test_an_item_larger_than_what_is_read_at_once(tmp_path):
    rows = [{"text": "é" * CHARACTERS, "number": number} for number in range(3)]
    path = tmp_path / "rows.json"
    path.write_text(f" \n{json.dumps(rows, ensure_ascii=False)}\n", encoding="utf-8-sig")
    assert [values for batch in read_rows(path) for values in batch] == rows


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"a": 1}\n {"b": 2}]', "expected a comma or the end of the list: line 2 column 2"),
        ('[{"a": 1},\n {"b" 2}]', "Expecting ':' delimiter: line 2 column 7"),
        ('[{"a": 1},', "Expecting value: line 1 column 11"),
        ('[{"a": 1}] x', "expected nothing after the list: line 1 column 12"),
        ("[1, 2" + " " * CHARACTERS, f"expected a comma or the end of the list: line 1 column {CHARACTERS + 6}"),
    ],
)
def test_the_line_of_a_mistake_is_named(text, message, tmp_path):
    (tmp_path / "rows.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        list(read_rows(tmp_path / "rows.json"))


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_other_separators_than_commas_are_named(tmp_path, capsys, mark):
    path = tmp_path / "rows.csv"
    path.write_text(f"prompt{mark}completion\nA causes B. Does A cause B?{mark}Yes\n")
    assert main(["verify", str(path)]) == 2
    assert f"seem to be separated by {mark!r}: separate them by commas" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("suffix", ["json", "jsonl", "csv"])
def test_a_parquet_file_with_another_suffix_is_named(tmp_path, capsys, suffix):
    path = tmp_path / f"rows.{suffix}"
    pq.write_table(pa.Table.from_pylist(PLAIN), path)
    assert main(["verify", str(path)]) == 2
    assert "is a Parquet file: give it the suffix .parquet" in " ".join(capsys.readouterr().err.split())
