import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_causal.tasks.shared.names import (
    ALPHABET,
    MAX_NAME_LENGTH,
    RESERVED_WORDS,
    Renaming,
    decode_names,
    draw_names,
    is_name,
    name_codes,
    valid_names,
)
from hf_causal.utils.randomness import Stream

GRAMMAR_WORDS = {"causes", "cause", "does", "yes", "no", "are", "and", "given", "separated"}


def encode(*graphs: list[str], width: int = MAX_NAME_LENGTH) -> np.ndarray:
    return np.array([[list(name.encode().ljust(width, b"\0")) for name in names] for names in graphs], dtype=np.uint8)


@pytest.mark.parametrize(
    ("lengths", "num_nodes", "uniform"),
    [((1, 3), 6, False), ((2, 2), 15, False), ((1, 1), 31, True), ((4, 10), 15, True), ((1, 10), 5, False)],
)
def test_names_are_unique_in_range_and_proper(lengths, num_nodes, uniform):
    drawn = decode_names(draw_names(Stream("names"), 300, num_nodes, lengths, uniform))
    assert len(drawn) == 300
    for names in drawn:
        assert len(set(names)) == num_nodes == len(names)
        assert all(is_name(name) and lengths[0] <= len(name) <= lengths[1] for name in names)
        if uniform:
            assert len({len(name) for name in names}) == 1
    assert {len(name) for names in drawn for name in names} == set(range(lengths[0], lengths[1] + 1))


def test_names_use_every_letter():
    drawn = decode_names(draw_names(Stream("alphabet"), 500, 5))
    assert set("".join(name for names in drawn for name in names)) == set(ALPHABET)


def test_the_grammar_is_reserved():
    assert GRAMMAR_WORDS <= RESERVED_WORDS
    assert {word.lower() for word in RESERVED_WORDS} == RESERVED_WORDS


def test_no_reserved_word_is_drawn_in_any_case():
    """Without the refusal, some 300 of these 100,000 names would be "no", "is" or "of"."""
    drawn = decode_names(draw_names(Stream("reserved"), 10_000, 10, (2, 2)))
    assert not {name.lower() for names in drawn for name in names} & RESERVED_WORDS


def test_a_hundred_short_names_in_one_graph_can_be_drawn():
    names = draw_names(Stream("many"), 200, 100, (1, 3))
    assert names.shape == (200, 100, 3)
    assert all(len(set(graph)) == 100 for graph in decode_names(names))


def test_drawing_no_graph_is_an_empty_batch():
    assert draw_names(Stream("none"), 0, 5).shape == (0, 5, 3)


def test_the_same_key_draws_the_same_names():
    first, second, other = (draw_names(Stream("key", key), 10, 5) for key in (0, 0, 1))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


@pytest.mark.parametrize("lengths", [(0, 3), (3, 2), (1, 11), (-1, -1)])
def test_lengths_out_of_range_are_refused(lengths):
    with pytest.raises(ValueError, match=rf"`lengths`.*got \({lengths[0]}, {lengths[1]}\)"):
        draw_names(Stream("bad"), 1, 3, lengths)


@pytest.mark.parametrize(("lengths", "uniform"), [((1, 1), False), ((1, 3), True)])
def test_too_few_names_for_the_nodes_are_refused(lengths, uniform):
    with pytest.raises(ValueError, match="room for 31 nodes.*`num_nodes` 32"):
        draw_names(Stream("bad"), 1, 32, lengths, uniform)


def test_names_have_different_codes():
    short = [*ALPHABET, *(a + b for a in ALPHABET for b in ALPHABET)]
    long = ["a" * 10, "9" * 10, "a" * 9, "9" * 9, "a" * 9 + "b", "b" + "a" * 9]
    codes = name_codes(encode([*short, *long]))
    assert len(np.unique(codes)) == len(short) + len(long)


@given(st.lists(st.text(ALPHABET, min_size=1, max_size=10), min_size=1, max_size=5))
def test_encoded_names_are_decoded(names):
    assert decode_names(encode(names)) == [names]


def test_repeated_and_reserved_names_are_invalid():
    batch = encode(
        ["a", "A", "aa"], ["a", "b", "a"], ["a", "CaUsEs", "b"], ["x", "y", "CORRELATES"], ["nob", "n", "o"]
    )
    assert valid_names(batch).tolist() == [True, False, False, False, True]


@pytest.mark.parametrize("word", ["a", "Z9", "0", "longer", "causes"])
def test_letters_and_digits_are_a_name(word):
    assert is_name(word)


@pytest.mark.parametrize("word", ["", "a b", "é", "x.", "x_1", "²", "Ａ", "a\n"])
def test_anything_else_is_no_name(word):
    assert not is_name(word)


@given(st.lists(st.text(min_size=1), min_size=1, max_size=60))
def test_renaming_gives_each_name_a_short_one_and_restores_it(names):
    renaming = Renaming.of(names)
    assert set(renaming.short) == set(names)
    assert len(set(renaming.short.values())) == len(set(names))
    for cause, effect in zip(names, reversed(names), strict=True):
        text = f"{renaming.short[cause]} causes {renaming.short[effect]}. Yes"
        assert renaming.restore(text) == f"{cause} causes {effect}. Yes"


def test_short_names_are_in_order_and_never_reserved():
    short = list(Renaming.of(map(str, range(20_000))).short.values())
    assert short[:27] == [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "AA"]
    assert len(set(short)) == 20_000
    assert all(map(is_name, short))
    assert not {name.lower() for name in short} & RESERVED_WORDS


def test_a_repeated_name_keeps_its_short_one():
    assert Renaming.of(["tar", "soot", "tar", "smoke"]).short == {"tar": "A", "soot": "B", "smoke": "C"}


def test_restoring_leaves_other_words_alone():
    assert Renaming.of(["tar", "B"]).restore("A causes B, AB and a?") == "tar causes B, AB and a?"
