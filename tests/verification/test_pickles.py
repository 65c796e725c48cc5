"""Pickles of other people: rows of plain containers are read, and nothing else."""

import datetime
import gzip
import pickle
import subprocess
from collections import Counter

import numpy as np
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


class WithState:
    def __setstate__(self, state):
        raise AssertionError("this must not run")


class Numbered:
    def __getnewargs_ex__(self):
        return (), {"a": 1}

    def __new__(cls, a=0):
        return super().__new__(cls)


def containing_itself(outer):
    (outer.append if isinstance(outer, list) else lambda value: outer.update(premise=value))(outer)
    return pickle.dumps(outer if isinstance(outer, list) else [outer])


HOSTILE = {
    "a call": pickle.dumps([Hostile()]),
    "an old call": b"cos\nsystem\n(S'true'\ntR.",
    "a class": pickle.dumps([Own()]),
    "a function": pickle.dumps([len]),
    "a far index": b"\x80\x02]r\xff\xff\xff\x7f.",
    "a persistent object": b"Pabc\n.",
    "a persistent object of binary pickles": b"\x80\x02X\x03\x00\x00\x00abcQ.",
    "a call by names from the stack": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
    "an old instance": b"(S'true'\nios\nsystem\n.",
    "an old object": b"(cos\nsystem\nS'true'\no.",
    "an evaluation": b"c__builtin__\neval\n(V__import__('os').getpid()\ntR.",
    "a state": pickle.dumps([WithState()]),
    "a class with named arguments": pickle.dumps([Numbered()], protocol=4),
    "a reconstruction": pickle.dumps([Own()], protocol=0),
    "a date": pickle.dumps([{"premise": "A causes B.", "label": datetime.date(2026, 1, 1)}]),
    "an array": pickle.dumps([{"premise": "A causes B.", "label": np.int64(1)}]),
    "a subclass of dict": pickle.dumps([Counter(premise=1)]),
    "a buffer": pickle.dumps([bytearray(b"abc")], protocol=5),
    "a second pickle after the first": pickle.dumps(ROWS) + pickle.dumps([Hostile()]),
    "a list that contains itself": containing_itself([]),
    "a row that contains itself": containing_itself({"label": 1}),
    "deep nesting": b"]" * 100_000 + b"a" * 99_999 + b".",
    "a number of a million digits": b"(lp0\n(dp1\nS'label'\nI" + b"9" * 1_000_000 + b"\nsa.",
    "a number that cannot be written": pickle.dumps([{"premise": "A causes B.", "label": 10**5000}]),
    "a frame beyond the end": b"\x80\x04\x95\xff\xff\xff\x7f\x00\x00\x00\x00]\x94.",
    "a memory of unknown objects": b"\x80\x02h\x07.",
    "bytes": pickle.dumps([{"premise": b"A causes B.", "label": 1}]),
    "names that are numbers": pickle.dumps([{1: "A causes B.", 2: 1}]),
    "compressed": gzip.compress(pickle.dumps(ROWS)),
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
