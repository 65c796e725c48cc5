"""Relevance on graphs: text, proofs, forms and rows, against networkx."""

import json
from itertools import chain, combinations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_causal import score
from hf_causal.tasks.answering import put_question, question_in_form, write_answer
from hf_causal.tasks.proving import check, prove, read
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.relevance.configs import SetCell
from hf_causal.tasks.relevance.text import Prompt, parse_prompt
from hf_causal.tasks.shared.proofs import CertificateError

TASK = get_task("relevance")
NODES = "ABCDEF"
PAIRS = st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=10).map(tuple)


@st.composite
def prompts(draw):
    """Any statements, cycles and self-loops among them, and disjoint sets."""
    roles = draw(st.lists(st.sampled_from("xyz-"), min_size=6, max_size=6))
    sets = {role: [node for node, own in zip(NODES, roles, strict=True) if own == role] for role in "xyz"}
    first, second = draw(st.permutations(NODES))[:2]
    for members in sets.values():
        members[:] = [node for node in members if node not in (first, second)]
    changed, targets = [first, *sets["x"]], [second, *sets["y"]]
    return Prompt(draw(PAIRS), (*changed, *targets), tuple(sets["z"]), len(changed))


def reached_by_networkx(prompt):
    graph = nx.DiGraph(prompt.edges)
    graph.add_nodes_from(prompt.question)
    graph.remove_nodes_from(prompt.given)
    return set().union(*(nx.descendants(graph, node) for node in prompt.changed)) - set(prompt.changed)


@given(prompts())
def test_answers_agree_with_networkx_and_their_proofs_hold(prompt):
    assert parse_prompt(str(prompt)) == prompt
    proof, reached = prove(str(prompt)), reached_by_networkx(prompt)
    assert proof.answer == ("Yes" if reached & set(prompt.targets) else "No")
    if proof.answer == "No":
        assert json.loads(proof.certificate)["reached"] == sorted(reached)
    check({"prompt": str(prompt), "completion": proof.answer, "certificate": proof.certificate})
    row = {"prompt": str(prompt)}
    for form in TASK.forms:
        assert score(write_answer(row, form), row, form=form).value == 1
    assert write_answer(row, "affected-set").removeprefix("Affected: ") == (", ".join(sorted(reached)) or "none")


@given(prompts(), st.lists(st.sampled_from(NODES), max_size=5), st.sampled_from(["path", "reached"]))
def test_no_certificate_proves_what_is_not_so(prompt, nodes, key):
    answer = "Yes" if key == "path" else "No"
    try:
        check({"prompt": str(prompt), "completion": answer, "certificate": json.dumps({key: nodes})})
    except CertificateError:
        return
    assert prove(str(prompt)).answer == answer
    if answer == "No":
        assert sorted(nodes) == sorted(reached_by_networkx(prompt))
    else:
        assert nodes[0] in prompt.changed and nodes[-1] in prompt.targets and not set(nodes) & set(prompt.given)
        assert set(zip(nodes, nodes[1:], strict=False)) <= set(prompt.edges)


class TestText:
    @pytest.mark.parametrize(
        ("text", "canonical"),
        [
            ("can changing A and B affect C", "Can changing A or B affect C?"),
            ("With D kept constant, can changing A affect C?", "Can changing A affect C if D is held fixed?"),
            (
                "Can changing A affect C, while D and E are held fixed?",
                "Can changing A affect C if D and E are held fixed?",
            ),
            ("Can changing A, B, or C affect D, E or F?", "Can changing A, B or C affect D, E or F?"),
            (
                "Can  changing A affect b if C, D, and E is held fixed",
                "Can changing A affect b if C, D and E are held fixed?",
            ),
        ],
    )
    def test_other_wordings_are_read(self, text, canonical):
        task, prompt = read(f"A causes B. {text}")
        assert task.name == "relevance" and str(prompt) == f"A causes B. {canonical}"

    @pytest.mark.parametrize(
        "text",
        [
            "Can changing A affect B and C?",
            "Can changing A or B and C affect D?",
            "Can changing A affect B if C or D are held fixed?",
            "Can changing A affect B affect C?",
            "If C is held fixed, can changing A affect B if D is held fixed?",
            "Can changing A affect B if C is fixed?",
            "Can changing A slightly affect B?",
            "Can changing A affect B unless C is held fixed?",
            "Can changing affect B?",
            "Can changing A affect B? Can changing A affect C?",
        ],
    )
    def test_what_is_not_understood_is_refused(self, text):
        with pytest.raises(ValueError, match="cannot read"):
            read(f"A causes B. {text}")

    @pytest.mark.parametrize(
        "text", ["changing A affect A", "changing A or B affect B", "changing A affect B if A is held fixed"]
    )
    def test_a_node_in_two_sets_is_refused(self, text):
        with pytest.raises(ValueError, match="twice"):
            prove(f"A causes B. Can {text}?")


PROMPT = (
    "A causes B. B causes C. A causes D. D causes C. C causes E. E causes B. "
    "Can changing A affect C or E if B is held fixed?"
)


