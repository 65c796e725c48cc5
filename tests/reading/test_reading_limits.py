"""Reading takes work in proportion to the length of a text, and has bounds all the same."""

import sys

import pytest

from hf_causal.reading import ReadingError, TooLong, answer, read

UNITS = (
    " ",
    ".",
    ",",
    "and ",
    "a,",
    "causes ",
    "a causes ",
    '"',
    "“",
    "'",
    '"a" ',
    "->",
    "a->",
    "\n",
    "- ",
    "(1) ",
    "so ",
    "then, ",
    "not ",
    "the ",
    "of ",
    "given ",
    "\u0316\u0301",
    "Ａ",
    "因为",
    "导致",
    "和",
    "吸烟导致",
    "dag { ",
    "{",
    "a -> {b c} ",
    "y ~ x\n",
    "a: b\n",
    "*",
    "Dr. ",
    "more ",
    "the risk of ",
    "lower ",
    ", which ",
    "because ",
    "; ",
    "?",
    ":",
    "directly causes ",
    "a causes b. ",
    "_||_ ",
    "slow ",
    "reduced ",
    "{'a': ['b'], ",
    "graph LR\na-->b\n",
    "Premise: ",
    "n1 n1 ",
    "increases ",
    "adjust for a ",
    "the effect of a on b ",
    "if we hold a ",
    "固定a不变",
)
PREMISES = ("{}", "a{} causes b", "a causes {}")
QUESTIONS = ("Does a{} cause b?", "Are a{} and b independent?", "What causes {}")


def calls_of(premises, question):
    """Counts the calls of functions that reading takes: the same on every machine."""
    count = 0

    def counted(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        read(premises, question)
    except ReadingError:
        pass
    finally:
        sys.setprofile(None)
    return count


@pytest.fixture(scope="module", autouse=True)
def lexicons():
    read("a causes b", "Does a cause b?")
    read("吸烟导致肺癌", "吸烟导致肺癌吗？")


@pytest.mark.parametrize("unit", UNITS)
def test_twice_the_length_is_at_most_twice_the_work(unit):
    for form in PREMISES:
        short, long = (calls_of(form.format(unit * size), "Does a cause b?") for size in (80, 160))
        assert long < 2.3 * short + 400, form
    for form in QUESTIONS:
        short, long = (calls_of("a causes b", form.format(unit * size)) for size in (80, 160))
        assert long < 2.3 * short + 400, form


def test_many_sentences_are_linear():
    def text(size):
        return ". ".join(f"thing {number} leads to thing {number + 1}" for number in range(size))

    short, long = (calls_of(text(size), "Does thing 1 cause thing 9?") for size in (100, 200))
    assert long < 2.3 * short


def test_names_that_are_alike_are_linear():
    def text(size):
        return ". ".join(f"{'deep ' * (k % 9)}well{k % 7} {k} causes wall {k}" for k in range(size))

    short, long = (calls_of(text(size), "Does wall 1 affect wall 9?") for size in (100, 200))
    assert long < 2.5 * short


@pytest.mark.parametrize(
    ("premises", "message"),
    [
        ("x" * 20_001, "up to 20,000 are read"),
        ("ﷺ" * 5_000, "characters"),
        (" and ".join(f"a{number}" for number in range(70)) + " cause b", "list has more than 60"),
        ("thing " * 60 + "causes b", "twice"),
        (" ".join(f"w{number}" for number in range(60)) + " causes b", "more than 200 characters"),
        (" -> ".join(f"a{number}" for number in range(300)), "more than 400"),
        (". ".join("a causes b" for _ in range(1_200)), "up to 1,000"),
        ("导致" * 2_000, "1500"),
    ],
)
def test_bounds_are_said(premises, message):
    with pytest.raises(ReadingError, match=message) as error:
        read(premises, "Does a cause b?")
    assert len(str(error.value)) < 5_000
    assert (len(premises) > 20_000) <= isinstance(error.value, TooLong)


def test_paths_of_a_dense_graph_are_bounded():
    layers = [[f"{letter}{number}" for number in range(6)] for letter in "abcdefg"]
    lines = [f"{x} -> {y}" for first, second in zip(layers, layers[1:], strict=False) for x in first for y in second]
    found = answer(read("\n".join(lines), "Why does a1 cause g1?"))
    assert 0 < len(found.paths) <= 20 and found.text.startswith("By the statements, among other paths")
