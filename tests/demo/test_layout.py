"""Pictures of graphs: nodes apart, labels inside, edges around the nodes that they do not touch."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hf_causal.demo import layout as layout_module
from hf_causal.demo.layout import LINE_HEIGHT, label_of, lay_out, text_width
from hf_causal.demo.limits import TooMuch
from hf_causal.demo.pictures import Picture, draw
from hf_causal.tasks.proving import prove
from hf_causal.tasks.registry import task_of_prompt

PAIRS = st.tuples(st.integers(0, 7), st.integers(0, 7))
CHAIN = [(index, index + 1) for index in range(59)]
WINDING = [(index, (index * 7 + 3) % 60) for index in range(60)] + [
    (index, (index * 11 + 5) % 60) for index in range(60)
]


def named(pairs):
    edges = list(dict.fromkeys((f"node {cause}", f"node {effect}") for cause, effect in pairs))
    return list(dict.fromkeys(name for edge in edges for name in edge)) or ["alone"], edges


def boxes(layout):
    for node, (x, y) in layout.centres.items():
        width, height = layout.sizes[node]
        yield node, (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def points_of(route, steps=16):
    """Points along a cubic spline."""
    for start in range(0, len(route) - 1, 3):
        corners = route[start : start + 4]
        for step in range(steps + 1):
            t = step / steps
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            yield tuple(sum(w * corner[axis] for w, corner in zip(weights, corners, strict=True)) for axis in (0, 1))


@settings(max_examples=60, deadline=None)
@example(CHAIN, 760.0)
@example(WINDING, 760.0)
@example([(0, 0), (0, 1), (1, 0)], 330.0)
@given(st.lists(PAIRS, max_size=14), st.sampled_from([330.0, 760.0]))
def test_nothing_is_drawn_over_a_node(pairs, width):
    nodes, edges = named(pairs)
    layout = lay_out(nodes, edges, width)
    assert set(layout.centres) == set(nodes) and set(layout.routes) == set(edges)
    placed = dict(boxes(layout))
    for index, (left, top, right, bottom) in enumerate(placed.values()):
        assert left >= 0 and top >= 0 and right <= layout.width and bottom <= layout.height
        for other in list(placed.values())[:index]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
    for edge, route in layout.routes.items():
        for x, y in points_of(route):
            assert -1 <= x <= layout.width + 1 and -1 <= y <= layout.height + 1
            inside = {node for node, (a, b, c, d) in placed.items() if a + 2 < x < c - 2 and b + 2 < y < d - 2}
            assert inside <= set(edge)


@pytest.mark.parametrize(("cause", "effect"), [("a", "b"), ("b", "a"), ("a", "a")])
def test_an_edge_begins_at_its_cause_and_ends_at_its_effect(cause, effect):
    layout = lay_out("abc", [("a", "b"), ("b", "c"), (cause, effect)], 760)
    route, placed = layout.routes[cause, effect], dict(boxes(layout))
    for node, (x, y) in ((cause, route[0]), (effect, route[-1])):
        left, top, right, bottom = placed[node]
        assert left - 2 <= x <= right + 2 and top - 2 <= y <= bottom + 2


def test_a_dag_is_drawn_from_causes_to_effects():
    layout = lay_out("abcd", [("a", "b"), ("b", "c"), ("a", "d"), ("d", "c")], 760)
    across = {node: x for node, (x, _) in layout.centres.items()}
    assert across["a"] < across["b"] == across["d"] < across["c"]


def test_what_appears_together_is_joined_by_a_dotted_line_without_an_arrow():
    prompt = "ice and burns often appear together. sun causes ice. sun causes burns. Does ice cause burns?"
    task = task_of_prompt(prompt)
    (drawing,) = task.explain(task.parse(prompt), json.loads(prove(prompt).certificate)).drawings
    assert drawing.associated == {("ice", "burns")} and "dotted" in drawing.caption
    layout = lay_out(["ice", "burns", "sun"], drawing.edges, 760, drawing.associated)
    across = {node: x for node, (x, _) in layout.centres.items()}
    assert across["sun"] < across["ice"] == across["burns"]
    svg = draw(Picture(["ice", "burns", "sun"], drawing.edges, associated=drawing.associated))
    (dotted, *_) = re.findall(r"<path[^>]*hc-edge-associated[^>]*>", svg)
    assert "marker" not in dotted


def test_what_does_not_fit_is_drawn_from_top_to_bottom():
    nodes, edges = named(CHAIN)
    layout = lay_out(nodes, edges, 760)
    down = [layout.centres[node][1] for node in nodes]
    assert layout.width <= 760 and all(first < second for first, second in pairwise(down))


def test_the_layout_is_a_function_of_the_graph():
    nodes, edges = named(WINDING)
    lay_out.__globals__["_arrange"].cache_clear()
    first = lay_out(nodes, edges, 760)
    lay_out.__globals__["_arrange"].cache_clear()
    assert lay_out(nodes, edges, 760) == first


@pytest.mark.parametrize(
    "name",
    [
        "rain",
        "chronic high blood pressure",
        "Feinstaubbelastung durch Verkehr",
        "x" * 80,
        "道路湿滑导致交通事故增加了很多很多",
        "'\";}<b>",
    ],
)
def test_no_label_is_cut(name):
    layout = lay_out([name, "b"], [(name, "b")], 760)
    width, height = layout.sizes[name]
    lines = label_of(name)
    assert "".join(lines).replace(" ", "") == name.replace(" ", "")
    assert max(map(text_width, lines)) < width and LINE_HEIGHT * len(lines) < height
    shown = re.findall(r"<text[^>]*>([^<]*)</text>", draw(Picture([name, "b"], [(name, "b")])))
    assert len(shown) == 2 * (len(lines) + 1)


def test_a_large_graph_takes_few_passes_of_the_engine():
    assert "nslimit" not in layout_module._effort(20) and "nslimit" in layout_module._effort(300)
    nodes, edges = named([(low, low + step) for low in range(143) for step in (1, 7)])
    assert list(lay_out(nodes, edges, 760).centres) == nodes and len(nodes) == 150


def test_a_graph_that_takes_too_long_is_left_out(monkeypatch):
    def give_up(*_):
        raise TooMuch("too slow")

    layout_module._arrange.cache_clear()
    monkeypatch.setattr(layout_module.workers, "call", give_up)
    assert "too large to be drawn" in draw(Picture(["x", "y"], [("x", "y")]))


def test_threads_may_lay_out_at_the_same_time():
    graphs = [([f"{n}-{i}" for i in range(9)], [(f"{n}-{i}", f"{n}-{i + 1}") for i in range(8)]) for n in range(20)]
    layout_module._arrange.cache_clear()
    with ThreadPoolExecutor(4) as threads:
        drawn = list(threads.map(lambda graph: lay_out(*graph, 760), graphs))
    assert all(list(one.centres) == nodes for one, (nodes, _) in zip(drawn, graphs, strict=True))
