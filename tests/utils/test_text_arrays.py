import json

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from hf_causal.utils.text_arrays import concatenate, joined_list

WORDS = st.text("abcXYZ019", max_size=4)


def encode(words: list[str], width: int = 4) -> np.ndarray:
    return np.array([list(word.encode().ljust(width, b"\0")) for word in words], dtype=np.uint8).reshape(-1, width)


@st.composite
def columns_of_pieces(draw):
    rows = draw(st.integers(0, 6))
    column = st.one_of(st.text(" .,?abc", max_size=5), st.lists(WORDS, min_size=rows, max_size=rows))
    return rows, draw(st.lists(column, max_size=6))


@given(columns_of_pieces())
def test_pieces_are_joined_row_by_row(given_columns):
    rows, columns = given_columns
    pieces = [column.encode() if isinstance(column, str) else encode(column) for column in columns]
    joined = concatenate(pieces, rows)
    joined.validate(full=True)
    assert joined.type == pa.string()
    expected = ["".join(c if isinstance(c, str) else c[row] for c in columns) for row in range(rows)]
    assert joined.to_pylist() == expected


def test_zero_bytes_inside_a_piece_are_left_out():
    assert concatenate([np.array([[97, 0, 98]], dtype=np.uint8)], 1).to_pylist() == ["ab"]


@given(
    st.integers(0, 5).flatmap(
        lambda width: st.lists(st.lists(st.tuples(WORDS, st.booleans()), min_size=width, max_size=width), max_size=5)
    )
)
def test_a_joined_list_is_json_of_the_present_items(table):
    width = len(table[0]) if table else 0
    items = encode([word for row in table for word, _ in row]).reshape(len(table), width, 4)
    present = np.array([[here for _, here in row] for row in table], dtype=bool).reshape(len(table), width)
    joined = concatenate([b"[", *joined_list(items, present), b"]"], len(table)).to_pylist()
    assert joined == [json.dumps([word for word, here in row if here]) for row in table]
