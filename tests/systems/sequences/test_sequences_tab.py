"""The recorded trainings of the page, and what it shows of them."""

import re

import gradio as gr
import pytest

from hf_causal.systems.sequences.metric import recover
from hf_causal.systems.sequences.tab import RECORDED, TITLES, LatentTab, recordings, unpacked


def square(head):
    rows = unpacked(head)
    return [row + [0.0] * (len(rows) - len(row)) for row in rows]


def test_percentages_come_back_row_by_row():
    assert unpacked([100, 25, 75, 0, 10, 90]) == [[1.0], [0.25, 0.75], [0.0, 0.1, 0.9]]


@pytest.mark.parametrize("name", recordings())
def test_a_recording_begins_with_nothing_and_ends_with_the_graph(name):
    recording = recordings()[name]
    parents, steps = recording["parents"][:-1], [frame["step"] for frame in recording["frames"]]
    assert name in TITLES and steps == sorted(set(steps)) and steps[0] == 0 and RECORDED.stat().st_size < 100_000
    first, last = (
        [[[value / sum(row) for value in row] for row in square(head)] for head in recording["frames"][place]["heads"]]
        for place in (0, -1)
    )
    even, found = recover(first, parents), recover(last, parents)
    assert even.mean_weight == pytest.approx(even.uniform_weight, abs=0.01)
    assert found.mean_weight > 2 * even.mean_weight and found.precision > 0.8
    assert found.f1 > 0.9 or len(recording["frames"][0]["heads"]) > 1  # heads share parents among them
    assert recording["log"][-1][1] > recording["bayes"] - 0.02


def test_the_view_shows_the_moment():
    with gr.Blocks():
        tab = LatentTab()
    name, recording = next(iter(recordings().items()))
    frame = recording["frames"][3]
    shown = tab.show(name, 3)
    edges = [(child, parent) for child, own in enumerate(recording["parents"][:-1]) for parent in own]
    weight = sum(max(unpacked(head)[child][parent] for head in frame["heads"]) for child, parent in edges) / len(edges)
    assert f"Step {frame['step']:,}:" in shown and f"<b>{100 * weight:.0f} %</b>" in shown
    maps = 1 + len(frame["heads"])
    assert shown.count('class="hc-ring"') == maps * len(edges)
    levels = re.findall(r"--level:([\d.]+)", shown)
    assert len(levels) == maps * sum(range(1, len(recording["parents"])))
    assert levels[: len(levels) // maps].count("1.00") == len(edges)
    slider, beginning = tab.choose(name)
    assert slider.value == 0 and "Step 0:" in beginning
