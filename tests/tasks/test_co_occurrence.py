"""Questions about what appears together: the grammar, its proofs, and every invariant of the corpus."""

import json
import re
from collections import Counter
from pathlib import Path

import networkx as nx
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_causal.cli import main
from hf_causal.corpora import generate_shard, get_config
from hf_causal.evaluation.language_models.prompts import draw_examples
from hf_causal.tasks.co_occurrence.rows import RELATIONS, STRUCTURES
from hf_causal.tasks.co_occurrence.text import Prompt, parse_prompt
from hf_causal.tasks.proving import check, prove, read
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.shared.proofs import CertificateError
from hf_causal.tasks.shared.schema import arrow_schema, rows_digest
from hf_causal.tasks.transitivity.text import parse_prompt as parse_transitivity

ROOT = Path(__file__).resolve().parents[2]
NAME = "co_occurrence"
FORK = "A and B often appear together. C causes A. C causes B."


def row(prompt: str, completion: str, certificate: object) -> dict[str, object]:
    return {"prompt": prompt, "completion": completion, "certificate": json.dumps(certificate)}


# The grammar


@pytest.mark.parametrize(
    "text",
    [
        f"{FORK} Does A cause B?",
        " a  and B appear together.  C CAUSES A and C causes B. does a cause B".replace(" a ", " A ").replace(
            " a ", " A "
        ),
        "A AND B OFTEN APPEAR TOGETHER. C causes A. C causes B. Does A cause B",
    ],
)
def test_loose_text_is_read(text):
    prompt = parse_prompt(text)
    assert (prompt.together, prompt.edges) == ((("A", "B"),), (("C", "A"), ("C", "B")))
    assert str(prompt) == f"{FORK} Does A cause B?"


NODES = st.sampled_from("ABCDE")
STATEMENTS = st.lists(st.tuples(NODES, NODES, st.booleans()), max_size=9).map(tuple)
PROMPTS = st.builds(Prompt, STATEMENTS, st.tuples(NODES, NODES)).filter(lambda prompt: prompt.together)


@given(PROMPTS)
@settings(max_examples=60)
def test_prompts_are_written_and_read_alike(prompt):
    grammar, again = read(str(prompt))
    assert grammar.name == NAME and again == prompt
    assert read(prompt.premise, prompt.question_text)[1] == prompt


def test_texts_without_co_occurrence_are_transitivity_s():
    assert read("A causes B. Does A cause B?")[1] == parse_transitivity("A causes B. Does A cause B?")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "A and B and C often appear together. Does A cause B?",
            "should have the form 'X and Y often appear together.'",
        ),
        ("A & B, C often appear together. Does A cause B?", "should have the form"),
        ("A-1 and B often appear together. Does A cause B?", "cannot read the name 'A-1'"),
        ("A and B often appear together. C likes A. Does A cause B?", "'X causes Y.' or 'X and Y often appear"),
        ("A and B often appear together. C causes A and B. Does A cause B?", "cannot read the sentence 'B'"),
        ("A and B often appear together.", "should have the form 'Does X cause Y?'"),
    ],
)
def test_what_cannot_be_read_is_an_error(text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        prove(text)


# Proofs


@pytest.mark.parametrize(
    ("prompt", "answer", "certificate"),
    [
        (f"{FORK} Does A cause B?", "No", {"reachable": [], "together": [["C", "A"], ["C", "B"]]}),
        (f"{FORK} A causes B. Does A cause B?", "Yes", {"path": ["A", "B"]}),
        (f"{FORK} B causes A. Does A cause B?", "No", {"reachable": [], "together": [["B", "A"]]}),
        ("A and B often appear together. Does A cause B?", "No", {"reachable": [], "together": []}),
        # C and B are not stated to appear together, so there is nothing to explain.
        (f"{FORK} Does B cause C?", "No", {"reachable": [], "together": []}),
    ],
)
def test_answers_and_what_proves_them(prompt, answer, certificate):
    proof = prove(prompt)
    assert (proof.answer, json.loads(proof.certificate)) == (answer, certificate)
    check(row(prompt, answer, certificate))


@given(PROMPTS)
@settings(max_examples=80)
def test_proofs_agree_with_networkx_and_are_accepted(prompt):
    graph = nx.DiGraph(prompt.edges)
    graph.add_nodes_from(prompt.question)
    cause, effect = prompt.question
    reached = {end for _, start in graph.out_edges(cause) for end in {start, *nx.descendants(graph, start)}}
    proof = prove(prompt)
    assert proof.answer == ("Yes" if effect in reached else "No")
    check({"prompt": str(prompt), "completion": proof.answer, "certificate": proof.certificate})
    if proof.answer == "No" and cause != effect and {cause, effect} in map(set, prompt.together):
        above = nx.ancestors(graph, cause) & nx.ancestors(graph, effect) - {cause, effect}
        explained = effect in nx.ancestors(graph, cause) or bool(above)
        assert bool(json.loads(proof.certificate)["together"]) == explained


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ({"reachable": []}, "'together' must be a list of paths, got None"),
        ({"reachable": [], "together": [["C", "A"], ["C", 3]]}, "must be a list of paths"),
        ({"reachable": [], "together": [["A", "B"]]}, "lead neither from 'B' to 'A'"),
        ({"reachable": [], "together": [["C", "A"], ["D", "B"]]}, "nor from a common cause to both"),
        ({"reachable": [], "together": [["C", "B"], ["C", "A"]]}, "lead neither"),
        ({"reachable": [], "together": [["A"], ["B"]]}, "lead neither"),
        ({"reachable": [], "together": [["D", "A"], ["D", "B"]]}, "does not state 'D causes A.'"),
        ({"reachable": ["B"], "together": []}, "contains the effect 'B'"),
        ({"path": ["A", "B"]}, "must be JSON with 'reachable'"),
    ],
)
def test_a_wrong_certificate_is_refused(certificate, reason):
    with pytest.raises(CertificateError, match=reason):
        check(row(f"{FORK} Does A cause B?", "No", certificate))


