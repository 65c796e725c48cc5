import json
from collections import Counter
from functools import cache
from itertools import combinations, islice

import numpy as np
import pyarrow as pa
import pytest
from datasets import ClassLabel, Features

from hf_causal.corpora import config_names, generate_shard, get_config
from hf_causal.graphs.enumeration import NUM_CLASSES, SIZES, canonical_codes, class_codes, graphs_of_codes
from hf_causal.graphs.equivalence import RELATIONS
from hf_causal.graphs.equivalence_classes import EquivalenceClass
from hf_causal.tasks.corr2cause.class_splits import (
    HELD_OUT,
    SPLITS,
    canonical_class,
    labellings,
    num_classes,
    split_classes,
)
from hf_causal.tasks.corr2cause.drawn_classes import draw_codes, draw_different_codes, num_orders
from hf_causal.tasks.corr2cause.proof import VERDICTS
from hf_causal.tasks.corr2cause.text import MIRRORED, parse_prompt
from hf_causal.tasks.proving import check, prove
from hf_causal.tasks.shared.schema import rows_digest, split_digest
from hf_causal.utils.randomness import Stream

VARIANTS = ("default", "paraphrased", "refactored")
ENUMERATED = (*VARIANTS, "balanced")
SMALL = {"balanced": {"nodes": (4, 5), "rows": 600, "rows_per_cell": 60}, "seven_variables": {"rows_per_cell": 24}}


@cache
def generated(name: str, split: str, seed: int = 0, whole: bool = False) -> pa.Table:
    """A split of a small build, or of the published config."""
    options = {} if whole else SMALL.get(name, {"nodes": (2, 3, 4, 5)})
    config = get_config("corr2cause", name, seed=seed, **options)
    return pa.concat_tables(generate_shard("corr2cause", config, split, s) for s in range(config.num_shards(split)))


def every_split():
    return [(name, split) for name in config_names("corr2cause") for split in get_config("corr2cause", name).splits]


def test_configs_and_their_sizes():
    assert config_names("corr2cause") == (*ENUMERATED, "seven_variables")
    for name in VARIANTS:
        config = get_config("corr2cause", name)
        assert {split: config.num_rows(split) for split in config.splits} == {
            "train": 197_244,
            "validation": 1_144,
            "test": 1_144,
        }
    balanced = get_config("corr2cause", "balanced")
    assert [balanced.num_rows(split) for split in SPLITS] == [100_000, 1_160, 1_160]
    seven = get_config("corr2cause", "seven_variables")
    assert {split: seven.num_rows(split) for split in seven.splits} == {"test": 500}


@pytest.mark.parametrize("size", SIZES)
def test_a_class_belongs_to_one_split(size):
    groups = {split: set(split_classes(size, split)) for split in SPLITS}
    assert {split: len(group) for split, group in groups.items()} == {s: num_classes(size, s) for s in SPLITS}
    assert all(not groups[a] & groups[b] for a, b in combinations(SPLITS, 2))
    assert set().union(*groups.values()) == set(class_codes(size).tolist())


def test_no_class_is_in_two_splits_of_any_configs_or_seeds():
    """Read from the rows' own text: the class of each premise, up to isomorphism."""
    found: dict[str, set[tuple[int, int]]] = {split: set() for split in SPLITS}
    for name, split in every_split():
        for seed in (0, 1):
            rows = generated(name, split, seed)
            for prompt in dict(zip(rows["premise"].to_pylist(), rows["prompt"].to_pylist(), strict=True)).values():
                table = parse_prompt(prompt).system.table
                code = canonical_codes(EquivalenceClass.of_independences(table).cpdag[None])[0]
                found[split].add((len(table), int(code)))
    assert all(found.values())
    assert all(not found[a] & found[b] for a, b in combinations(SPLITS, 2))


@pytest.mark.parametrize(("name", "split"), every_split())
def test_every_row_is_proved_by_its_certificate(name, split):
    for row in generated(name, split).to_pylist():
        check(row)
        assert json.loads(row["certificate"])["verdict"] == VERDICTS[row["verdict"]]
        assert row["label"] == (row["completion"] == "Yes") == (VERDICTS[row["verdict"]] == "entailment")


@pytest.mark.parametrize("name", ENUMERATED)
def test_the_published_test_split_is_proved_and_proofs_find_the_same(name):
    rows = generated(name, "test", whole=True)
    assert set(rows["num_nodes"].to_pylist()) == set(SIZES if name in VARIANTS else (4, 5, 6))
    for row in rows.to_pylist():
        check(row)
        proof = prove(row["prompt"])
        assert (proof.answer, proof.certificate) == (row["completion"], row["certificate"])


