"""Answers, proofs and pictures of the page, without a browser."""

import json
import re
import xml.etree.ElementTree as ElementTree
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_causal.demo import limits
from hf_causal.demo.answers import answer_question, read_question
from hf_causal.demo.api import describe
from hf_causal.demo.cards import answer_card, percent, trouble_card
from hf_causal.demo.examples import EXAMPLES
from hf_causal.demo.insides import attention_view, loop_view
from hf_causal.demo.limits import TooMuch
from hf_causal.demo.models import Models
from hf_causal.demo.pictures import Picture, draw
from hf_causal.demo.proofs import show_proof
from hf_causal.demo.share import python_code, query_string
from hf_causal.models.pretrained import released_models
from hf_causal.reading import ReadingError

EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "${alert(1)}",
    "{{alert(1)}}",
    "\"'><b>",
    "&lt;b&gt;",
]
ALLOWED = {
    "section", "div", "span", "strong", "p", "h3", "h4", "ol", "ul", "li", "figure", "figcaption", "details",
    "summary", "code", "pre",
    "table", "thead", "tbody", "tr", "th", "td", "svg", "title", "defs", "marker", "path", "g", "rect", "text",
    "mark", "q", "b",
}  # fmt: skip


@pytest.fixture(scope="module")
def models() -> Models:
    return Models()


def tags(html: str) -> set[str]:
    """The tags of well-formed HTML; what is not well formed fails here."""
    root = ElementTree.fromstring(f"<root>{html}</root>")
    return {element.tag.split("}")[-1] for element in root.iter()} - {"root"}


def attributes(html: str) -> set[str]:
    """The names of all attributes."""
    return {name for element in ElementTree.fromstring(f"<root>{html}</root>").iter() for name in element.attrib}


RIGHT = {
    "Chain": "Yes", "Fork": "No", "Collider": "No", "Reversed": "Yes", "Branching": "Yes", "50 nodes": "Yes",
    "Feedback loop": "Yes", "中文": "Yes",
    "d-separation": "No", "Corr2Cause": "Yes", "Held fixed": "No", "Adjustment": "Yes", "Hidden cause": "Yes",
    "Instrument": "Yes", "Front door": "Yes", "What to adjust for": "",
}  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_every_example_is_answered_and_proved(models, example):
    answer = answer_question(models, example.premises, example.question, "axiom-looped")
    assert answer.question.exact.answer == RIGHT[example.name]
    if answer.question.read.task == "transitivity":
        assert answer.says == RIGHT[example.name] and not answer.is_wrong
        assert "Loop" not in answer_card(answer)
    else:
        unread = "models are asked" if answer.question.read.prompt is None else "cannot read the words"
        assert answer.says is None and unread in answer.unread
    assert tags(answer_card(answer)) <= ALLOWED


@pytest.mark.parametrize(
    ("further", "question", "headline", "keys"),
    [
        ("", "What should I adjust for", "age", {"given"}),
        ("", "Which variables must I not adjust for", "tar", set()),
        ("Smoking and cancer share a hidden cause.", "What should I adjust for", "no set", {"given", "hidden"}),
        ("Age is unobserved.", "What should I adjust for", "no set", {"hidden"}),
    ],
)
def test_questions_about_all_adjustment_sets_are_drawn(models, further, question, headline, keys):
    stated = f"The age affects smoking and cancer. Smoking causes tar. Tar causes cancer. {further}"
    asked = f"{question} to estimate the effect of smoking on cancer?"
    card = answer_card(answer_question(models, stated, asked, "axiom-looped"))
    assert f"<strong>{headline}</strong>" in card and tags(card) <= ALLOWED
    assert {key for key in ("given", "hidden") if f"hc-key-{key}" in card} == keys


def spans(html: str, role: str) -> list[str]:
    """The texts of all pieces that were read as something."""
    reading = ElementTree.fromstring(f"<root>{html}</root>").find(".//details[@class='hc-reading']")
    return [one.text for one in reading.iterfind(f"./p[@class='hc-read']/span[@class='hc-read-{role}']")]


