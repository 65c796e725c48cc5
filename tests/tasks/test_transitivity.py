"""What the questions of the published transitivity corpus ask and answer, at full size."""

import networkx as nx
import pyarrow.compute as pc
import pytest
from splits import ALL_SPLITS, Generated, published


@pytest.fixture(scope="module", params=[pair for pair in ALL_SPLITS if "transitivity" in pair[0]], ids="/".join)
def data(request) -> Generated:
    return published(*request.param)


def test_completion_label_and_hops_say_the_same(data):
    yes = pc.greater(data.table["hops"], 0)
    assert pc.equal(data.table["label"], 1).equals(yes)
    assert pc.equal(data.table["completion"], "Yes").equals(yes)
    assert set(data.table["completion"].unique().to_pylist()) == {"Yes", "No"}
    assert pc.all(pc.equal(data.table["hops"].filter(pc.invert(yes)), -1)).as_py()


def test_no_question_asks_about_a_node_and_itself(data):
    pattern = "^Does (?P<cause>[A-Za-z0-9]+) cause (?P<effect>[A-Za-z0-9]+)[?]$"
    asked = pc.extract_regex(data.table["question"], pattern)
    assert asked.null_count == 0
    assert not pc.any(pc.equal(pc.struct_field(asked, "cause"), pc.struct_field(asked, "effect"))).as_py()


def test_labels_and_hops_agree_with_networkx(data):
    for row in data.sample(1500):
        graph = nx.DiGraph(data.premises[row["premise"]])
        cause, effect = row["question"].removeprefix("Does ").removesuffix("?").split(" cause ")
        graph.add_nodes_from([cause, effect])
        connected = nx.has_path(graph, cause, effect)
        assert row["completion"] == ("Yes" if connected else "No")
        assert row["hops"] == (nx.shortest_path_length(graph, cause, effect) if connected else -1)
