"""Questions about all adjustment sets: read as one of five kinds, or refused; answers against a list of all sets."""

import random
from itertools import combinations

import networkx as nx
import pytest
import reading_texts
from test_reading_effects import is_valid

from hf_causal.reading import KINDS, ReadingError, answer, read
from hf_causal.reading.chinese import has_han

ENGLISH = "Age affects both drug use and recovery. Drug use speeds up recovery. Recovery causes happiness."
CHINESE = "年龄影响用药和康复。用药导致康复。康复导致快乐。"
SET, LEAST, ANY, EXISTS, NEVER = (
    "adjustment_set", "smallest_adjustment_set", "any_adjustment", "exists_adjustment_set", "forbidden_adjustment"
)  # fmt: skip
WORDINGS = [
    ("What should I adjust for to find the effect of drug use on recovery?", SET),
    ("Which variables do I need to control for to estimate the effect of drug use on recovery?", SET),
    ("To estimate the effect of drug use on recovery, what should be controlled for?", SET),
    ("Which of the variables must we condition on to identify the causal effect of drug use on recovery?", SET),
    ("What is a valid adjustment set for the effect of drug use on recovery?", SET),
    ("Which set of variables is enough to adjust for to get the effect of drug use on recovery?", SET),
    ("Which variables have to be adjusted for in estimating drug use's effect on recovery?", SET),
    ("What is the smallest adjustment set for the effect of drug use on recovery?", LEAST),
    ("What is the least that I need to control for to measure the effect of drug use on recovery?", LEAST),
    ("Is there anything that I should control for to estimate the effect of drug use on recovery?", ANY),
    ("Is there anything I need to adjust for when estimating the effect of drug use on recovery?", ANY),
    ("Do I have to control for anything to learn the effect of drug use on recovery?", ANY),
    ("Are there any variables we must adjust for to find the effect of drug use on recovery?", ANY),
    ("Is any adjustment needed to estimate the effect of drug use on recovery?", ANY),
    ("Is there a valid adjustment set for the effect of drug use on recovery?", EXISTS),
    ("Does a sufficient adjustment set exist for the effect of drug use on recovery?", EXISTS),
    ("Which variables must I not control for to estimate the effect of drug use on recovery?", NEVER),
    ("What should not be adjusted for when estimating the effect of drug use on recovery?", NEVER),
    ("Which variables shouldn't I condition on to find the effect of drug use on recovery?", NEVER),
    ("To find the effect of drug use on recovery, what must never be controlled for?", NEVER),
    ("要估计用药对康复的影响，应该调整哪些变量？", SET),
    ("应该控制什么才能估计用药对康复的影响？", SET),
    ("为了估计用药对康复的因果效应，哪些变量需要调整？", SET),
    ("用药对康复的影响的有效调整集是什么？", SET),
    ("用药对康复的影响的最小调整集是什么？", LEAST),
    ("要估计用药对康复的影响，有没有需要控制的变量？", ANY),
    ("要估计用药对康复的影响，需要控制什么吗？", ANY),
    ("用药对康复的影响有有效调整集吗？", EXISTS),
    ("要估计用药对康复的影响，哪些变量不能控制？", NEVER),
    ("估计用药对康复的影响，不应该调整哪些变量？", NEVER),
]


def premises(question):
    return CHINESE if has_han(question) else ENGLISH


@pytest.mark.parametrize(("question", "kind"), WORDINGS)
def test_wordings_are_read_and_answered(question, kind):
    result = answer(read(premises(question), question))
    assert result.reading.question.kind == kind and kind in KINDS and result.reading.prompt is None
    members = {NEVER: ("happiness", "快乐")}.get(kind, ("Age", "年龄"))
    assert result.members == (members[premises(question) == CHINESE],)
    assert result.answer == ("Yes" if kind in (ANY, EXISTS) else "")
    assert "effect of “" in result.reading.restated and result.as_dict()["read_as"] == result.reading.restated
    for proof in result.proofs:
        proof.check()


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("What should I adjust for?", "does not say for which effect"),
        ("应该调整哪些变量？", "没有说明是哪个效应"),
        ("Should I adjust for age to find the effect of drug use on recovery?", "is enough or whether it is needed"),
        ("What should I adjust for to find the effect of drug use on health?", "do not mention “health”"),
        ("What should I adjust for to find the effect of drug use on recovery in women?", "recovery in women"),
        ("What should I usually adjust for to find the effect of drug use on recovery?", "usually"),
        ("What can I adjust for to find the effect of drug use on recovery?", "What"),
        ("What should I adjust for to find the effect of drug use on recovery and happiness?", "and"),
        ("Which two variables should I adjust for to find the effect of drug use on recovery?", "two|Which"),
        ("What should I adjust for to find the direct effect of drug use on recovery?", "direct"),
    ],
)
def test_what_is_not_understood_is_refused(question, reason):
    with pytest.raises(ReadingError, match=reason):
        read(premises(question), question)


