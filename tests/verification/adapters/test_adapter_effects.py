"""The adapters of CaLM and CauGym against models that the stated probabilities were taken from."""

import json
import random
from fractions import Fraction

import pytest

from hf_causal.graphs.causal_effects import (
    average_effect,
    bounds,
    effect_on_treated,
    natural_direct_effect,
    natural_indirect_effect,
)
from hf_causal.graphs.structural_models import BinaryModel, Variable, probability
from hf_causal.verification import fix, verify
from hf_causal.verification.adapters import find_adapter

NAMES = ["rain", "mud", "delay", "cost"]
VALUES = ("low", "high")
WORLD = (
    "Imagine a self-contained, hypothetical world with only the following conditions, and without any unmentioned "
    "factors or causal relationships: "
)
EFFECTS = {
    "ATE": "average treatment effect",
    "ETT": "effect of treatment on the treated",
    "NDE": "natural direct effect",
    "NIE": "natural indirect effect",
    "PN": "probability of necessity",
}
ASKED = {
    "ATE": "If {x} is changed to be high, will {y} be more likely to be high?",
    "ETT": "For those with {x} being high, if their {x} had been low, would the {y} have been more likely to be high?",
    "NDE": "Suppose the mediator keeps constant when {x} is changed to be high, would the {y} have been more likely "
    "to be high?",
    "NIE": "Suppose {x} is held constant and the mediator changes to whatever value it would have attained under {x} "
    "changing to be high, would {y} have been more likely to be high?",
    "PN": "Given that {x} was high and {y} was high, what is the lower bound of the probability of the {y} would have "
    "been low if the {x} had been low?",
}


def world(edges) -> str:
    return WORLD + " ".join(f"{NAMES[i].title()} has a direct effect on {NAMES[j]}." for i, j in edges)


def event(items) -> str:
    return " and ".join(f"{NAMES[node]} being {VALUES[value]}" for node, value in items)


def sentence(model, target, given, digits=8) -> str:
    value = probability(model, {Variable(0, n): v for n, v in target}, {Variable(0, n): v for n, v in given})
    start = f"For those with {event(given)}, the" if given else "The"
    return f"{start} probability of {event(target)} is {float(value):.{digits}f}."


def drawn(seed):
    generator = random.Random(seed)
    edges = [(0, 1), (0, 2), (1, 2), (2, 3)] + [pair for pair in ((0, 3), (1, 3)) if generator.random() < 0.5]
    parents = tuple(tuple(i for i, j in edges if j == node) for node in range(4))
    tables = tuple(tuple(Fraction(generator.randint(1, 99), 100) for _ in range(2 ** len(p))) for p in parents)
    return edges, parents, BinaryModel(parents, tables)


def tables_of(model, parents) -> str:
    """Returns sentences with the whole model."""
    texts = []
    for node, above in enumerate(parents):
        for row in range(2 ** len(above)):
            given = [(parent, row >> shift & 1) for shift, parent in enumerate(reversed(above))]
            texts.append(sentence(model, [(node, 1)], given))
    return " ".join(texts)


def problem(edges, data, what, x, y) -> str:
    asked = ASKED[what].format(x=NAMES[x], y=NAMES[y])
    return (
        f"Input Info: {world(edges)}\n{data}\n"
        f"Instruction: Consider the {EFFECTS[what]} ({what}) of {NAMES[x]} on {NAMES[y]}.\n"
        f"Question: {asked}\nProvide the calculation result to four decimal places in JSON format:"
    )


def gym_row(text, answer, what="ATE", **further) -> dict:
    return {
        "problem": text,
        "answer": answer if isinstance(answer, str) else json.dumps(answer),
        "Type": what,
        **further,
    }


def verdict(row) -> str:
    return find_adapter(row).verdict(row).verdict


