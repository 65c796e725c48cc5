"""Processes that read questions: they answer as this process does, and none can stop the page."""

import time

import pytest

from hf_causal.demo import limits, workers
from hf_causal.demo.answers import read_question
from hf_causal.demo.limits import TooMuch
from hf_causal.reading import ReadingError

SPACES = " " * 19_000
HOSTILE = [
    # Those that stopped the page, and others of each sort: many separators, blanks, prefixes and lists.
    ("a causes b", "Are a" + ",a" * 480 + " " * 480 + "x independent y?"),
    ("a" + " " * 8_000 + "b causes c", "Does a cause c?"),
    ("and" + " " * 8_000 + "causes c", "Does a cause c?"),
    ("a causes b", "so" + " " * 19_850 + "x causes y?"),
    ("." * 19_900 + "x causes b", "Does x cause b?"),
    ("a causes b", "Are a" + ",a" * 9_900 + " independent x?"),
    ("a causes b", "Is a" + " and a" * 3_000 + " independent of b given c?"),
    ("a causes b", "given" + " given" * 3_000),
    ("because" + SPACES + "of a, b", "Does a cause b?"),
    ("if " * 6_000 + "a then b", "Does a cause b?"),
    (";" * 19_000, "Does a cause b?"),
    ("→" * 19_000, "a → b?"),
    ("a -> " * 3_900 + "a", "a -> a?"),
    ("dag {" + "{" * 15_000, "Does a cause b?"),
    ("(" * 19_000, "Does a cause b?"),
    ("“" * 19_000, "Does a cause b?"),
    ("a causes b and " * 1_300, "Does a cause b?"),
    ("a, " * 6_000 + "and a cause b", "Does a cause b?"),
    ("1. " * 6_000, "Does a cause b?"),
    ("*" * 19_000 + "a causes b", "Does a cause b?"),
    ("导致" * 9_000, "甲会导致乙吗？"),
    ("因为" * 9_000 + "所以", "甲会导致乙吗？"),
    ("\u0301" * 19_000, "Does a cause b?"),
    ("ﷺ" * 19_000, "Does a cause b?"),
    ("a causes b", "?" * 19_000),
    ("\n" * 19_000 + "a causes b", "Does a cause b?"),
]


@pytest.fixture(scope="module")
def pool():
    pool = workers.Pool(1)
    yield pool
    pool.end()


@pytest.mark.parametrize(("premises", "question"), HOSTILE)
def test_hostile_texts_are_read_or_refused_in_time(pool, premises, question):
    process = pool.workers[0].process
    try:
        pool.call("read_question", premises, question, seconds=60)
    except (ReadingError, TooMuch) as error:
        assert "seconds" not in str(error)
    assert pool.workers[0].process is process, "its time limit ended the process"


def test_too_long_texts_are_refused_before_they_are_read(monkeypatch):
    monkeypatch.setattr(workers, "call", lambda *_: pytest.fail("it was read"))
    for premises, question in (("a" * 20_001, ""), ("", "a" * 20_001), ("a" * 10_000, "b" * 10_001)):
        with pytest.raises(TooMuch, match="characters"):
            read_question(premises, question)


def test_a_process_reads_as_this_one_does(pool):
    for premises, question in (
        ("frost causes cracks, which cause leaks", "What causes leaks?"),
        ("frost causes cracks", "Why does frost cause cracks?"),
        ("a → b → c", "Are a and c d-separated given b?"),
        ("雨导致洪水", "雨会导致洪水吗？"),
    ):
        here, there = read_question(premises, question), pool.call("read_question", premises, question)
        assert there.exact.as_dict() == here.exact.as_dict() and there.read == here.read
        assert there.certificate == here.certificate
    with pytest.raises(ReadingError) as refused:
        pool.call("read_question", "frost might cause cracks", "Does frost cause cracks?")
    assert [problem.text for problem in refused.value.problems] == ["might"]


def test_a_process_that_takes_too_long_is_replaced(pool):
    process = pool.workers[0].process
    process.send_signal(19)  # SIGSTOP: it never answers again
    with pytest.raises(TooMuch, match="seconds"):
        pool.call("read_question", "a causes b", "Does a cause b?", seconds=0.2)
    assert process.returncode is not None and pool.workers[0].process is not process
    assert pool.call("read_question", "a causes b", "Does a cause b?").exact.answer == "Yes"


def test_a_process_that_dies_is_replaced(pool):
    pool.workers[0].process.kill()
    with pytest.raises(TooMuch):
        pool.call("read_question", "a causes b", "Does a cause b?")
    assert pool.call("read_question", "a causes b", "Does a cause b?").exact.answer == "Yes"


def test_processes_end_with_the_page():
    worker = workers.Worker()
    worker.connection.close()
    deadline = time.monotonic() + 60
    while worker.process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert worker.process.returncode == 0


def test_too_many_waiting_calls_are_refused(pool, monkeypatch):
    monkeypatch.setattr(workers, "MAX_WAITING", 0)
    with pytest.raises(limits.Busy):
        pool.call("read_question", "a causes b", "Does a cause b?")


def test_a_limit_is_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("HF_CAUSAL_DEMO_MAX_ROWS", "7")
    assert limits._limit("MAX_ROWS", 20_000) == 7 and limits._limit("MAX_NODES", 150) == 150
    for value in ("0", "-1", "many", "9" * 30, ""):
        monkeypatch.setenv("HF_CAUSAL_DEMO_MAX_ROWS", value)
        with pytest.raises(ValueError, match="HF_CAUSAL_DEMO_MAX_ROWS"):
            limits._limit("MAX_ROWS", 20_000)
