"""What the reader reads, and what it refuses with which hint."""

import pytest

from hf_causal.reading import KINDS, ReadingError, answer, read

# Premises, edges as "cause sign effect".
STATEMENTS = [
    ("Heavy traffic causes smog.", "heavy traffic + smog"),
    ("Smog was caused by heavy traffic", "heavy traffic + smog"),
    ("Smog results from heavy traffic; smog led to coughs", "heavy traffic + smog, smog + coughs"),
    ("Frost gives rise to cracks. Cracks bring about leaks.", "frost + cracks, cracks + leaks"),
    ("Fertiliser contributes to algae, which in turn reduce oxygen.", "fertiliser + algae, algae - oxygen"),
    ("Frost makes the pipe brittle. A brittle pipe causes leaks.", "frost ? brittle pipe, brittle pipe + leaks"),
    ("Training increases the risk of injury.", "training + injury"),
    ("Sunscreen lowers the likelihood of sunburn.", "sunscreen - sunburn"),
    ("A heat wave leads to an increase in demand.", "heat wave + demand"),
    ("Cheap loans lead to fewer defaults.", "cheap loans - defaults"),
    ("More rain reduces wildfires. Less rain raises prices.", "rain - wildfires, rain - prices"),
    ("Higher wages reduce hiring. Hiring affects output. Lower hiring reduces training.",
     "higher wages - hiring, hiring ? output, hiring + training"),
    ("Because the dam broke, villages were flooded.", "dam broke + flooded villages"),
    ("Owing to the storm, schools were closed.", "storm + closed schools"),
    ("The pitch is muddy because it rained.", "rain + muddy pitch"),
    ("Whenever it snows, the pass becomes dangerous.", "snow + dangerous pass"),
    ("If supply falls, prices rise.", "supply - prices"),
    ("Crime rose, so police budgets rose.", "crime + police budgets"),
    ("There were cancellations because of fog.", "fog + cancellations"),
    ("Heat has a negative effect on yields. Yields depend on rain.", "heat - yields, rain ? yields"),
    ("Ice and fog cause crashes and delays.", "ice + crashes, ice + delays, fog + crashes, fog + delays"),
    ("Both ice and fog cause crashes.", "ice + crashes, fog + crashes"),
    ("Ice causes crashes and fog causes delays.", "ice + crashes, fog + delays"),
    ("Ice causes crashes and leads to delays.", "ice + crashes, ice + delays"),
    ("Ice causes crashes, leads to delays, and reduces speed.", "ice + crashes, ice + delays, ice - speed"),
    ("The causes of crashes are ice and fog.", "ice + crashes, fog + crashes"),
    ("The effects of ice include crashes.", "ice + crashes"),
    ("Diet is a common cause of weight and mood.", "diet + weight, diet + mood"),
    ("Weight is a mediator between diet and mood.", "diet ? weight, weight ? mood"),
    ("Weight is a collider of diet and genes.", "diet ? weight, genes ? weight"),
    ("ice → crashes ← fog", "ice ? crashes, fog ? crashes"),
    ("ice, fog -> crashes", "ice ? crashes, fog ? crashes"),
    ("1) Ice causes crashes.\n2) Crashes cause delays.", "ice + crashes, crashes + delays"),
    ("(a) Ice causes crashes. (b) Crashes cause delays.", "ice + crashes, crashes + delays"),
    ("* **Ice** causes _crashes_\n* crashes cause delays", "ice + crashes, crashes + delays"),
    ("Facts: ice causes crashes. Moreover, crashes also cause delays, too.", "ice + crashes, crashes + delays"),
    ("“ice and fog” causes 'long delays'", "ice and fog + long delays"),
    ("St. Elmo's fire causes fear in the U.S. Navy.", "St. Elmo's fire + fear in the U.S. Navy"),
    ("dag { ice [pos=\"0,1\"]; ice -> {crash delay}; fog -> crash }", "ice ? crash, ice ? delay, fog ? crash"),
    ("digraph G {\n  ice -> crash -> delay;\n  delay [color=red];\n}", "ice ? crash, crash ? delay"),
    ("flowchart TD\na[Black ice] --> b(Crash)\nb --> c{Delay}", "Black ice ? Crash, Crash ? Delay"),
    ("delay ~ crash + fog\ncrash ~ ice", "crash ? delay, fog ? delay, ice ? crash"),
    ('{"ice": ["crash"], "crash": []}', "ice ? crash"),
    ("ice: crash, delay\ncrash: delay", "ice ? crash, ice ? delay, crash ? delay"),
    ("暴雨导致洪水，洪水造成停电。", "暴雨 + 洪水, 洪水 + 停电"),
    ("停电由洪水引起。洪水的原因是暴雨。", "洪水 + 停电, 暴雨 + 洪水"),
    ("停电是洪水造成的。", "洪水 + 停电"),
    ("因为暴雨，所以停电。", "暴雨 + 停电"),
    ("气温升高使得用电量增加。", "气温 + 用电量"),
    ("补贴减少成本，成本影响价格。", "补贴 - 成本, 成本 ? 价格"),
    ("暴雨对交通有影响。", "暴雨 ? 交通"),
    ("暴雨、台风和冰雹都造成停电。", "暴雨 + 停电, 台风 + 停电, 冰雹 + 停电"),
    ("暴雨导致洪水，进而导致停电。", "暴雨 + 洪水, 洪水 + 停电"),
]  # fmt: skip