@pytest.mark.parametrize("seed", range(1))
def test_effects_agree_with_the_model(seed):
    edges, parents, model = drawn(seed)
    data = tables_of(model, parents)
    for x, y in ((0, 1), (0, 2), (2, 3)):
        middle = [m for m in range(x + 1, y) if any((x, m) == e for e in edges) or m == 2]
        exact = {
            "ATE": average_effect(model, x, y),
            "ETT": effect_on_treated(model, x, y),
            "NDE": natural_direct_effect(model, x, y, middle),
            "NIE": natural_indirect_effect(model, x, y, middle),
            "PN": bounds(model, x, y, "PN")[0],
        }
        for what, value in exact.items():
            more = value < 0 if what == "ETT" else value > 0
            word = {} if what == "PN" else {"ANSWER": "Yes" if more else "No"}
            text = problem(edges, data, what, x, y)
            right = gym_row(text, word | {"PROB": f"{float(value):.4f}"}, what)
            judgement = find_adapter(right).verdict(right)
            if judgement.verdict == "out_of_scope":
                continue  # covered by the tests of the derivation
            assert judgement.verdict == "proved", (what, judgement.reason)
            assert verdict(gym_row(text, word | {"PROB": f"{float(value) + 0.002:.4f}"}, what)) == "refuted"
            if word and value:
                other = {"ANSWER": "No" if more else "Yes", "PROB": f"{float(value):.4f}"}
                assert verdict(gym_row(text, other, what)) == "refuted"


EDGES = [(0, 1), (1, 2)]
HALF = "For those with rain being high, the probability of mud being high is 0.7. "
FULL = HALF + "For those with rain being low, the probability of mud being high is 0.2."


def test_each_verdict():
    text = problem(EDGES, FULL, "ATE", 0, 1)
    assert verdict(gym_row(text, {"ANSWER": "Yes", "PROB": "0.5"})) == "proved"
    assert verdict(gym_row(text, {"ANSWER": "No", "PROB": "0.5"})) == "refuted"
    assert verdict(gym_row(text, {"ANSWER": "Yes", "PROB": "0.5004"})) == "precision"
    assert verdict(gym_row(text, "LACK_CONDITION")) == "refuted"
    derivation = {"Step 1": "x", "Step 2": "ATE=0.5>0 so the answer is Yes."}
    assert verdict(gym_row(text, {"ANSWER": "No", "PROB": "0.5"}, Reason=derivation)) == "contradicts_derivation"
    assert verdict(gym_row(text, "maybe")) == "unreadable"
    lacking = problem(EDGES, HALF, "ATE", 0, 1)
    assert verdict(gym_row(lacking, "LACK_CONDITION")) == "proved"
    underdetermined = find_adapter(gym_row(lacking, "x")).verdict(gym_row(lacking, {"ANSWER": "Yes", "PROB": "0.1"}))
    assert underdetermined.verdict == "underdetermined"
    first, second = underdetermined.question.solution.proof["effects"]
    assert first != second
    assert verdict(gym_row(problem(EDGES, "", "ATE", 2, 0), {"ANSWER": "No", "PROB": "0"})) == "proved"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Rain has", "Rain (e.g. a shower). Then it has"),
        ("on mud.", "on mud and dust."),
        ("on mud.", "on mud has a direct effect on delay."),
        ("the probability of mud being high is 0.7", "the chance of mud is 0.7"),
        ("mud being high is 0.7", "mud being high is 1.7"),
        ("mud being high is 0.7", "mud being high or low is 0.7"),
        ("mud being high is 0.2", "mud being very high is 0.2"),
        ("mud being high is 0.2", "snow being high is 0.2"),
        ("If rain is", "If snow is"),
        ("more likely", "less likely"),
    ],
)
def test_texts_with_a_changed_word_are_not_read(old, new):
    text = problem(EDGES, FULL, "ATE", 0, 1)
    assert old in text
    row = gym_row(text.replace(old, new, 1), {"ANSWER": "Yes", "PROB": "0.5"})
    assert verdict(row) == "unreadable"