def test_what_each_word_was_read_as_is_shown(models):
    answer = answer_question(models, "Then frost and salt cause cracks.", "Does frost cause cracks?", "axiom-looped")
    card = answer_card(answer)
    assert spans(card, "name") == ["frost", "salt", "cracks", "frost", "cracks"]
    assert "cause" in spans(card, "relation") and spans(card, "ignored") == ["Then"]
    assert "changes nothing" in card


def test_the_marked_text_is_the_text(models):
    premises = "“<b>ice</b>” causes falls & cuts"
    card = answer_card(answer_question(models, premises, "Does “<b>ice</b>” cause cuts?", "axiom-looped"))
    shown = ElementTree.fromstring(f"<root>{card}</root>").findall(".//p[@class='hc-read']")
    assert ["".join(one.itertext()) for one in shown] == [premises, "Does “<b>ice</b>” cause cuts?"]


@pytest.mark.parametrize(
    ("premises", "question", "texts"),
    [
        (
            "debt → worry → debt",
            "Does debt cause worry?",
            ["loop: debt → worry → debt", "Exact answer"],
        ),
        (
            "债务导致焦虑。焦虑导致债务。",
            "债务会导致焦虑吗？",
            ["循环：债务 → 焦虑 → 债务", "准确答案", "是"],
        ),
        ("干旱导致歉收。", "歉收会导致干旱吗？", ["准确答案", "否", "证明", "名称"]),
    ],
)
def test_answers_are_in_the_language_of_the_question(models, premises, question, texts):
    card = answer_card(answer_question(models, premises, question, "axiom-reasoner"))
    for text in texts:
        assert text in card
    assert tags(card) <= ALLOWED and ("Proof" in card) == ("Exact" in card)


def test_feedback_loops_are_drawn(models):
    card = answer_card(answer_question(models, "a → b → c → b", "Does a cause c?", "axiom-reasoner"))
    wide = ElementTree.fromstring(f"<root>{card}</root>").find(".//div[@class='hc-graph hc-wide']")
    drawn = [one.get("class") for one in wide.iter() if one.tag.endswith("path")]
    assert sum("hc-edge-loop" in (one or "") for one in drawn) == 2
    assert "hc-key-loop" in card
    card = answer_card(answer_question(models, "a → b → c", "Does a cause c?", "axiom-reasoner"))
    assert "hc-edge-loop" not in card and "feedback" not in card


def test_hidden_causes_are_drawn_as_dashed_lines_with_two_heads(models):
    told = "Coffee causes insomnia. Coffee and insomnia share a hidden cause."
    question = "Can the effect of coffee on insomnia be computed from observational data?"
    card = answer_card(answer_question(models, told, question, "axiom-looped"))
    wide = ElementTree.fromstring(f"<root>{card}</root>").find(".//div[@class='hc-graph hc-wide']")
    drawn = [one for one in wide.iter() if one.tag.endswith("path") and "hc-edge" in (one.get("class") or "")]
    dashed = [one for one in drawn if "hc-edge-hidden" in one.get("class")]
    assert len(drawn) == 2 and len(dashed) == 1 and dashed[0].get("marker-start") and dashed[0].get("marker-end")
    assert "hidden cause" in card and tags(card) <= ALLOWED


def test_an_answer_in_numbers_is_shown(models):
    told = "A is 1 with probability 0.5. B is 1 with probability 1/3 if A is 0. B is 1 with probability 2/3 if A is 1."
    question = "What is the average treatment effect of A on B?"
    card = answer_card(answer_question(models, f"{told} There are no hidden common causes.", question, "axiom-looped"))
    assert "<strong>1/3</strong>" in card and tags(card) <= ALLOWED


def test_refusals_are_in_the_language_of_the_question():
    with pytest.raises(ReadingError) as refused:
        read_question("台风可能导致停电。", "台风会导致停电吗？")
    card = trouble_card(refused.value.problems, "台风可能导致停电。", "台风会导致停电吗？")
    assert "有些内容无法理解" in card and "<mark>可能</mark>" in card and "前提" in card


def test_a_wrong_model_is_called_wrong(models):
    chain = "\n".join(f"step {number} causes step {number + 1}" for number in range(1, 41))
    answer = answer_question(models, chain, "Does step 1 cause step 40?", "axiom-cpu")
    assert answer.question.proof.answer == "Yes"
    assert answer.is_wrong == (answer.says == "No")
    if answer.is_wrong:
        assert "axiom-cpu is wrong here" in answer_card(answer)