@pytest.mark.parametrize(("premises", "edges"), STATEMENTS, ids=[premises[:40] for premises, _ in STATEMENTS])
def test_statements(premises, edges):
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in premises)
    first = edges.split(", ")[0]
    sign = next(sign for sign in ("+", "-", "?") if f" {sign} " in first)
    cause, effect = first.split(f" {sign} ")
    reading = read(premises, f"{cause}影响{effect}吗？" if chinese else f"Does “{cause}” affect “{effect}”?")
    told = ", ".join(f"{one.cause} {one.sign} {one.effect}" for one in reading.statements)
    assert told.casefold() == edges.casefold()


LINES = "coal -> smoke -> cough; coal -> warmth; smoke -> soot; wood -> smoke"
QUESTIONS = [
    ("Does coal cause cough?", "cause", "Yes"),
    ("Can cough be caused by coal?", "cause", "Yes"),
    ("Is soot a consequence of coal?", "cause", "Yes"),
    ("Has coal led to cough?", "cause", "Yes"),
    ("Does warmth cause soot?", "cause", "No"),
    ("Is it true that coal leads to soot?", "cause", "Yes"),
    ("Does cough depend on wood?", "affect", "Yes"),
    ("Is there a path from wood to soot?", "affect", "Yes"),
    ("Does coal directly cause cough?", "direct", "No"),
    ("Is smoke a direct cause of soot?", "direct", "Yes"),
    ("Is soot a child of smoke?", "direct", "Yes"),
    ("What causes cough?", "causes", ("coal", "smoke", "wood")),
    ("What are the direct causes of cough?", "direct_causes", ("smoke",)),
    ("What does coal cause?", "effects", ("smoke", "cough", "warmth", "soot")),
    ("What does coal directly cause?", "direct_effects", ("smoke", "warmth")),
    ("Is smoke a common cause of cough and soot?", "common_cause", "Yes"),
    ("Is coal a confounder of cough and warmth?", "confounder", "Yes"),
    ("Is wood a confounder of coal and soot?", "confounder", "No"),
    ("Is smoke a mediator between coal and cough?", "mediator", "Yes"),
    ("Is smoke a collider between coal and wood?", "collider", "Yes"),
    ("What are the mediators between coal and soot?", "mediators", ("smoke",)),
    ("What are the confounders of cough and soot?", "confounders", ("coal", "smoke", "wood")),
    ("Do warmth and cough have a common cause?", "any_common_cause", "Yes"),
    ("Do coal and wood have a common cause?", "any_common_cause", "No"),
    ("Are coal and wood independent?", "independent", "Yes"),
    ("Are coal and wood independent given {soot}?", "independent", "No"),
    ("Given smoke, are coal and cough d-separated?", "independent", "Yes"),
    ("warmth ⟂ cough | coal", "independent", "Yes"),
    ("warmth _||_ cough | soot", "independent", "No"),
    ("Which variables block the paths from warmth to cough?", "blockers", ("coal", "smoke")),
    ("Why does wood cause soot?", "why", (("wood", "smoke", "soot"),)),
    ("Why does warmth cause soot?", "why", "No"),
    ("coal会影响cough吗？", "affect", "Yes"),
    ("什么影响cough？", "causes", ("coal", "smoke", "wood")),
    ("为什么wood影响soot？", "why", (("wood", "smoke", "soot"),)),
    ("给定smoke，coal和cough独立吗？", "independent", "Yes"),
    ("smoke是coal和cough的中介吗？", "mediator", "Yes"),
]


