"""Digests of rows whose columns are lists."""

import pyarrow as pa
import pyarrow.parquet as pq

from hf_causal.tasks.shared.schema import rows_digest


def digest(values, kind):
    return rows_digest(pa.table({"values": pa.array(values, kind)}))


def test_lists_are_told_apart_by_their_ends_and_items():
    kind = pa.list_(pa.int32())
    values = ([[1, 2], [3]], [[1], [2, 3]], [[1, 2, 3], []], [[12], [3]], [[1, 2], [4]])
    assert len({digest(value, kind) for value in values}) == len(values)
    assert len({digest(value, pa.list_(kind)) for value in ([[[1], [2]]], [[[1, 2]]], [[[1, 2], []]])}) == 3


def test_a_digest_of_lists_does_not_depend_on_how_they_are_stored(tmp_path):
    values = [[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 1], [2, 3]]]
    fixed = pa.list_(pa.list_(pa.int32(), 2), 2)
    whole = pa.table({"values": pa.array(values, fixed)})
    pq.write_table(whole, tmp_path / "rows.parquet")
    assert rows_digest(whole) == digest(values, pa.list_(pa.list_(pa.int32())))
    assert rows_digest(whole) == rows_digest(pq.read_table(tmp_path / "rows.parquet"))
    assert rows_digest(whole.slice(1)) == digest(values[1:], fixed) != rows_digest(whole)