def test_an_explanation_of_what_is_not_stated_is_refused():
    with pytest.raises(CertificateError, match="does not state that 'B' and 'C' appear together"):
        check(row(f"{FORK} Does B cause C?", "No", {"reachable": [], "together": [["C", "B"]]}))


# The corpus


@pytest.fixture(scope="module")
def splits() -> dict[str, pa.Table]:
    config = get_config(NAME, NAME, rows=3600, validation_rows=720, rows_per_shard=9000)
    return {
        split: pa.concat_tables(
            [generate_shard(NAME, config, split, shard) for shard in range(config.num_shards(split))]
        )
        for split in config.splits
    }


def facts(premise: str) -> tuple[nx.DiGraph, set[frozenset[str]]]:
    """By plain splitting, independent of the package's reader."""
    sentences = premise.removesuffix(".").split(". ")
    graph = nx.DiGraph([sentence.split(" causes ") for sentence in sentences if " causes " in sentence])
    pairs = [sentence.removesuffix(" often appear together").split(" and ") for sentence in sentences]
    return graph, {frozenset(pair) for pair in pairs if len(pair) == 2}


def test_the_published_sizes(splits):
    published = get_config(NAME, NAME)
    assert {split: published.num_rows(split) for split in published.splits} == {
        "train": 60_000,
        "validation": 6_000,
        "test": 18_000,
    }
    cells = {(cell.structure, cell.num_nodes) for cell in published.splits["test"]}
    assert cells == {(structure, size) for structure in STRUCTURES for size in (5, 6, 7, 8, 10, 12)}
    assert [len(table) for table in splits.values()] == [3600, 720, 18_000]


