"""What the page says of two objects, held against the system that it is about."""

import pytest

from hf_causal.systems.interventions.comparison_card import (
    compare_pair,
    comparison_card,
    explanation,
    pictures,
    verdict,
)
from hf_causal.systems.interventions.scene_model import scene_system
from hf_causal.systems.interventions.tab import InterveneTab


@pytest.mark.parametrize(
    ("pair", "relation", "said", "cut"),
    [
        (("cup", "sink"), "none", "A cup has no effect on a sink", {("scene", "cup"), ("kite", "cup")}),
        (
            ("dog", "bed"),
            "direct",
            "has a direct effect on a bed: put there, it makes one more",
            {("scene", "dog")},
        ),
        (("dog", "lamp"), "mediated", "has an effect, through another object, on a lamp", {("scene", "dog")}),
        (
            ("hair drier", "person"),
            "reversed",
            "the effect runs the other way",
            {("scene", "hair drier"), ("person", "hair drier")},
        ),
    ],
)
def test_the_words_and_the_cut_are_those_of_the_relation(pair, relation, said, cut):
    found = compare_pair(*pair, 1.0)
    assert found.row.relation == relation and said in explanation(found)
    whole, after = pictures(found)
    assert whole.edges == after.edges and not whole.cut and after.cut == cut
    system = scene_system(0, 1.0)
    stated = {(cause, effect) for cause, effect in whole.edges if cause != "scene"}
    place = {name: system.objects.index(name) for name in whole.nodes if name != "scene"}
    direct = {(one, two) for one in place for two in place if system.hops(place[one], place[two]) == 1}
    assert stated == direct


def test_numbers_are_those_of_the_images():
    found = compare_pair("cup", "sink", 1.0)
    system = scene_system(0, 1.0)
    kitchen, cup, sink = system.scenes.index("kitchen"), *map(system.objects.index, ("cup", "sink"))
    posterior = system.scene_probability * system.alone[:, cup]
    expected = (posterior[kitchen] / posterior.sum(), system.scene_probability[kitchen], system.alone[kitchen, sink])
    assert found.scene == "kitchen" and found.in_scene == pytest.approx(expected, abs=0.03)
    assert found.anywhere == pytest.approx(system.alone[:, sink] @ system.scene_probability, abs=0.02)
    seen = f"{100 * found.row.observed:.0f}\u00a0%"
    assert verdict(found).startswith(f"Of the images with a cup, {seen} have a sink")


def test_without_a_confounder_there_is_no_scene_to_cut():
    found = compare_pair("cup", "oven", 0.0)
    assert "about as many would" in verdict(found) and "seeing and doing are the same" in explanation(found)
    assert "have an oven" in verdict(found)
    assert pictures(found)[1].cut == {("kite", "cup")}


def test_a_card_is_drawn_and_mistakes_are_reported():
    import gradio as gr

    assert comparison_card(compare_pair("cup", "sink", 1.0)).count("hc-edge-cut") == 2 * 2
    with gr.Blocks():
        tab = InterveneTab()
    assert "different objects" in tab.show("cup", "cup", 1.0)
    assert "There is no object &#x27;wolf&#x27;" in tab.show("cup", "wolf", 1.0)