@pytest.mark.parametrize(("question", "kind", "expected"), QUESTIONS, ids=[question for question, _, _ in QUESTIONS])
def test_questions(question, kind, expected):
    reading = read(LINES, question)
    found = answer(reading)
    assert reading.question.kind == kind and kind in KINDS
    for evidence in found.proofs:
        evidence.check()
    if isinstance(expected, str):
        assert found.answer == expected
    else:
        assert found.answer == "" and (found.members or found.paths) == expected
    assert reading.language == ("zh" if any("\u4e00" <= one <= "\u9fff" for one in question) else "en")


DIRECTIONS = [
    ("Ads raise sales. Sales raise profit.", "Do ads raise profit?", "Yes"),
    ("Ads raise sales. Sales raise profit.", "Do ads reduce profit?", "No"),
    ("Ads reduce worry. Worry reduces sales.", "Do ads increase sales?", "Yes"),
    ("Ads affect sales. Sales raise profit.", "Do ads raise profit?", "Unknown"),
    ("Ads raise sales. Ads raise costs. Costs reduce profit. Sales raise profit.", "Do ads raise profit?", "Unknown"),
    ("Ads raise sales. Costs reduce profit.", "Do ads raise profit?", "No"),
    ("广告增加销量，销量减少库存。", "广告会减少库存吗？", "Yes"),
]


@pytest.mark.parametrize(("premises", "question", "expected"), DIRECTIONS)
def test_directions(premises, question, expected):
    found = answer(read(premises, question))
    assert found.answer == expected and found.reading.question.kind == "increase"
    for evidence in found.proofs:
        evidence.check()


def test_less_of_something_is_not_caused():
    with pytest.raises(ReadingError, match="Does it reduce"):
        read("Sport lowers tension. Tension causes headaches.", "Does sport cause headaches?")
    found = answer(read("Sport lowers tension. Noise raises tension.", "What causes tension?"))
    assert found.text == "“Sport” (lowers it) and “Noise”."


def test_loops_and_questions_about_a_thing_itself_are_answered_and_said():
    found = answer(read("Debt causes stress. Stress causes debt.", "Does debt cause debt?"))
    assert found.answer == "Yes" and "close a loop" in found.text
    assert answer(read("Debt causes stress.", "Does debt cause debt?")).answer == "No"
    with pytest.raises(ReadingError, match="loop"):
        read("Debt causes stress. Stress causes debt.", "Are debt and stress independent?")
    with pytest.raises(ReadingError, match="itself"):
        read("Debt causes stress.", "Is debt a mediator between debt and stress?")


def test_correlations_are_read_as_a_closed_system():
    told = "sleep correlates with focus. caffeine correlates with focus. sleep is independent of caffeine."
    found = answer(read(told, "Does sleep directly cause focus?"))
    assert found.answer == "Yes" and found.reading.task == "corr2cause"
    with pytest.raises(ReadingError, match="say nothing of “sleep” and “caffeine”"):
        read("sleep correlates with focus. caffeine correlates with focus.", "Does sleep directly cause focus?")
    with pytest.raises(ReadingError, match="correlations alone"):
        read("sleep correlates with focus.", "Does sleep cause focus?")


def test_places_are_those_of_the_text_that_was_typed():
    premises = "- Ｒａｉｎ causes  ﬂoods.\n- then floods cause debt."
    reading = read(premises, "Does rain cause debt?")
    marks = [(mark.role, premises[mark.start : mark.end]) for mark in reading.marks if mark.field == "premises"]
    assert marks == [
        ("ignored", "-"), ("name", "Ｒａｉｎ"), ("relation", "causes"), ("name", "ﬂoods"),
        ("ignored", "-"), ("ignored", "then"), ("name", "floods"), ("relation", "cause"), ("name", "debt"),
    ] or marks[1:4] == [("name", "Ｒａｉｎ"), ("relation", "causes"), ("name", "ﬂoods")]  # fmt: skip
    assert reading.names == ("rain", "floods", "debt")
    assert [premises[one.start : one.end] for one in reading.statements] == [
        "Ｒａｉｎ causes  ﬂoods", "then floods cause debt"
    ]  # fmt: skip


def test_an_error_has_places_hints_and_suggestions():
    with pytest.raises(ReadingError) as error:
        read("Frost rarely harms oaks. Frost harms vines.", "Does frost harm vine yards?")
    assert error.value.spans == (("premises", 6, 12),)
    assert "“rarely” denies something" in error.value.hint
    with pytest.raises(ReadingError) as error:
        read("Frost harms vines.", "Does frots harm vines?")
    assert error.value.suggestions == ("Frost",) and error.value.spans == (("question", 5, 10),)
    with pytest.raises(ReadingError, match="没有提到“霜”"):
        read("寒潮损害葡萄。", "霜损害葡萄吗？")