def test_a_word_that_changes_the_meaning_is_refused_or_changes_the_reading():
    draw, refused = random.Random(4), 0
    for _ in range(300):
        question, kind = draw.choice(WORDINGS)
        chinese = premises(question) == CHINESE
        made = reading_texts.Made(premises(question), question, frozenset(), ("", ""), "")
        changed = reading_texts.insert_change(draw, made, chinese)
        try:
            reading = read(*changed)
        except ReadingError:
            refused += 1
            continue
        # "What should I not adjust for" is another question.
        assert reading.question.kind == NEVER != kind and set(changed[1].split()) & {"not", "never"}, changed
    assert refused > 285


STATED = "Taste affects diet and quiz. Genes affect quiz and health. Diet affects health."


@pytest.mark.parametrize(
    ("hidden", "question", "expected", "members"),
    [
        ("", "Is there anything that I should adjust for", "No. In the stated graph the effect", ()),
        ("", "Which variables should I not adjust for", "adjusting for “quiz” alone opens a path", ()),
        (" Genes are unobserved. Taste is unobserved.", "Which variables should I not adjust for",
         ": “quiz”.", ("quiz",)),
        (" Diet and health share a hidden cause.", "What should I adjust for",
         "given “Taste” and “Genes”: diet ↔ health", ()),
        (" Diet and health share a hidden cause.", "Is there anything that I should adjust for", "stays open", ()),
        (" Diet and health share a hidden cause.", "Which variables must I not adjust for", "stays open", ()),
        (" Sport affects diet and health.", "Which variables should I not adjust for",
         "Adjusting for “Sport” is enough; adjusting for “quiz” too opens", ()),
    ],
)  # fmt: skip
def test_hidden_causes_and_colliders(hidden, question, expected, members):
    result = answer(read(STATED + hidden, f"{question} to estimate the effect of diet on health?"))
    assert expected in result.text and result.members == members
    for proof in result.proofs:
        proof.check()


def test_several_minimal_sets_are_listed():
    stated = "Age causes income. Age causes diet. Income causes health. Diet causes health. Sport causes diet. "
    stated += "Sport causes taste. Taste causes health."
    result = answer(read(stated, "What should I control for to find the effect of diet on health?"))
    assert result.text.count("“") == 10 and len(result.proofs) == 4  # the pair, and four sets of two


ASKED = "What should I adjust for", "Which variables must I not adjust for", "What is the smallest adjustment set"


def test_answers_agree_with_a_list_of_all_sets():
    draw, seen = random.Random(6), {"sets": 0, "never": 0, "none": 0}
    for _ in range(60):
        nodes = draw.sample("PQRSTVW", 6)
        edges = [(a, b) for i, a in enumerate(nodes) for b in nodes[i + 1 :] if draw.random() < 0.45]
        graph, latent = nx.DiGraph(edges), set(draw.sample(nodes, draw.randint(0, 1)))
        observed = sorted(set(graph) - latent)
        if len(observed) < 4 or not latent <= set(graph):
            continue
        x, y, *others = draw.sample(observed, len(observed))
        said = " ".join([f"{a} causes {b}." for a, b in edges] + [f"{node} is unobserved." for node in latent])
        try:
            one, never, least = (answer(read(said, f"{ask} to find the effect of {x} on {y}?")) for ask in ASKED)
        except ReadingError as error:
            assert "no statement is about" in str(error)  # the hidden node leaves a name without a statement
            continue
        subsets = [set(z) for size in range(len(others) + 1) for z in combinations(others, size)]
        valid = [z for z in subsets if is_valid(graph, x, y, z)]
        if not valid:
            assert "stays open" in one.text and "stays open" in never.text
            seen["none"] += 1
            continue
        assert set(one.members) in valid and not any(z < set(one.members) for z in valid)
        assert len(least.members) == min(map(len, valid))
        stated = set(others) & set(never.reading.names)
        assert set(never.members) == stated - set().union(*valid)
        seen["sets"] += bool(one.members)
        seen["never"] += bool(never.members)
    assert min(seen.values()) > 5, seen