class TestForms:
    def test_every_path_is_accepted_and_every_other_sequence_is_not(self):
        graph = nx.DiGraph(parse_prompt(PROMPT).edges)
        graph.remove_node("B")
        right = {tuple(path) for end in "CE" for path in nx.all_simple_paths(graph, "A", end)}
        for length in range(2, 5):
            for path in combinations("ADCEB", length):
                reply = f"Yes\nPath: {' -> '.join(path)}"
                assert (score(reply, {"prompt": PROMPT}, form="proof").value == 1) == (path in right)

    @pytest.mark.parametrize("form", ["proof", "affected-set"])
    def test_only_the_exact_set_is_right(self, form):
        prompt = PROMPT.replace("C or E if B is", "F if B and C are")
        for nodes in chain.from_iterable(combinations("ABCDEF", size) for size in range(4)):
            label = "No\nReached" if form == "proof" else "Affected"
            reply = f"{label}: {', '.join(nodes) or 'none'}"
            assert (score(reply, {"prompt": prompt}, form=form).value == 1) == (nodes == ("D",)), reply

    def test_the_open_form_asks_for_nodes(self):
        row = {"prompt": PROMPT}
        assert question_in_form(row, "affected-set").endswith(
            "Which other nodes can changing A affect if B is held fixed?"
        )
        assert "Affected: " in put_question(row, "affected-set")
        assert write_answer(row, "affected-set") == "Affected: C, D, E"

    @pytest.mark.parametrize(
        ("trace", "line"),
        [
            ("From A: B, D\nFrom D: C\nAnswer: Yes", None),
            ("From A: B, D\nFrom B: C\nAnswer: Yes", 2),  # is held fixed
            ("From D: C\nAnswer: Yes", 1),
            ("From A: D\nFrom D: C\nAnswer: Yes", 1),
            ("From A: B, D\nAnswer: Yes", 2),
            ("From A: B, D\nFrom D: C\nAnswer: No", 3),
            ("From A: B, D\nAnswer: No", 2),
        ],
    )
    def test_the_first_wrong_step_is_named(self, trace, line):
        result = score(trace, {"prompt": PROMPT}, form="trace")
        assert (result.value, result.first_wrong_line) == (float(line is None), line)


def small_splits():
    for name in TASK.configs:
        config = TASK.configs[name](
            **({"rows": 800, "validation_rows": 400} if name == "relevance" else {"rows_per_cell": 8})
        )
        yield from ((config, split) for split in config.splits)


class TestRows:
    @pytest.fixture(scope="class", params=small_splits(), ids=lambda pair: pair[1])
    def split(self, request):
        config, split = request.param
        return config, split, TASK.generate_shard(config, split, 0).to_pylist()

    def test_every_row_is_right(self, split):
        _, name, rows = split
        for row in rows:
            check(row)
            prompt = parse_prompt(row["prompt"])
            assert str(prompt) == row["prompt"]
            assert (row["num_changed"], row["num_targets"], row["num_held"]) == tuple(
                map(len, (prompt.changed, prompt.targets, prompt.given))
            )
            reached = reached_by_networkx(prompt)
            assert row["completion"] == ("Yes" if reached & set(prompt.targets) else "No")
            nodes = {node for edge in prompt.edges for node in edge} | {*prompt.question, *prompt.given}
            assert len(nodes) <= row["num_nodes"] and len(set(prompt.edges)) == row["num_edges"]
            assert nx.is_directed_acyclic_graph(nx.DiGraph(prompt.edges)) == (name != "feedback")
            if row["completion"] == "Yes":
                graph = nx.DiGraph(prompt.edges)
                graph.remove_nodes_from(prompt.given)
                lengths = [
                    nx.shortest_path_length(graph, cause, effect)
                    for cause in prompt.changed
                    for effect in prompt.targets
                    if graph.has_node(cause) and graph.has_node(effect) and nx.has_path(graph, cause, effect)
                ]
                assert row["hops"] == min(lengths)

    def test_cells_are_balanced_and_prompts_are_different(self, split):
        config, name, rows = split
        assert len({row["prompt"] for row in rows}) == len(rows)
        for cell in config.splits[name]:
            key = cell.structure, cell.num_nodes
            own = [row for row in rows if (row["structure"], row["num_nodes"]) == key]
            assert sum(row["label"] for row in own) * 2 == len(own) >= cell.rows
        graphs = {}
        for row in rows:
            graphs.setdefault(row["graph_id"], []).append(row)
        for own in graphs.values():  # the sizes of the sets say nothing about the answer
            assert sum(row["label"] for row in own) * 2 == len(own)
            assert len({(row["num_changed"], row["num_targets"], row["num_held"]) for row in own}) == 1

    def test_larger_sets_are_larger(self, split):
        _, name, rows = split
        held, changed = {row["num_held"] for row in rows}, {row["num_changed"] for row in rows}
        assert held == ({3, 4, 5} if name == "larger_condition" else {0, 1, 2})
        assert changed == ({3} if name == "larger_sets" else {1, 2})

    def test_shards_are_the_same_rows_whoever_makes_them(self):
        config = TASK.configs["relevance"](rows=600, validation_rows=200, rows_per_shard=200)
        tables = [TASK.generate_shard(config, "train", shard) for shard in (0, 2, 0)]
        assert tables[0].equals(tables[2]) and not tables[0].equals(tables[1])
        premises = [set(table["premise"].to_pylist()) for table in tables]
        assert not premises[0] & premises[1]

    def test_too_few_nodes_are_refused(self):
        with pytest.raises(ValueError, match="`nodes` 4 are too few"):
            SetCell("three_held", 4, 10, held=(3,))


def test_what_is_held_fixed_matters_and_no_shortcut_is_right_everywhere():
    config = TASK.configs["relevance_generalization"](rows_per_cell=40)
    rows = TASK.generate_shard(config, "branching", 0).to_pylist()
    parsed, labels = [parse_prompt(row["prompt"]) for row in rows], [row["label"] for row in rows]
    for name, shortcut in TASK.shortcuts.items():
        right = sum(answer == label for answer, label in zip(shortcut(parsed, labels), labels, strict=True))
        assert 0.5 < right / len(rows) < 0.95, name
