"""Proofs in words, for rows of every task."""

import json

import pytest

from hf_causal.tasks.registry import tasks
from hf_causal.tasks.shared.explanations import MOST_NAMES, keep_name, quote_names


def spell_out(name):
    return f"the {name} thing"


@pytest.mark.parametrize("task", tasks().values(), ids=lambda task: task.name)
def test_every_proof_is_explained_with_the_names_to_show(task):
    config = task.small_config(task.default_evaluation)
    split = [name for name in config.splits if name != "train"][-1]
    rows = task.generate_shard(config, split, 0).slice(0, 60).to_pylist()
    assert not task.is_yes_no or len({row["completion"] for row in rows}) == 2
    for row in rows:
        prompt, certificate = task.parse(row["prompt"]), json.loads(row["certificate"])
        plain = task.explain(prompt, certificate, keep_name)
        shown = task.explain(prompt, certificate, spell_out)
        assert plain.summary.endswith(".") and len(plain.drawings) == len(shown.drawings) >= 1
        for node in task.facts(prompt).question:
            assert f" {spell_out(node)}" in f" {shown.summary}".replace("“", " ")
        for drawing in shown.drawings:
            nodes = {node for edge in (*drawing.edges, *drawing.path) for node in edge} | drawing.marked
            assert all(node.startswith("the ") and node.endswith(" thing") for node in nodes)
            assert drawing.undirected <= set(drawing.edges)


def test_a_long_list_of_names_ends_with_their_number():
    names = [f"n{index}" for index in range(MOST_NAMES + 5)]
    assert quote_names(names).endswith(f"“n{MOST_NAMES - 1}” and 5 more")
