"""Rows of levels: the same by any way of access, balanced, proved, and harder from level to level."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import hf_causal
from hf_causal.corpora.levels import rows_by_index
from hf_causal.tasks.registry import get_task, tasks

CHEAP = [(task.name, level.number) for task in tasks().values() for level in task.levels
         if task.name != "corr2cause" or level.number < 3]  # fmt: skip
"""Without systems of six variables, whose enumeration takes seconds."""


@pytest.mark.parametrize("task, level", CHEAP)
def test_rows_are_balanced_and_proved(task, level):
    rows = rows_by_index(task, seed=5, level=level, split="test")[: get_task(task).level(level).block_rows]
    yes = sum(row["label"] for row in rows) if get_task(task).is_yes_no else len(rows) / 2
    assert yes == len(rows) / 2
    for row in rows[:6]:
        hf_causal.check(row)
        measures = get_task(task).measures(row)
        assert 2 < measures["nodes"] <= row["num_nodes"]  # a node without edges is not in the text
        assert measures["edges"] == row["num_edges"]
        assert row["hops"] in (None, measures["hops"])
    cells = {(cell.structure, cell.num_nodes): cell.rows for cell in get_task(task).level(level).cells}
    for (structure, nodes), count in cells.items():
        assert sum((row["structure"], row["num_nodes"]) == (structure, nodes) for row in rows) == count


def test_all_ways_of_access_give_the_same_rows():
    rows = rows_by_index("transitivity", seed=3, level=2)
    table = hf_causal.create("transitivity", rows=130, seed=3, level=2)
    streamed = iter(hf_causal.create("transitivity", seed=3, level=2, streaming=True))
    assert [rows[index] for index in (129, 0, 64, 63)] == [table[index] for index in (129, 0, 64, 63)]
    assert [next(streamed) for _ in range(70)] == rows[:70] == pickle.loads(pickle.dumps(rows))[:70]
    assert table.select(range(5)).to_list() == hf_causal.create("transitivity", rows=5, seed=3, level=2).to_list()
    assert rows[0] != rows_by_index("transitivity", seed=4, level=2)[0]
    rows[7]["prompt"] = "changed"
    assert rows[7]["prompt"] != "changed"


def test_rows_are_the_same_in_every_process():
    code = "from hf_causal.corpora.levels import rows_by_index; print(rows_by_index('d_separation', level=4)[10**9])"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert run.stdout == f"{rows_by_index('d_separation', level=4)[10**9]}\n"


def test_splits_and_rounds_share_no_premise():
    rows = {split: rows_by_index("d_separation", level=1, split=split) for split in ("train", "validation", "test")}
    premises = {split: {row["premise"] for row in rows[split][:128]} for split in rows}
    assert not premises["train"] & premises["test"] and not premises["train"] & premises["validation"]
    first, fourth_round = rows["train"][0], rows["train"][3 * 4096 * 64]
    assert first["graph_id"].startswith("fresh-0000000/") and fourth_round["graph_id"].startswith("fresh-0000003/")
    table = rows["train"].table(256).to_pylist()
    assert len({row["prompt"] for row in table}) == 256
    assert len({row["graph_id"] for row in table}) == len({row["premise"] for row in table})


def test_training_rows_of_a_level_are_in_no_published_evaluation_split():
    evaluation = hf_causal.create("d_separation_generalization", rows=500, split="reversed", rows_per_cell=40)
    published = {frozenset(premise.split()) for premise in evaluation["premise"]}
    rows = rows_by_index("d_separation", level=1)[:256]
    assert not published & {frozenset(row["premise"].split()) for row in rows}


@pytest.mark.parametrize("arguments, message", [
    ({"level": 9}, r"`level` of d_separation must lie in 1 \.\.\. 7, got 9"),
    ({"level": 2, "split": "branching"}, "`split` of a level must be one of train, validation, test, got 'branching'"),
    ({"level": 2, "nodes": (5,)}, "a level has no options, got nodes"),
    ({"level": 2, "rows": 0}, "`rows` must lie in 1"),
])  # fmt: skip
def test_mistakes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        hf_causal.create("d_separation", **arguments)
    with pytest.raises(ValueError, match="`task` must be one of"):
        hf_causal.create("d_separation_trees", level=1)
    with pytest.raises(IndexError, match="got -1"):
        rows_by_index("d_separation")[-1]


def shortcut_accuracies(name, level, count):
    """Returns the accuracy of each shortcut on rows of a level, or 0.5 where it is lower."""
    task, rows = get_task(name), rows_by_index(name, level=level, split="test")[:count]
    prompts, labels = [task.parse(row["prompt"]) for row in rows], [row["label"] for row in rows]
    answers = {shortcut: rule(prompts, labels) for shortcut, rule in task.shortcuts.items()}
    return {shortcut: max(0.5, float(np.mean(np.equal(a, labels)))) for shortcut, a in answers.items()}


@pytest.mark.parametrize("task", ["transitivity", "d_separation", "co_occurrence"])
def test_shortcuts_fall_from_level_to_level(task):
    count = 128
    levels = [shortcut_accuracies(task, level.number, count) for level in get_task(task).levels]
    for easier, harder in zip(levels, levels[1:], strict=False):
        for shortcut, accuracy in easier.items():
            assert harder[shortcut] <= accuracy + 3 * (2 * 0.25 / count) ** 0.5, shortcut
    best = [max(accuracies.values()) for accuracies in levels]
    assert best[-1] < best[0] - 0.2
