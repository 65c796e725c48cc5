"""What is done with uploads: by their type, within limits, in a process of their own."""

import asyncio
import json
import pickle
import tempfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hf_causal.demo import limits, upload_process, uploads
from hf_causal.demo.kept import Kept, remove_left_behind
from hf_causal.demo.upload_process import check_content
from hf_causal.demo.uploads import FileQueue, check_upload
from hf_causal.demo.verify_tab import VerifyTab, report_card

RIGHT = {"prompt": "A causes B. B causes C. Does A cause C?", "completion": "Yes"}
WRONG = {"prompt": "A causes B. B causes C. Does C cause A?", "completion": "Yes"}


def verify_upload(*arguments):
    return asyncio.run(uploads.verify_upload(*arguments))


def verify_text(*arguments):
    return asyncio.run(uploads.verify_text(*arguments))


def write(folder, suffix, rows):
    path = folder / f"rows.{suffix}"
    if suffix == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif suffix == "csv":
        path.write_text("prompt,completion\n" + "".join(f'"{row["prompt"]}",{row["completion"]}\n' for row in rows))
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_a_file_is_verified_and_corrected(tmp_path, suffix):
    path, twin = write(tmp_path, suffix, [RIGHT, WRONG, RIGHT]), tmp_path / f"twin.{suffix}"
    shares = []
    done = verify_upload(path, twin, lambda share, doing: shares.append(share))
    assert done["report"]["findings"]["wrong_label"]["rows"] == [1]
    assert done["twin"] == {"num_rows": 3, "num_changed": 1, "num_marked": 0}
    assert shares == sorted(shares) and shares[-1] == 1
    again = verify_upload(twin, tmp_path / f"again.{suffix}")
    assert again["report"]["num_defective_rows"] == 0
    card = report_card(done, "<i>rows</i>")
    assert "1 of 3 rows have defects" in card and "<i>" not in card


def test_text_is_verified(tmp_path):
    rows = "\n".join(map(json.dumps, [RIGHT, WRONG]))
    assert verify_text(rows, "jsonl")["findings"]["wrong_label"]["rows"] == [1]
    with pytest.raises(ValueError, match="`format` must be"):
        verify_text(rows, "../../etc/passwd")


@pytest.mark.parametrize("name", ["rows.pkl", "rows.zip", "rows.json.gz", "rows", "rows.py", "rows.parquet.exe"])
def test_other_types_are_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"anything")
    with pytest.raises(ValueError, match="must end in"):
        check_upload(path)


def test_a_pickle_is_no_parquet_and_is_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return open, (str(tmp_path / "sprung"), "w")

    for suffix in ("parquet", "jsonl", "csv"):
        path = tmp_path / f"rows.{suffix}"
        path.write_bytes(pickle.dumps(Trap()))
        with pytest.raises(ValueError):
            verify_upload(path, tmp_path / f"twin.{suffix}")
    assert not (tmp_path / "sprung").exists()


def test_an_archive_is_not_opened(tmp_path):
    path = tmp_path / "rows.parquet"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rows.jsonl", json.dumps(RIGHT))
    with pytest.raises(ValueError, match="as Parquet"):
        check_content(path)


def test_too_many_bytes(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"x" * (limits.MAX_UPLOAD_BYTES + 1))
    with pytest.raises(limits.TooMuch, match="MiB"):
        check_upload(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="empty"):
        check_upload(path)


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_too_many_rows(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(upload_process, "MAX_ROWS", 3)
    assert check_content(write(tmp_path, suffix, [RIGHT] * 3)) == 3
    with pytest.raises(limits.TooMuch, match="rows"):
        check_content(write(tmp_path, suffix, [RIGHT] * 4))


def test_too_many_columns(tmp_path):
    names = [f"c{number}" for number in range(limits.MAX_COLUMNS + 1)]
    (tmp_path / "wide.csv").write_text(",".join(names) + "\n")
    pq.write_table(pa.table({name: [1] for name in names}), tmp_path / "wide.parquet")
    (tmp_path / "wide.jsonl").write_text(json.dumps({str(number): number for number in range(1000)}))
    for suffix in ("csv", "parquet", "jsonl"):
        with pytest.raises(limits.TooMuch, match="columns"):
            check_content(tmp_path / f"wide.{suffix}")


def test_too_deep(tmp_path):
    deep = tmp_path / "deep.jsonl"
    deep.write_text("[" * 100_000)
    with pytest.raises(limits.TooMuch, match="nested"):
        check_content(deep)
    deep.write_text(json.dumps({"prompt": "[" * 1000 + '\\"' + "{" * 1000}))  # in a string they nest nothing
    assert check_content(deep) == 1
    kind = pa.string()
    for _ in range(limits.MAX_NESTING + 1):
        kind = pa.list_(kind)
    pq.write_table(pa.table({"c": pa.array([None], kind)}), tmp_path / "deep.parquet")
    with pytest.raises(limits.TooMuch, match="nested"):
        check_content(tmp_path / "deep.parquet")


def test_a_column_that_unfolds_to_much_more_is_stopped(tmp_path):
    path = tmp_path / "bomb.parquet"
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 10_000, pa.int32()), ["x" * 500_000])
    pq.write_table(pa.table({"prompt": column, "completion": ["Yes"] * 10_000}), path, store_schema=False)
    check_upload(path)  # a few kilobytes, five gigabytes when they are read
    with pytest.raises(ValueError, match="decompresses to more"):
        verify_upload(path, tmp_path / "twin.parquet")