def test_names_with_brackets():
    text = (
        problem(EDGES, FULL, "ATE", 0, 2)
        .replace("mud", "mud on roads (e.g. in town)")
        .replace("Mud", "Mud on roads (e.g. in town)")
    )
    row = gym_row(text, {"ANSWER": "No", "PROB": "0"})
    judgement = find_adapter(row).verdict(row)
    assert judgement.verdict == "underdetermined"  # there is a path from rain to delay


def calm_row(asked, answer, data="", edges=EDGES) -> dict:
    return {
        "Background": {"data_info": data}, "given_info": world(edges),
        "Question": asked, "Instruction": "Consider the average treatment effect (ATE) of rain on mud.",
        "gt_answer": answer, "Type": "ATE",
    }  # fmt: skip


def test_calm_effects_and_corrections(tmp_path):
    asked = ASKED["ATE"].format(x="rain", y="mud")
    rows = [calm_row(asked, answer, FULL) for answer in ("Yes", "No", 0.5, 0.49999999, 0.4)]
    path = tmp_path / "ATE.json"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (table,) = verify(path).tables
    assert (table.dataset, table.verdicts) == ("CaLM", {"proved": 3, "refuted": 2})
    fix(path, tmp_path / "fixed.json")
    answers = [json.loads(line)["gt_answer"] for line in (tmp_path / "fixed.json").read_text().splitlines()]
    assert answers == ["Yes", "Yes", 0.5, 0.49999999, 0.5]


def test_chinese_texts():
    data = "在雨量为高的条件下, 泥泞为高的概率为0.7。在雨量为低的条件下, 泥泞为高的概率为0.2。"
    row = calm_row("如果雨量被改变为高，那么泥泞更有可能为高吗？", "是", data)
    row["Instruction"] = "考虑雨量作用于泥泞的“平均干预效果”(average treatment effect, ATE)。"
    row["given_info"] = "设想一个只有以下条件，而没有其他因素或因果关系的假设世界：雨量对泥泞有直接影响。"
    assert verdict(row) == "proved"
    assert verdict(row | {"gt_answer": "否"}) == "refuted"
    assert verdict(row | {"Question": "如果雨量被改变为高，那么泥泞有可能为高吗？"}) == "unreadable"


GRAPH = {"vertices": list("ABCD"), "edges": "A causes B, A causes C, B causes C, and C causes D"}


def test_calm_graphs(tmp_path):
    causes = {"vertices": list("ABC"), "ar_edges": "A causes B, and B causes C", "former": "A", "latter": "C"}
    assert verdict(causes | {"GT_causes": ["A", "B"], "gt_answer": 1}) == "proved"
    assert verdict(causes | {"GT_causes": ["A", "B"], "gt_answer": 0}) == "refuted"
    assert verdict(causes | {"GT_causes": ["A"], "gt_answer": 1}) == "contradicts_derivation"
    assert verdict(causes | {"ar_edges": "A causes B, B likes C", "gt_answer": 1}) == "unreadable"
    hidden = {
        "vertices": list("AB"),
        "di_edges": "A causes B",
        "bi_edges": "A and B",
        "treatment": "A",
        "outcome": "B",
    }
    assert verdict(hidden | {"gt_answer": 0}) == "proved"
    assert verdict(hidden | {"bi_edges": [], "gt_answer": 0}) == "refuted"
    options = {"option1": "A", "option2": "D", "option3": "C", "treatment": "B", "outcome": "C", "GT": ["A"]}
    assert verdict(GRAPH | options | {"gt_answer": 1}) == "out_of_scope"  # the name of the file says what is asked for
    for name, right in {"BAS-C_min-BAS_EN": {1: "proved", 2: "refuted"}, "FAS-C_FAS_EN": {1: "refuted"}}.items():
        for answer, expected in right.items():
            path = tmp_path / f"{name}.json"
            path.write_text(json.dumps([GRAPH | options | {"gt_answer": answer}]))
            assert verify(path).tables[0].verdicts == {expected: 1}
