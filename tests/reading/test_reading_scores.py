"""The reader on texts whose right reading was written by hand, and on texts made from a known meaning."""

import random

import pytest
import reading_texts
from reading_scores import load, score

from hf_causal.reading import ReadingError, answer, read
from hf_causal.reading.names import key


@pytest.mark.parametrize(("part", "recall"), [("develop", 0.97), ("held_out", 0.93)])
def test_texts_are_read_rightly_or_refused(part, recall):
    result = score(load(part))
    assert not result.wrong, result.wrong[0]
    assert result.recall >= recall, result.missed


def test_there_are_enough_texts_of_each_kind():
    rows = load("develop") + load("held_out")
    assert len(rows) >= 400 and sum(row["reading"] is None for row in rows) >= 140
    assert sum(row["domain"].startswith("zh") for row in rows) >= 60
    assert len({(row["premises"], row["question"]) for row in rows}) == len(rows)


def edges_of(pairs):
    return {(key(cause), key(effect)) for cause, effect in pairs}


def covered(reading, texts):
    """Whether every letter and digit of the texts is part of exactly one mark."""
    for field, text in texts.items():
        count = [0] * len(text)
        for mark in reading.marks:
            if mark.field == field:
                assert text[mark.start : mark.end] == mark.text
                for place in range(mark.start, mark.end):
                    count[place] += 1
        if any(letter.isalnum() and count[place] != 1 for place, letter in enumerate(text)):
            return False
    return True


@pytest.mark.parametrize("chinese", [False, True])
def test_what_is_written_from_a_graph_is_read_as_that_graph(chinese):
    draw = random.Random(11 + chinese)
    for _ in range(400):
        made = reading_texts.make(draw, chinese)
        reading = read(made.premises, made.question)
        assert edges_of(reading.edges) == edges_of(made.edges), made
        assert tuple(map(key, reading.question.names)) == tuple(map(key, made.pair)), made
        assert answer(reading).answer == made.answer, made
        assert covered(reading, {"premises": made.premises, "question": made.question}), made


@pytest.mark.parametrize("chinese", [False, True])
def test_a_word_that_changes_the_meaning_is_refused_wherever_it_stands(chinese):
    draw = random.Random(21 + chinese)
    for _ in range(700):
        premises, question = reading_texts.insert_change(draw, reading_texts.make(draw, chinese), chinese)
        with pytest.raises(ReadingError):
            read(premises, question)


def test_damaged_texts_are_read_with_every_word_or_refused():
    draw = random.Random(31)
    readings = 0
    for _ in range(1200):
        made = reading_texts.make(draw, draw.random() < 0.2)
        premises = reading_texts.damage(draw, made.premises)
        try:
            reading = read(premises, made.question)
        except ReadingError:
            continue
        readings += 1
        assert covered(reading, {"premises": premises, "question": made.question}), premises
        reached = reading_texts.reached(reading.edges, reading.question.names[0])
        assert answer(reading).answer == ("Yes" if reading.question.names[1] in reached else "No"), premises
    assert readings > 200