def test_the_loops_spread_from_the_cause(models):
    answer = answer_question(models, "a → b → c → d → e → f", "Does a cause f?", "axiom-looped")
    reached = answer.opinion.trace.reached > 0.5
    first = [int(reached[:, statement].argmax()) for statement in range(5)]
    assert reached[-1].all() and first == sorted(first) and first[0] < first[-1]
    assert "0 of 5 statements" in loop_view(answer, 0) and "5 of 5 statements" in loop_view(answer, 99)
    assert tags(loop_view(answer, 3)) <= ALLOWED and attention_view(answer, 1, 1) == ""


def test_attention_is_a_distribution_over_the_tokens(models):
    answer = answer_question(models, "rain causes mud", "Does rain cause mud?", "axiom-cpu")
    trace = answer.opinion.trace
    assert trace.weights.shape[2] == len(trace.tokens) and trace.tokens[-1] == "?"
    assert trace.weights.sum(axis=2) == pytest.approx(1, abs=1e-4)
    assert tags(attention_view(answer, 1, 0)) <= ALLOWED and loop_view(answer, 1) == ""


def test_opinions_are_those_of_the_evaluation(models):
    for name in models.names:
        answer = answer_question(models, "a → b → c; a → d", "Does d cause c?", name)
        expected = models.get(name).probabilities([answer.question.read.prompt])[0]
        assert answer.opinion.probability == pytest.approx(expected, abs=0.02)


PROOFS = [
    ("rain → mud → falls", "Does rain cause falls?", "in 2 steps", ("rain → mud", "mud → falls")),
    ("rain → mud", "Does mud cause rain?", "lead from “mud” to nothing, and not to “rain”", ()),
    ("rain → mud, hail → mud", "Does rain cause hail?", "to “mud” only", ()),
    ("a → b → c", "Are a and c d-separated given b?", "is blocked given “b”", None),
    ("a → b → c", "Are a and c d-separated?", "is open: a – b – c",
     ("“b” is a chain and not given, so it lets the path pass.",)),
    ("a correlates with b", "a directly causes b", "holds in some of the graphs", ()),
    ("a is independent of b", "a directly causes b", "not in the one graph", ()),
]  # fmt: skip


@pytest.mark.parametrize(("premises", "question", "summary", "steps"), PROOFS)
def test_proofs_in_words(premises, question, summary, steps):
    shown = show_proof(read_question(premises.replace(", hail", "\nhail"), question))
    assert summary in shown.summary
    assert steps is None or shown.steps == steps
    for _, picture in shown.pictures:
        assert tags(draw(picture)) <= ALLOWED


def test_a_name_that_no_statement_has_is_pointed_at():
    with pytest.raises(ReadingError, match="did you mean “accidents”") as error:
        read_question("rain causes accidents", "Does rain cause acidents?")
    assert error.value.suggestions == ("accidents",)
    with pytest.raises(ReadingError, match="do not mention “zebra”"):
        read_question("rain causes mud", "Does zebra cause xylophone?")


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("What causes falls?", "rain, mud"),
        ("Why does rain cause falls?", "rain → mud → falls"),
        ("Does rain directly cause falls?", "only by way of others"),
        ("Is mud a mediator between rain and falls?", "is a mediator between"),
        ("什么导致falls？", "“rain”和“mud”"),
    ],
)
def test_questions_that_go_to_no_model(models, question, shown):
    answer = answer_question(models, "rain causes mud; mud causes falls", question, "axiom-looped")
    assert answer.says is None and ("nothing else" in answer.unread or "只向模型提问" in answer.unread)
    html = answer_card(answer)
    assert shown in html and tags(html) <= ALLOWED and loop_view(answer, 1) == ""
    json.dumps(describe(answer))


def test_a_list_of_nothing_is_shown(models):
    question = "Do rain and mud have a common cause?"
    answer = answer_question(models, "rain causes mud", question, "axiom-looped")
    assert answer.question.exact.answer == "No" and tags(answer_card(answer)) <= ALLOWED
    json.dumps(describe(answer))