@pytest.mark.parametrize(("name", "split"), every_split())
def test_columns_say_what_the_text_says(name, split):
    for row in generated(name, split).to_pylist():
        prompt = parse_prompt(row["prompt"])
        variables = prompt.system.variables
        assert (str(prompt), prompt.premise, prompt.question_text) == (row["prompt"], row["premise"], row["question"])
        assert "".join(variables) == ("ZYXWVU" if name == "refactored" else "ABCDEFG")[: row["num_nodes"]]
        first, second = prompt.pair
        earlier = variables.index(first) < variables.index(second)
        # Of a parent and a child, and in paraphrase of all causes, the parser knows one wording only.
        assert row["relation"] == (prompt.relation if earlier else MIRRORED[prompt.relation])
        assert prompt.paraphrased == (name == "paraphrased")
        assert row["equivalence_class"].startswith(f"{row['num_nodes']}-")
        assert row["graph_id"].startswith(row["equivalence_class"] + "/")
        skeleton = ~prompt.system.table.any(axis=-1)
        assert row["num_edges"] == (skeleton.sum() - len(skeleton)) // 2
        assert (row["structure"], row["name_length"]) == ("closed_system", 1)
        assert row["hops"] is None and row["branching_factor"] is None


@pytest.mark.parametrize(("name", "split"), every_split())
def test_no_prompt_twice_and_the_promised_number_of_rows(name, split):
    rows = generated(name, split)
    assert len(set(rows["prompt"].to_pylist())) == rows.num_rows
    config = get_config("corr2cause", name, **SMALL.get(name, {"nodes": (2, 3, 4, 5)}))
    assert rows.num_rows == config.num_rows(split)
    sizes = Counter(rows["num_nodes"].to_pylist())
    assert sizes == {cell.num_nodes: cell.rows for cell in config.splits[split]}