def test_a_shard_is_the_same_bytes_again(splits):
    config = get_config(NAME, NAME, rows=3600, validation_rows=720, rows_per_shard=9000)
    assert rows_digest(generate_shard(NAME, config, "validation", 0)) == rows_digest(splits["validation"])
    # What is published may not change under its version.
    assert rows_digest(splits["validation"]) == "ff6549a6d2d46794f6b06ff88cf37a24cfe1a167dd6eb6bd4829516023df21a2"


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_columns_balance_and_proofs(split, splits):
    table = splits[split]
    assert table.schema.equals(arrow_schema(), check_metadata=True)
    assert pc.count_distinct(table["prompt"]).as_py() == len(table)
    for keys in (["structure", "num_nodes"], ["graph_id"]):
        labels = table.group_by(keys).aggregate([("label", "sum"), ("label", "count")])
        assert pc.all(pc.equal(pc.multiply(labels["label_sum"], 2), labels["label_count"])).as_py()
    for one in table.to_pylist()[:: max(1, len(table) // 1200)]:
        check(one)
        assert json.loads(prove(one["prompt"]).certificate).keys() == json.loads(one["certificate"]).keys()


@pytest.mark.parametrize("split", ["train", "test"])
def test_cells_are_what_they_are_called(split, splits):
    """Judged from the sentences alone, with networkx."""
    distracting: Counter[str] = Counter()
    for one in splits[split].to_pylist()[:: max(1, len(splits[split]) // 1000)]:
        graph, together = facts(one["premise"])
        cause, effect = one["question"].removeprefix("Does ").removesuffix("?").split(" cause ")
        forward, backward = nx.has_path(graph, cause, effect), nx.has_path(graph, effect, cause)
        assert nx.is_directed_acyclic_graph(graph) and one["label"] == forward
        assert frozenset((cause, effect)) in together
        relation = one["structure"].removesuffix("_distractors")
        start, end = (cause, effect) if forward else (effect, cause)
        if relation == "confounded":
            assert not backward
            around = graph.subgraph(set(graph) - {cause})
            assert any(nx.has_path(around, node, effect) for node in nx.ancestors(graph, cause))
            assert not graph.has_edge(cause, effect)
        else:
            assert (nx.shortest_path_length(graph, start, end) == 1) == (relation == "direct")
        assert one["num_edges"] == graph.number_of_edges() == int(1.25 * one["num_nodes"])
        for first, second in map(tuple, together):
            shared = nx.ancestors(graph, first) & nx.ancestors(graph, second)
            assert shared or nx.has_path(graph, first, second) or nx.has_path(graph, second, first)
        distracting[one["structure"]] += len(together)
    for relation in RELATIONS:
        assert distracting[f"{relation}_distractors"] > 1.3 * distracting[relation]


def test_every_cell_of_the_test_has_enough_premises_and_none_is_trained_on(splits):
    cells = splits["test"].group_by(["structure", "num_nodes"]).aggregate([("premise", "count_distinct")])
    assert cells.num_rows == 36 and pc.min(cells["premise_count_distinct"]).as_py() >= 250
    sets = {
        split: {frozenset(premise.split(". ")) for premise in table["premise"].to_pylist()}
        for split, table in splits.items()
    }
    assert not sets["train"] & (sets["test"] | sets["validation"])


def test_shortcuts_get_nowhere_where_they_must_not(splits):
    rows = splits["test"].to_pylist()[::3]
    for structure in STRUCTURES:
        own = [one for one in rows if one["structure"] == structure]
        prompts, labels = [parse_prompt(one["prompt"]) for one in own], [one["label"] for one in own]
        scores = {}
        for name, baseline in get_task(NAME).shortcuts.items():
            answers = baseline(prompts, labels)
            scores[name] = sum(map(int.__eq__, answers, labels)) / len(labels)
            if name == "appear together":
                assert all(answers)
        relation = structure.removesuffix("_distractors")
        # A third of the rows are taken, so the balance is no longer exact.
        assert abs(scores["appear together"] - 0.5) < 0.04
        if relation == "direct":
            assert scores["direct edge"] == 1
        else:
            assert abs(scores["direct edge"] - 0.5) < 0.04 and abs(scores["no common cause"] - 0.5) < 0.15


def test_the_shortcut_of_co_occurrence_is_right_on_exactly_half(splits):
    prompts = [parse_prompt(prompt) for prompt in splits["validation"]["prompt"].to_pylist()]
    labels = splits["validation"]["label"].to_pylist()
    answers = get_task(NAME).shortcuts["appear together"](prompts, labels)
    assert sum(map(int.__eq__, answers, labels)) * 2 == len(labels)


def test_a_built_corpus_is_verified_and_a_wrong_label_reported(tmp_path, capsys):
    out = tmp_path / "data"
    assert main(["build", NAME, "--out", str(out), "--rows", "360", "--validation-rows", "180", "--rows-per-cell", "2",
                 "--nodes", "5", "--num-proc", "1"]) == 0  # fmt: skip
    assert main(["verify", str(out)]) == 0
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text(json.dumps({"prompt": f"{FORK} Does A cause B?", "completion": "Yes"}) + "\n")
    capsys.readouterr()
    assert main(["verify", str(wrong)]) == 1
    assert "wrong_label" in capsys.readouterr().out


def test_examples_are_of_the_training_split():
    for prompt, answer in draw_examples(NAME, 4, 0):
        assert "often appear together" in prompt and prove(prompt).answer == answer


@pytest.mark.parametrize("model", ["axiom-looped", "axiom-cpu"])
def test_models_without_its_words_refuse_it(model, splits):
    from hf_causal.evaluation.loading import load_pretrained
    from hf_causal.evaluation.predictors import make_predictor

    predictor = make_predictor(*load_pretrained(ROOT / "model_cards" / model, "cpu"))
    with pytest.raises(ValueError, match="no words for co_occurrence questions"):
        predictor.require_readable(NAME, splits["test"]["prompt"][0].as_py())


def test_impossible_sizes_are_errors():
    with pytest.raises(ValueError, match="`nodes` must be sizes of at least 5"):
        get_config(NAME, NAME, nodes=(4, 6))
