"""Statements with feedback and similar names: every row is judged from its text alone."""

import json
from collections import Counter
from itertools import combinations

import networkx as nx
import pytest
from splits import read_edges

from hf_causal.corpora import generate_shard, get_config
from hf_causal.tasks.proving import check_certificate, read
from hf_causal.tasks.transitivity.further_axes import FEEDBACK_EDGES, LONGEST_NAME, SIMILAR_NAMES
from hf_causal.verification.checks.row import check_row
from hf_causal.verification.io import Columns

CONFIG = "transitivity_further_generalization"
COLUMNS = Columns(("prompt",), "label", certificate="certificate", structure="structure")


@pytest.fixture(scope="module")
def splits():
    config = get_config("axiomatic", CONFIG, rows_per_cell=12)
    return {split: generate_shard("axiomatic", config, split, 0).to_pylist() for split in config.splits}


def asked(row):
    return row["question"].removeprefix("Does ").removesuffix("?").split(" cause ")


def test_the_cells_are_those_of_the_published_config():
    config = get_config("axiomatic", CONFIG)
    cells = {split: [(cell.structure, cell.num_nodes) for cell in cells] for split, cells in config.splits.items()}
    random, chains = (5, 8, 12, 20, 50), (3, 5, 8, 12, 20, 50)
    sizes = {"feedback": random, "back_edge": chains, "self_statements": chains, "self_questions": random}
    assert cells["feedback"] == [(structure, size) for structure in sizes for size in sizes[structure]]
    assert cells["similar_names"] == [(structure, size) for structure in SIMILAR_NAMES for size in (3, 6, 12, 20, 30)]
    assert {cell.rows for cells in config.splits.values() for cell in cells} == {500}


@pytest.mark.parametrize("split", ["feedback", "similar_names"])
def test_labels_certificates_and_balance(splits, split):
    counts = Counter()
    for row in splits[split]:
        edges, (cause, effect) = read_edges(row["premise"]), asked(row)
        graph = nx.DiGraph(edges)
        reached = {end for start in graph.successors(cause) for end in nx.descendants(graph, start) | {start}}
        assert row["label"] == (effect in reached)
        assert len(set(edges)) == len(edges) == row["num_edges"]
        task, prompt = read(row["prompt"])
        check_certificate(row["certificate"], row["completion"], task, prompt)
        if row["label"]:
            assert row["hops"] == len(json.loads(row["certificate"])["path"]) - 1
        counts[row["structure"], row["num_nodes"], row["label"]] += 1
    assert set(counts.values()) == {6}


def test_statements_have_feedback(splits):
    """These splits are not acyclic, as all others are."""
    for row in splits["feedback"]:
        edges, nodes = read_edges(row["premise"]), row["num_nodes"]
        graph = nx.DiGraph(edges)
        assert not nx.is_directed_acyclic_graph(graph)
        loops = [cause for cause, effect in edges if cause == effect]
        assert len(loops) == (max(1, nodes // 3) if row["structure"] == "self_statements" else 0)
        cause, effect = asked(row)
        assert (cause == effect) == (row["structure"] == "self_questions")
        if row["structure"] == "back_edge":
            assert len(edges) == nodes and len(list(nx.simple_cycles(graph))) == 1
        elif row["structure"] in ("feedback", "self_questions"):
            assert len(edges) == int(FEEDBACK_EDGES * nodes)


def are_alike(structure, names):
    """Whether names are alike in the way that a structure says."""
    if structure in ("prefixes", "suffixes"):
        test = str.startswith if structure == "prefixes" else str.endswith
        return all(test(*sorted(pair, key=len, reverse=True)) for pair in combinations(names, 2))
    if structure == "letter_case":
        return len({name.lower() for name in names}) == 1
    distances = [[sum(a != b for a, b in zip(one, other, strict=True)) for other in names] for one in names]
    return any(max(row) <= 1 for row in distances)


def test_names_are_alike_and_different(splits):
    for row in splits["similar_names"]:
        edges = read_edges(row["premise"])
        names = {name for edge in edges for name in edge}
        assert len(names) == row["num_nodes"] == len(edges) + 1
        assert max(map(len, names)) == row["name_length"] <= LONGEST_NAME
        assert are_alike(row["structure"], names), row["premise"]
    assert not are_alike("prefixes", ["ab", "abc", "b"]) and not are_alike("one_character", ["abc", "abd", "xyc"])


def test_feedback_that_is_meant_is_no_defect(splits):
    meant = {"cyclic_premise", "self_loop", "self_question"}
    for row in splits["feedback"][::7]:
        assert not {name for name, _ in check_row(row, COLUMNS).findings} & meant
        unsaid = check_row({**row, "structure": "branching"}, COLUMNS)
        assert {name for name, _ in unsaid.findings} & meant


def test_other_sizes_in_one_shard():
    config = get_config("axiomatic", CONFIG, rows_per_cell=8, nodes=(6, 40))
    assert {cell.num_nodes for cell in config.splits["similar_names"]} == {6}
    for split in config.splits:
        assert config.num_shards(split) == 1
        assert len(generate_shard("axiomatic", config, split, 0)) == config.num_rows(split)
