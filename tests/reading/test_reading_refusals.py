"""Texts that are not understood are refused: by kinds, with examples of each."""

from pathlib import Path

import pytest

from hf_causal.reading import ReadingError, answer, read

# Each kind: premises, question, and a part of the message.
REFUSED = {
    "modality": (
        "Noise might cause deafness, and deafness can cause isolation.",
        "Why does noise cause isolation?",
        "might",
    ),
    "reason": ("Frost ruins crops because it breaks cells.", "Does frost ruin crops?", "it"),
    "reason behind a statement": (
        "Frost limits yields because of dead cells.",
        "Does frost limit yields?",
        "because of",
    ),
    "indirectly": ("a -> b -> c", "Does a indirectly cause c?", "indirectly"),
    "always": ("coal causes smog", "Does coal always cause smog?", "always"),
    "unless": ("Coal causes smog unless filters work.", "Does coal cause smog?", "unless"),
    "only if": ("Coal causes smog only if the wind stops.", "Does coal cause smog?", "only if"),
    "not": ("Filters don't cause smog.", "Do filters cause smog?", "don't"),
    "no": ("Coal has no effect on smog.", "Does coal affect smog?", "no"),
    "although": ("Although coal causes smog, gas causes heat.", "Does gas cause heat?", "Although"),
    "quantifier": ("Several fuels cause smog.", "Do fuels cause smog?", "Several"),
    "or": ("Coal or gas causes smog.", "Does coal cause smog?", "or"),
    "together": ("Coal and sun together cause smog.", "Does coal cause smog?", "together"),
    "pronoun": ("Coal causes smog. It causes asthma.", "Does coal cause asthma?", "It"),
    "relative clause": ("Coal that is wet causes smog.", "Does coal cause smog?", "that"),
    "which change": ("Filters reduce smog, which causes asthma.", "Do filters reduce asthma?", "which"),
    "opinion": ("Experts claim coal causes smog.", "Does coal cause smog?", "claim"),
    "time": ("Last winter, coal and gas caused smog.", "Does coal cause smog?", "Last"),
    "adverbial": ("In winter, coal causes smog.", "Does coal cause smog?", "In winter"),
    "comparison": ("Coal causes more smog than gas.", "Does coal cause smog?", "than"),
    "evidence": ("If the street is wet, it rained.", "Does rain cause a wet street?", "If"),
    "evidence after so": ("The street is wet, so it rained.", "Does rain cause a wet street?", "so"),
    "comma because": ("The street is wet, because it rained.", "Did rain cause a wet street?", "because"),
    "two ways": ("Coal causes smog, gas and oil cause heat.", "Does gas cause heat?", "two ways"),
    "scope of a list": ("Loss of habitat and food causes decline.", "Does food cause decline?", "may belong to it"),
    "which of them": ("Coal causes smog and soot, which cause asthma.", "Does smog cause asthma?", "one of the names"),
    "noun or verb": ("Price increases lower demand.", "Do price increases lower demand?", "two ways"),
    "one thing or two": (
        "Coal causes black lung disease. Lung disease causes death.",
        "Does coal cause death?",
        "may be one thing",
    ),
    "a phrase behind": (
        "Coal causes smog in cities. Smog causes asthma.",
        "Does coal cause asthma?",
        "may be one thing",
    ),
    "misspelled": ("Coal causes polution. Pollution causes asthma.", "Does coal cause asthma?", "may be one thing"),
    "negative name": ("Absence of coal causes cold. Coal causes smog.", "Does coal cause cold?", "may be one thing"),
    "two-way arrow": ("coal <-> smog", "Does coal cause smog?", "arrow to both sides"),
    "line": ("graph LR\ncoal --- smog", "Does coal cause smog?", "without an arrow"),
    "list of arrows": ("a -> b, c -> d", "Does a cause d?", "two ways"),
    "lavaan measurement": ("f =~ x1 + x2", "Does f cause x1?", "mark"),
    "DOT subgraph": ("digraph { subgraph s { a -> b } }", "Does a cause b?", "graph cannot be read"),
    "parentheses": ("Coal (and gas) causes smog.", "Does coal cause smog?", "mark"),
    "stranger": ("coal causes smog", "Does peat cause smog?", "do not mention “peat”"),
    "near stranger": ("coal causes smog", "Does cola cause smog?", "did you mean “coal”"),
    "no question": ("coal causes smog", "", "no question"),
    "two questions": ("coal causes smog", "Does coal cause smog? Does gas cause smog?", "one question"),
    "two things asked": ("coal causes smog and soot", "Does coal cause smog and soot?", "one cause and one effect"),
    "question in the premises": (
        "Does coal cause smog? Coal causes smog.",
        "Does coal cause smog?",
        "it is a question",
    ),
    "no relation": ("coal is black", "Does coal cause smog?", "says nothing of the form"),
    "unfinished": ("coal causes", "Does coal cause smog?", "says nothing|missing"),
    "mixed": ("coal causes smog. gas is independent of coal.", "Does coal cause smog?", "do not go together"),
    "given what is asked": ("coal -> smog -> asthma", "Are coal and asthma independent given coal?", "given as well"),
    "no letters": ("- causes smog", "Does coal cause smog?", "fit|mark|missing|relation|form"),
    "repeated word": ("Coal causes the the smog.", "Does coal cause smog?", "twice"),
    "Chinese not": ("煤不会导致雾霾。", "煤导致雾霾吗？", "不会"),
    "Chinese may": ("煤可能导致雾霾。", "煤导致雾霾吗？", "可能"),
    "Chinese if": ("如果刮风，煤导致雾霾。", "煤导致雾霾吗？", "如果"),
    "Chinese only": ("只有煤导致雾霾。", "煤导致雾霾吗？", "只有"),
    "Chinese time": ("去年，煤导致雾霾。", "煤导致雾霾吗？", "、"),
    "Chinese pronoun": ("煤导致雾霾，这导致哮喘。", "煤导致哮喘吗？", "这"),
    "Chinese said": ("专家认为煤导致雾霾。", "煤导致雾霾吗？", "专家|认为"),
    "Chinese which change": ("滤网减少雾霾，进而导致健康。", "滤网导致健康吗？", "变化"),
}