def test_a_process_that_takes_too_long_or_dies_is_an_error(tmp_path, monkeypatch):
    path = write(tmp_path, "jsonl", [RIGHT])
    monkeypatch.setattr(uploads.sys, "executable", "/bin/false")
    with pytest.raises(limits.TooMuch, match="could not be read"):
        verify_upload(path, tmp_path / "twin.jsonl")


BYTES = st.one_of(
    st.binary(max_size=400),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
    st.lists(
        st.sampled_from(['{"', '":', "[", "]", "}", ",", '"', "\\", "\n", "prompt", "1", "\x00", "\r", "null"])
    ).map(lambda pieces: "".join(pieces).encode()),
)


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=BYTES, suffix=st.sampled_from(["jsonl", "csv", "parquet"]))
def test_no_bytes_break_the_checks(tmp_path, content, suffix):
    path = tmp_path / f"rows.{suffix}"
    path.write_bytes(content)
    try:
        assert 0 <= check_content(path) <= limits.MAX_ROWS
    except ValueError as error:
        assert str(error)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.integers(0, 400))
@example(place=7169, value=1, cut=0)  # the footer states -1 rows
def test_no_damaged_parquet_breaks_the_checks(tmp_path, place, value, cut):
    path = write(tmp_path, "parquet", [RIGHT, WRONG])
    content = bytearray(path.read_bytes())
    content[place % len(content)] = value
    path.write_bytes(bytes(content[: len(content) - (cut if cut < 40 else 0)]))
    try:
        assert 0 <= check_content(path) <= limits.MAX_ROWS
    except ValueError as error:
        assert str(error)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=BYTES)
def test_every_upload_ends_in_a_report_or_an_error(tmp_path, content):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content or b"\n")
    try:
        assert verify_upload(path, tmp_path / "twin.jsonl")["report"]["num_rows"] >= 0
    except ValueError as error:
        assert str(error)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = Kept(every=3600)
    yield kept
    kept.end()


def verify_in_tab(kept, path):
    import gradio as gr

    async def verify():
        with gr.Blocks():
            tab = VerifyTab(FileQueue(), kept)
        return await tab.verify_file(str(path), None, lambda share, desc: None)

    return asyncio.run(verify())


def test_an_upload_is_deleted_and_its_corrected_file_after_a_time(tmp_path, kept):
    path = write(tmp_path, "jsonl", [RIGHT, WRONG])
    _, shown, chosen = verify_in_tab(kept, path)
    twin = Path(shown["value"])
    assert not path.exists() and chosen is None and twin.is_relative_to(kept.folder)
    assert [json.loads(line)["completion"] for line in twin.read_text().splitlines()] == ["Yes", "No"]
    assert kept.size() == twin.stat().st_size
    kept.remove_old()
    assert twin.exists()
    kept.seconds = -1
    kept.remove_old()
    assert not twin.exists() and not twin.parent.exists() and kept.size() == 0


def test_nothing_remains_when_the_page_ends(kept):
    (kept.new_folder() / "twin.csv").write_text("x")
    remove_left_behind()
    assert kept.folder.is_dir(), "another page must not remove the files of one that runs"
    kept.end()
    assert not kept.folder.exists()


def test_folders_of_pages_that_were_killed_are_removed(tmp_path, kept):
    killed = tmp_path / "hf-causal-page-x"
    (killed / "twins").mkdir(parents=True)
    (killed / "in-use.lock").touch()
    remove_left_behind()
    assert not killed.exists() and kept.folder.exists()


def test_a_report_without_a_twin(tmp_path):
    done = verify_upload(write(tmp_path, "csv", [RIGHT, WRONG]))
    assert set(done) == {"report"} and done["report"]["num_rows"] == 2


def test_few_files_are_read_at_once_and_few_wait():
    async def use():
        files, running, most, go = FileQueue(at_once=2, waiting=3), 0, 0, asyncio.Event()

        async def work():
            nonlocal running, most
            running += 1
            most = max(most, running)
            await go.wait()
            running -= 1
            return "read"

        tasks = [asyncio.ensure_future(files.run(work(), [str(number)])) for number in range(5)]
        await asyncio.sleep(0.05)
        with pytest.raises(limits.Busy):
            await files.run(work(), ["late"])
        go.set()
        return await asyncio.gather(*tasks), most

    done, most = asyncio.run(use())
    assert done == ["read"] * 5 and most == 2


def test_work_for_a_visitor_who_leaves_is_ended():
    async def use():
        files, ended = FileQueue(at_once=1), []

        async def work(name):
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(name)

        reading = asyncio.ensure_future(files.run(work("reads"), ["ann", None]))
        waiting = asyncio.ensure_future(files.run(work("waits"), ["bob"]))
        await asyncio.sleep(0.05)
        await files.leave("bob")
        with pytest.raises(uploads.Left):
            await waiting
        assert ended == [] and not reading.done()
        await files.leave("ann")
        with pytest.raises(uploads.Left):
            await reading
        return ended

    assert asyncio.run(use()) == ["reads"]


def test_the_process_of_a_visitor_who_leaves_is_killed(tmp_path, monkeypatch):
    started = []
    spawn = asyncio.create_subprocess_exec

    async def sleep(*command, **options):
        options.pop("env")
        started.append(await spawn("sleep", "1000", **options))
        return started[-1]

    monkeypatch.setattr(uploads.asyncio, "create_subprocess_exec", sleep)

    async def use():
        files = FileQueue()
        task = asyncio.ensure_future(files.run(uploads.verify_upload(write(tmp_path, "csv", [RIGHT])), ["ann"]))
        while not started:
            await asyncio.sleep(0.01)
        await files.leave("ann")
        with pytest.raises(uploads.Left):
            await task

    asyncio.run(use())
    assert started[0].returncode is not None