def test_a_cycle_has_no_d_separation():
    with pytest.raises(ReadingError, match="loop"):
        read_question("a → b → a", "Are a and b d-separated?")


@pytest.mark.parametrize("name", EVIL)
def test_nothing_that_people_type_becomes_markup(models, name):
    quoted = name.replace('"', "'")
    answer = answer_question(models, f"“{quoted}” causes mud", f"Does “{quoted}” cause mud?", "axiom-looped")
    html = answer_card(answer) + loop_view(answer, 1)
    assert tags(html) <= ALLOWED
    assert not any(attribute.startswith("on") for attribute in attributes(html))
    with pytest.raises(ReadingError) as error:
        read_question(f"{name} {name}", name)
    assert tags(trouble_card(error.value.problems, f"{name} {name}", name)) <= ALLOWED


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60),
)
def test_any_text_is_shown_as_it_is(premises, question):
    try:
        html = draw(show_proof(read_question(premises, question)).pictures[0][1])
    except ReadingError as error:
        html = trouble_card(error.problems, premises, question)
    assert tags(html) <= ALLOWED


def test_a_picture_has_a_text_that_describes_it():
    svg = draw(Picture(["a", "b"], [("a", "b"), ("a", "a")], description="A <causes> B"))
    assert svg.count('role="img"') == 2 and "A &lt;causes&gt; B" in svg
    identifiers = re.findall(r'id="([^"]+)"', svg)
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize(
    ("premises", "question", "message"),
    [
        ("x" * (limits.MAX_CHARACTERS + 1), "", "characters"),
        ("a → b\n" * (limits.MAX_STATEMENTS + 1), "a → b?", "statements"),
        ("→".join(f"n{i}" for i in range(limits.MAX_NODES + 1)), "n0 → n1?", "nodes"),
        (
            "\n".join(f"{a} correlates with {b}" for a, b in combinations("abcdefg", 2)),
            "a directly causes b",
            "variables",
        ),
        (
            f"{'x' * (limits.MAX_NAME_LENGTH + 1)} causes b",
            f"{'x' * (limits.MAX_NAME_LENGTH + 1)} → b?",
            "names of up to",
        ),
    ],
)
def test_what_is_too_much_is_said(premises, question, message):
    with pytest.raises((TooMuch, ReadingError), match=message):
        read_question(premises, question)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../axiom-cpu", "model_cards/axiom-cpu", "nobody/nothing", "", "a" * 500]
)
def test_a_request_names_no_path_and_no_hub_model(models, name):
    with pytest.raises(ValueError, match="`model` must be one of"):
        models.get(name)


@pytest.mark.parametrize("name", ["/etc/passwd", "../axiom-cpu", "a/b/c", "..", "a/..", "~/x"])
def test_with_the_switch_a_request_still_names_no_path(name):
    with pytest.raises(ValueError, match="`model` must be one of"):
        Models(allow_hub=True).get(name)


def test_a_hub_name_that_is_a_folder_here_is_looked_for_on_the_hub(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "org").mkdir()
    (tmp_path / "org" / "model").symlink_to(released_models()["axiom-cpu"])
    with pytest.raises(FileNotFoundError, match="from the Hub"):
        Models(allow_hub=True).get("org/model")


def test_released_models_have_weights_and_a_report():
    for name, folder in released_models().items():
        assert (folder / "model.safetensors").is_file() and (folder / "generalization.json").is_file(), name


def test_the_copied_python_answers(capsys):
    code = python_code('smoking causes "tar and ash"', "Does smoking cause “tar and ash”?", "axiom-looped")
    exec(compile(code, "copied", "exec"), {})
    assert "exact: Yes" in capsys.readouterr().out


@given(st.text(max_size=80))
def test_copied_python_is_python_whatever_is_typed(text):
    compile(python_code(text, text, text), "copied", "exec")


def test_a_link_holds_any_text():
    assert query_string("a→b & c\n", "?", "m") == "?premises=a%E2%86%92b+%26+c%0A&question=%3F&model=m"


def test_no_probability_is_shown_as_certain():
    assert [percent(share) for share in (0.0, 0.9994, 1.0)] == ["under 0.1%", "over 99.9%", "over 99.9%"]