@pytest.mark.parametrize(("premises", "question", "message"), REFUSED.values(), ids=REFUSED)
def test_refusals(premises, question, message):
    with pytest.raises(ReadingError, match=message) as error:
        read(premises, question)
    for field, start, end in error.value.spans:
        assert 0 <= start <= end <= len({"premises": premises, "question": question}[field])


def documented():
    """The rows of the table of refusals in the documentation: text, question if given, message."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "reading.md").read_text(encoding="utf-8")
    table = page.partition("## What is refused")[2].partition("Also refused")[0]
    for line in table.splitlines()[4:]:
        if line.startswith("|"):
            text, message = (cell.strip() for cell in line.strip("|").split(" | ", 1))
            premises, _, question = text.partition(" (")
            yield premises, question.rstrip(")"), message


@pytest.mark.parametrize(("premises", "question", "message"), documented())
def test_the_documented_messages_are_real(premises, question, message):
    with pytest.raises(ReadingError) as error:
        read(premises, question or "Does smog cause asthma?")
    assert error.value.hint == message


def test_ten_messages_are_documented():
    assert len(list(documented())) >= 10


# The same kinds as the refusals where what was meant is clear.
READ = [
    ("candles cause soot", "What causes soot?", "", ("candles",)),
    ("p -> q -> r", "Does p directly cause r?", "No", ()),
    ("dag { p -> q ; q <- r }", "Are p and r d-separated given q?", "No", ()),
    ("(1) Candles cause soot. (2) Soot causes stains.", "Do candles cause stains?", "Yes", ()),
    ("Nai\u0308ve trust causes loss. Loss causes na\u00efve trust.", "Does na\u00efve trust cause loss?", "Yes", ()),
    ("Candles make the wall black. A black wall lowers the price.", "Do candles affect the price?", "Yes", ()),
    ("Y1引起Y2,而且Y2引起Y3。Y1引起Y3吗?", "", "Yes", ()),
    ("p -> q", "p ⟂ q", "No", ()),
]


@pytest.mark.parametrize(("premises", "question", "expected", "members"), READ)
def test_what_is_clear_is_read(premises, question, expected, members):
    found = answer(read(premises, question))
    assert (found.answer, found.members) == (expected, members)


def test_quotes_tell_two_things_apart():
    premises = "Coal causes “lung disease in miners”. “Lung disease” causes death."
    assert answer(read(premises, "Does coal cause death?")).answer == "No"


@pytest.mark.parametrize(
    "prompt",
    [
        "It causes mud. Does It cause mud?",
        "no causes mud. Does no cause mud?",
        "whatever stands here causes B. B causes C. Does B cause D?",
    ],
)
def test_prompts_of_the_corpora_are_no_way_around(prompt):
    with pytest.raises(ReadingError):
        read(prompt)


def test_prompts_of_the_corpora_are_read_as_they_are():
    reading = read("As causes if. if causes so. Does As cause so?")
    assert reading.prompt == "As causes if. if causes so. Does As cause so?" and answer(reading).answer == "Yes"
    reading = read("a causes A. A causes B. Are a and B d-separated given {A}?")
    assert reading.task == "d_separation" and answer(reading).answer == "Yes"
