"""Pickles of other people: rows of plain containers are read, and nothing else."""

import pickle
import subprocess

import pytest

from hf_causal.verification import fix, verify

ROWS = [
    {"premise": "A causes B. B causes C.", "hypothesis": "Does A cause C?", "label": "Yes"},
    {"premise": "A causes B. B causes C.", "hypothesis": "Does C cause A?", "label": "Yes"},
]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value",
    [
        ROWS,
        {name: [row[name] for row in ROWS] for name in ROWS[0]},
        [list(row.values()) for row in ROWS],
        [tuple(row.values()) for row in ROWS],
        [(f"{row['premise']} {row['hypothesis']}", row["label"]) for row in ROWS],
    ],
)
def test_rows_are_read(value, protocol, tmp_path):
    path = tmp_path / "rows.pkl"
    path.write_bytes(pickle.dumps(value, protocol=protocol))
    (table,) = verify(path).tables
    assert table.rows("wrong_label") == [1] and table.verdicts == {"proved": 1, "refuted": 1}


def test_corrected_copies_are_pickles(tmp_path):
    path = tmp_path / "rows.pkl"
    path.write_bytes(pickle.dumps(ROWS))
    fix(path, tmp_path / "fixed.pkl")
    assert [row["label"] for row in pickle.loads((tmp_path / "fixed.pkl").read_bytes())] == ["Yes", "No"]


class Hostile:
    def __reduce__(self):
        return subprocess.call, (["true"],)


class Own:
    def __init__(self):
        self.premise = "A causes B."


HOSTILE = {
    "a call": pickle.dumps([Hostile()]),
    "an old call": b"cos\nsystem\n(S'true'\ntR.",
    "a class": pickle.dumps([Own()]),
    "a function": pickle.dumps([len]),
    "a far index": b"\x80\x02]r\xff\xff\xff\x7f.",
    "a persistent object": b"Pabc\n.",
    "an extension": b"\x80\x02\x82\x01.",
    "a truncated one": pickle.dumps(ROWS)[:-10],
    "no pickle": b"hello there",
    "nothing": b"",
    "a long length": b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc.",
    "an empty stack": b"\x80\x02u.",
    "nested rows": pickle.dumps([{"premise": [["x"]], "label": 1}]),
    "a number": pickle.dumps(7),
    "columns of different lengths": pickle.dumps({"premise": ["A causes B."], "label": []}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles_are_refused(name, tmp_path):
    path = tmp_path / "rows.pkl"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(ValueError, match="rows.pkl"):
        verify(path)
