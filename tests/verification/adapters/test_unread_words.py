"""Texts of published data sets with other words than theirs are refused: none is passed over."""

import pytest
from clear_rows import row

from hf_causal.verification.adapters import UnreadableError, find_adapter
from hf_causal.verification.adapters.cladder_texts import read_phrases
from hf_causal.verification.adapters.effect_questions import check_instruction, read_effect_question
from hf_causal.verification.adapters.effect_texts import read_scene
from hf_causal.verification.adapters.stated_graphs import read_graph

WORLD = (
    "Imagine a self-contained, hypothetical world with only the following conditions, and without any unmentioned "
    "factors or causal relationships: Rain has a direct effect on mud. The need to go on foot has a direct effect on "
    "rain."
)
DATA = (
    "For those with rain being high, the probability of mud being high is 0.7. "
    "For those with rain being low, the probability of mud being high is 0.2."
)
ASKED = "If rain is changed to be high, will mud be more likely to be {}?"


@pytest.mark.parametrize(
    "text",
    [
        "Given a DAG (directed odd acyclic graph) with nodes A, B and directed edges A->B.",
        "Given a DAG (graph) with nodes A, B and directed edges A->B.",
        "Given a PAG with nodes A, B and directed edges A->B.",
        "Given a DAG with nodes A, B and all directed edges A->B.",
        "Given a DAG with nodes A, B directed edges A->B.",
    ],
)
def test_graphs_of_another_sort_are_refused(text):
    with pytest.raises(UnreadableError):
        read_graph(text)
    assert find_adapter(row(text, "Is A a node of this graph?", "Yes.")).name == "clear"


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("Consider the average treatment effect (ATE) of rain on mud.", True),
        ("考虑rain作用于mud的“平均干预效果”(average treatment effect, ATE)。", True),
        ("", True),
        ("Consider the average treatment effect (ATE) of mud on rain.", False),
        ("Consider the average treatment effect (ATE) of the need to go on foot on mud.", False),
        ("Consider the natural direct effect (NDE) of rain on mud.", False),
        ("Consider the natural direct effect (ATE) of rain on mud.", False),
        ("Consider no average treatment effect (ATE) of rain on mud.", False),
        ("Ignore the question.", False),
    ],
)
def test_instructions_fit_the_question(text, fits):
    scene = read_scene(WORLD, DATA)
    question = read_effect_question(scene, ASKED.format("high"))
    if fits:
        check_instruction(scene, question, text)
    else:
        with pytest.raises(UnreadableError):
            check_instruction(scene, question, text)


def test_a_label_without_the_answer_that_is_asked_for_is_not_proved():
    problem = (
        f"Input Info: {WORLD}\n{DATA}\nInstruction: Consider the average treatment effect (ATE) of rain on mud.\n"
        f"Question: {ASKED.format('high')}\nProvide the calculation result to four decimal places"
        ' and a final "yes" or "no" answer in JSON format, like {"ANSWER": "Yes", "PROB": "0.1234"}:'
    )
    for answer, verdict in (('{"ANSWER": "Yes", "PROB": "0.5"}', "proved"), ('{"PROB": "0.5"}', "unreadable")):
        values = {"problem": problem, "answer": answer, "Type": "ATE"}
        assert find_adapter(values).verdict(values).verdict == verdict


def test_names_with_the_words_of_an_instruction_are_kept_apart():
    scene = read_scene(WORLD, DATA)
    asked = "If the need to go on foot is changed to be high, will rain be more likely to be high?"
    text = "Consider the average treatment effect (ATE) of the need to go on foot on rain."
    check_instruction(scene, read_effect_question(scene, asked), text)


@pytest.mark.parametrize(
    ("first", "second", "are_opposites"),
    [
        ("high", "low", True),
        ("healthy", "unhealthy", True),
        ("accurate", "inaccurate", True),
        ("satisfied", "dissatisfied", True),
        ("high education level", "low education level", True),
        ("early arrival", "late arrival", True),
        ("不健康", "健康", True),
        ("high", "hihg", False),
        ("successful", "succesful", False),
        ("high", "very high", False),
    ],
)
def test_a_value_with_a_mistake_is_not_the_other_value(first, second, are_opposites):
    scene = read_scene(WORLD, "")
    assert scene.value(0, first) == 0
    if are_opposites:
        assert scene.value(0, second) == 1
    else:
        with pytest.raises(UnreadableError, match="expected one of two values"):
            scene.value(0, second)


GIVEN = (
    "For those who are not rixq, the probability of xevu is 20%. "
    "For those who are rixq, the probability of xevu is 70%."
)
JOINT = (
    "The overall probability of rixq is 9%. The probability of not rixq and xevu is 5%. "
    "The probability of rixq and xevu is 8%."
)
TREATED = "For those who are {}, would it be less likely to see xevu if the individual was not rixq?"
COLLIDER = "If we look at those who are zuph, does it mean that rixq does not affect xevu?"
METHODS = (
    "Method 1: We look directly at how rixq correlates with xevu in general. "
    "Method 2: We look at this correlation case by case according to zuph."
)
MORE_CORRECT = "To understand how rixq affects xevu, is it more correct to use the Method 1 than Method 2?"
ATE = "Will rixq increase the chance of xevu?"


@pytest.mark.parametrize(
    ("given", "asked", "query", "message"),
    [
        (GIVEN, ATE, "ate", ""),
        (GIVEN, TREATED.format("rixq"), "ett", ""),
        (JOINT, "Is the chance of xevu larger when observing rixq?", "correlation", ""),
        ("For those who are zuph, the correlation between rixq and xevu is -0.16.", COLLIDER, "collider_bias", ""),
        (METHODS, MORE_CORRECT, "backadj", ""),
        ("We know that zuph causes xevu. We observed the man is zuph.",
         "Would the man is xevu if rixq instead of not rixq?", "det-counterfactual", ""),
        (GIVEN, "Will rixq not increase chances of xevu?", "ate", "the question is not understood"),
        (GIVEN, "Will rixq increase the chance of gwet?", "ate", "about 'gwet'"),
        (GIVEN, TREATED.format("zuph"), "ett", "'those who are zuph'"),
        (GIVEN.replace("not ", ""), ATE, "ate", "stated twice"),
        (GIVEN.replace("xevu is 20", "no xevu is 20"), ATE, "ate", "for 1 conditions"),
        (f"{GIVEN} This is false.", ATE, "ate", "got 'This is false.'"),
        (JOINT.replace("and xevu is 5", "and gwet is 5"), "Is the chance of xevu larger when observing rixq?",
         "correlation", "about 'xevu'"),
        (JOINT, "Is the chance of xevu larger when observing zuph?", "correlation", "about 'zuph'"),
    ],
)  # fmt: skip
def test_sentences_of_cladder_are_known(given, asked, query, message):
    if not message:
        assert read_phrases(given, asked, query)
    else:
        with pytest.raises(UnreadableError, match=message):
            read_phrases(given, asked, query)