def test_a_training_premise_has_every_question():
    rows = generated("default", "train")
    questions = Counter(zip(rows["premise"].to_pylist(), rows["relation"].to_pylist(), strict=True))
    sizes = dict(zip(rows["premise"].to_pylist(), rows["num_nodes"].to_pylist(), strict=True))
    assert len(sizes) == sum(num_classes(size, "train") for size in (2, 3, 4, 5))
    for premise, size in sizes.items():
        assert [questions[premise, relation] for relation in RELATIONS] == [size * (size - 1) // 2] * 6


@pytest.mark.parametrize("split", SPLITS)
def test_variants_ask_the_same(split):
    default, paraphrased, refactored = (generated(name, split) for name in VARIANTS)
    for column in ("premise", "certificate", "verdict", "relation", "graph_id"):
        assert default[column] == paraphrased[column]
    assert not set(default["question"].to_pylist()) & set(paraphrased["question"].to_pylist())
    names = str.maketrans("ABCDE", "ZYXWV")
    for column in ("certificate", "premise"):
        for a, z in zip(default[column].to_pylist(), refactored[column].to_pylist(), strict=True):
            assert a.replace("All", "all").translate(names) == z.replace("All", "all")
    for column in ("verdict", "relation", "graph_id"):
        assert default[column] == refactored[column]


@pytest.mark.parametrize("split", SPLITS)
def test_the_balanced_config_is_balanced_about_each_premise(split):
    rows = generated("balanced", split)
    answers = Counter(zip(rows["premise"].to_pylist(), rows["label"].to_pylist(), strict=True))
    for premise in set(rows["premise"].to_pylist()):
        assert answers[premise, 0] == answers[premise, 1] > 0


@pytest.mark.parametrize("split", ["validation", "test"])
def test_balanced_cells_have_many_premises(split):
    rows = generated("balanced", split, whole=True)
    shown = dict(zip(rows["premise"].to_pylist(), rows["num_nodes"].to_pylist(), strict=True))
    premises = Counter(shown.values())
    assert premises[5] == premises[6] == 250


def test_seven_variables_are_random_classes_with_a_yes_and_a_no_of_one_relation():
    rows = generated("seven_variables", "test")
    by_class = {}
    for row in rows.to_pylist():
        by_class.setdefault(row["equivalence_class"], []).append(row)
    assert len(by_class) == rows.num_rows // 2 and len(set(rows["premise"].to_pylist())) == len(by_class)
    for first, second in by_class.values():
        assert first["relation"] == second["relation"] and first["label"] != second["label"]
    assert len(set(rows["relation"].to_pylist())) >= 4
    fewer = get_config("corr2cause", "seven_variables", rows_per_cell=10)
    assert set(generate_shard("corr2cause", fewer, "test", 0)["equivalence_class"].to_pylist()) <= set(by_class)


def test_random_classes_are_as_likely_as_they_have_labellings():
    drawn = Counter(islice(draw_codes(4, Stream("a test")), 6000))
    expected = {code: 6000 * len(labellings(4, code)) / 185 for code in class_codes(4).tolist()}
    assert set(drawn) <= set(expected)
    chi_square = sum((drawn[code] - count) ** 2 / count for code, count in expected.items())
    assert chi_square < 36.2, "19 degrees of freedom exceed it once in a hundred times"
    assert len(set(islice(draw_different_codes(4, Stream("a test")), 20))) == 20


def test_orders_of_the_nodes_are_counted():
    dags = np.array([np.zeros((4, 4)), np.triu(np.ones((4, 4)), 1), [[0, 1, 1, 0], *np.zeros((3, 4))]]).astype(bool)
    assert num_orders(dags).tolist() == [24, 1, 8]


@pytest.mark.parametrize("size", [3, 7])
def test_a_code_is_its_graph(size):
    dags = np.triu(np.random.default_rng(0).random((6, size, size)) < 0.5, 1)
    codes = canonical_codes(dags)
    assert np.array_equal(canonical_codes(graphs_of_codes(size, codes)), codes)
    order = np.random.default_rng(1).permutation(size)
    assert np.array_equal(canonical_codes(dags[:, order][:, :, order]), codes)


def test_a_class_is_shown_under_different_labellings():
    rows = generated("balanced", "test", whole=True)
    shown = {}
    for name, graph, premise in zip(
        *(rows[c].to_pylist() for c in ("equivalence_class", "graph_id", "premise")), strict=True
    ):
        shown.setdefault(name, {})[graph] = premise
    assert max(map(len, shown.values())) > 5
    for premises in shown.values():
        assert len(set(premises.values())) == len(premises)


@pytest.mark.parametrize("size", [3, 4])
def test_labellings_are_all_labelled_classes(size):
    labelled = [
        canonical_class(size, code).relabelled(order).cpdag.tobytes()
        for code in class_codes(size).tolist()
        for order in labellings(size, code)
    ]
    assert len(labelled) == len(set(labelled)) == {3: 11, 4: 185}[size]


def test_about_half_the_wordings_are_turned_round():
    rows = generated("default", "train", whole=False).to_pylist()
    turned = [
        prompt.system.variables.index(prompt.pair[0]) > prompt.system.variables.index(prompt.pair[1])
        for row in rows
        if row["relation"] in ("has_collider", "has_confounder", "non-parent ancestor")
        for prompt in [parse_prompt(row["prompt"])]
    ]
    assert 0.45 < np.mean(turned) < 0.55


def test_shards_are_the_split_whatever_their_number():
    whole = generated("default", "train")
    for rows_per_shard in (50, 1000):
        config = get_config("corr2cause", "default", nodes=(2, 3, 4, 5), rows_per_shard=rows_per_shard)
        shards = [generate_shard("corr2cause", config, "train", shard) for shard in range(config.num_shards("train"))]
        assert pa.concat_tables(shards).equals(whole)
        premises = [set(shard["graph_id"].to_pylist()) for shard in shards]
        assert sum(map(len, premises)) == len(set().union(*premises))


def test_seeds_give_other_labellings_of_the_same_classes():
    first, second = generated("default", "train"), generated("default", "train", seed=1)
    assert set(first["equivalence_class"].to_pylist()) == set(second["equivalence_class"].to_pylist())
    assert first["prompt"] != second["prompt"]


DIGESTS = {
    "default": "77fa3010dc71fbd7",
    "paraphrased": "b671432800f53a02",
    "refactored": "2d471c0c94b4be05",
    "balanced": "253e38fb5cbdedf9",
}


@pytest.mark.parametrize("name", DIGESTS)
def test_the_published_rows_do_not_change(name):
    """Whoever changes a byte of a published config changes its version."""
    assert get_config("corr2cause", name).version == "1.0.0"
    digests = [rows_digest(generated(name, split, whole=True)) for split in ("validation", "test")]
    digests.append(rows_digest(generated(name, "train")))
    assert split_digest(digests)[:16] == DIGESTS[name]


def test_the_schema_has_class_labels():
    features = Features.from_arrow_schema(generated("default", "test").schema)
    assert features["verdict"] == ClassLabel(names=["entailment", "neutral", "contradiction"])
    assert features["label"] == ClassLabel(names=["No", "Yes"])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("default", {"nodes": (2,)}, "leave no class for the split 'train'"),
        ("default", {"nodes": (3, 7)}, "different numbers of variables from 2 to 6, got \\(3, 7\\)"),
        ("default", {"nodes": (3, 3)}, "different numbers of variables"),
        ("default", {"nodes": ()}, "different numbers of variables"),
        ("default", {"rows": 10}, "has no option 'rows'"),
        ("default", {"rows_per_shard": 0}, "`rows_per_shard` must be at least 2"),
        ("balanced", {"nodes": (3, 4)}, "different numbers of variables from 4 to 6, got \\(3, 4\\)"),
        ("balanced", {"nodes": ()}, "different numbers of variables"),
        ("balanced", {"rows": 101}, "`rows` must be even"),
        ("balanced", {"rows_per_cell": 0}, "`rows_per_cell` must be even and at least 2"),
        ("seven_variables", {"rows_per_cell": 3}, "`rows_per_cell` must be even and at least 2"),
    ],
)
def test_wrong_options_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        get_config("corr2cause", name, **options)


def test_more_rows_than_there_are_questions_are_refused():
    config = get_config("corr2cause", "balanced", nodes=(4,), rows=5000)
    with pytest.raises(ValueError, match="4 variables in 'train' must be at most 792"):
        generate_shard("corr2cause", config, "train", 0)


def test_held_out_classes_leave_training_the_rest():
    assert all(2 * HELD_OUT[size] <= NUM_CLASSES[size] for size in SIZES)
