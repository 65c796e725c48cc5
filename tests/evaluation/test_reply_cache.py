import errno
import json
import os
import threading

import pytest

from hf_causal.evaluation.language_models.reply_cache import ReplyCache

ABOUT = {"model": "m", "shots": 0}


def ask_of(answers, log):
    def ask(missing):
        for key, question in missing.items():
            log.append(question)
            yield {key: {"text": answers[question]}}

    return ask


def test_only_what_has_no_reply_is_requested_and_once(tmp_path):
    log, told = [], []
    ask = ask_of({"a": "Yes", "b": "No", "c": "?"}, log)
    store = ReplyCache(tmp_path, ABOUT)
    assert [r["text"] for r in store.complete(["a", "b", "a"], ask)] == ["Yes", "No", "Yes"]
    again = ReplyCache(tmp_path, ABOUT)
    assert len(again) == 2
    assert [r["text"] for r in again.complete(["c", "b", "a"], ask, told.append)] == ["?", "No", "Yes"]
    assert log == ["a", "b", "c"] and sum(told) == 3


def test_other_circumstances_have_another_file(tmp_path):
    ReplyCache(tmp_path, ABOUT).add({"k": {"text": "Yes"}})
    assert len(ReplyCache(tmp_path, {**ABOUT, "shots": 1})) == 0
    assert len(ReplyCache(tmp_path, ABOUT)) == 1
    (path,) = tmp_path.iterdir()
    assert json.loads(path.read_text().splitlines()[0]) == {"about": ABOUT}


def test_an_interruption_keeps_what_was_answered(tmp_path):
    def interrupted(missing):
        key, *_ = missing
        yield {key: {"text": "Yes"}}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ReplyCache(tmp_path, ABOUT).complete(["a", "b"], interrupted)
    log = []
    ReplyCache(tmp_path, ABOUT).complete(["a", "b"], ask_of({"b": "No"}, log))
    assert log == ["b"]


@pytest.mark.parametrize("torn", ['{"key": "x", "te', "\xff\n", '["a list"]\n', '{"text": "no key"}\n'])
def test_half_a_line_harms_no_other(tmp_path, torn):
    store = ReplyCache(tmp_path, ABOUT)
    store.add({"first": {"text": "Yes"}})
    with store.path.open("ab") as file:
        file.write(torn.encode("latin-1"))
    again = ReplyCache(tmp_path, ABOUT)
    again.add({"second": {"text": "No"}})
    assert len(ReplyCache(tmp_path, ABOUT)) == 2


def test_threads_may_add_at_the_same_time(tmp_path):
    store = ReplyCache(tmp_path, ABOUT)
    threads = [
        threading.Thread(target=lambda part=part: [store.add({f"{part}-{i}": {"text": "Yes"}}) for i in range(50)])
        for part in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ReplyCache(tmp_path, ABOUT)) == 400
    assert len(store.path.read_text().splitlines()) == 401


def test_without_a_folder_it_is_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path))
    store = ReplyCache(None, ABOUT)
    store.add({"k": {"text": "Yes"}})
    assert store.path.is_relative_to(tmp_path / "hf_causal" / "answers")


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="`answers` must be a folder"):
        ReplyCache(tmp_path / "file", ABOUT)


def test_a_short_write_is_completed(tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, content: write(file, content[:7]))
    ReplyCache(tmp_path, ABOUT).add({"a": {"text": "Yes"}, "b": {"text": "No"}})
    assert len(ReplyCache(tmp_path, ABOUT)) == 2


def test_a_full_disk_is_an_error_and_the_next_reply_is_readable(tmp_path, monkeypatch):
    write, store = os.write, ReplyCache(tmp_path, ABOUT)
    store.add({"a": {"text": "Yes"}})

    def fill(file, content):
        if len(content) < 40:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, content[:20])

    with monkeypatch.context() as patch, pytest.raises(OSError, match="cannot keep a reply: No space left"):
        patch.setattr(os, "write", fill)
        store.add({"b": {"text": "a reply of some length"}})
    store.add({"c": {"text": "No"}})
    assert set(ReplyCache(tmp_path, ABOUT)._replies) == {"a", "c"}


def test_a_reply_is_on_the_disk_before_the_next_request(tmp_path, monkeypatch):
    synced, fsync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(fsync(file)))
    ReplyCache(tmp_path, ABOUT).complete(["a", "b", "c"], ask_of({"a": "Yes", "b": "No", "c": "No"}, []))
    assert len(synced) == 3
