import os
from pathlib import Path

import pytest

from hf_causal.utils.files import Folder, append_lines, partial_path, write_text


@pytest.fixture(params=["local", "file", "memory"])
def place(request, tmp_path):
    prefix = {"local": "", "file": "file://", "memory": "memory://"}[request.param]
    folder = Folder.at(f"{prefix}{tmp_path}/folder")
    yield folder
    folder.remove()


def test_a_folder_is_written_listed_moved_and_removed(place):
    assert not place.exists() and place.sizes() == {}
    place.write("b.txt", b"two")
    place.write("b.txt", b"three")
    (place / "inner").write("a.txt", b"")
    assert place.sizes() == {"b.txt": 5, "inner": None} and place.read("b.txt") == b"three"
    target = place / "elsewhere" / "moved"
    (place / "inner").move_to(target)
    assert target.sizes() == {"a.txt": 0} and not (place / "inner").exists()
    (place / "b.txt").remove()
    assert place.sizes() == {"elsewhere": None}
    place.remove()
    place.remove()
    assert not place.exists()


def test_a_file_that_cannot_be_finished_is_not_there(tmp_path, monkeypatch):
    folder = Folder.at(tmp_path)
    folder.write("a.txt", b"before")

    def fails(*args, **kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr(type(folder.filesystem), "mv", fails)
    with pytest.raises(OSError, match="no space left"):
        folder.write("a.txt", b"after")
    assert folder.sizes() == {"a.txt": 6} and folder.read("a.txt") == b"before"


def test_a_text_file_reaches_the_disk_before_its_name(tmp_path, monkeypatch):
    events = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda number: events.append(os.fstat(number).st_size) or fsync(number))
    monkeypatch.setattr(Path, "replace", lambda path, target: events.append("replace") or replace(path, target))
    assert write_text(tmp_path / "new" / "a.txt", "causes").read_text() == "causes"
    assert events == [6, "replace"]


def test_a_text_file_that_cannot_be_finished_leaves_the_earlier_one(tmp_path, monkeypatch):
    write_text(tmp_path / "a.txt", "before")

    def fails(number):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="no space left"):
        write_text(tmp_path / "a.txt", "after")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "before"


def test_a_folder_has_the_name_that_it_was_opened_with(tmp_path):
    assert str(Folder.at(tmp_path / "x")) == str(tmp_path / "x") and Folder.at(tmp_path).is_local
    assert str(Folder.at("memory://x") / "y") == "memory:///x/y"
    (tmp_path / "file").write_text("")
    assert Folder.at(tmp_path / "file").is_file() and not Folder.at(tmp_path).is_file()


def test_an_unknown_url_is_refused():
    with pytest.raises(ValueError, match="Protocol not known: nowhere"):
        Folder.at("nowhere://x")


def test_lines_are_appended_after_an_incomplete_one(tmp_path):
    log = tmp_path / "new" / "log.jsonl"
    append_lines(log, ["one", "zwölf"])
    with log.open("a") as stream:
        stream.write("killed her")
    append_lines(log, ["three"])
    append_lines(log, [])
    assert log.read_text(encoding="utf-8") == "one\nzwölf\nkilled her\nthree\n"


def test_a_short_write_is_completed_or_an_error(tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, content: write(file, content[:3]))
    append_lines(tmp_path / "slow", ["causes", "effects"])
    assert (tmp_path / "slow").read_text() == "causes\neffects\n"

    def full(file, content):
        if os.fstat(file).st_size >= 4:
            raise OSError(28, "No space left on device")
        return write(file, content[:4])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        append_lines(tmp_path / "full", ["causes"])


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_noticed():
    with pytest.raises(OSError, match="No space left"):
        append_lines("/dev/full", ["causes"])


def test_two_writers_of_one_file_have_separate_partial_files(tmp_path):
    names = {partial_path(tmp_path / "a.txt") for _ in range(3)}
    assert len(names) == 3
    assert all(name.parent == tmp_path and name.name.startswith(".a.txt.") for name in names)
    assert all(name.suffix == ".partial" for name in names)
