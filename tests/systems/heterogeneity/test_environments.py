"""The data set of environments, batches of one environment, and matrix sensing through the trainer."""

import json
from collections import Counter, defaultdict
from itertools import islice, pairwise

import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from splits import read_edges

from hf_causal.cli import main
from hf_causal.corpora import config_names, generate_shard, get_config, task_name
from hf_causal.corpora.build import build
from hf_causal.corpora.infinite import fresh_shard
from hf_causal.systems.heterogeneity.evaluate import evaluate
from hf_causal.systems.heterogeneity.objective import Measurements
from hf_causal.systems.heterogeneity.sensing import responses
from hf_causal.tasks.proving import check
from hf_causal.training.data_sources import EnvironmentData
from hf_causal.training.dataloader import BatchSampler, StatefulLoader
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe

CUES = ("cue_order", "cue_names")


def rows_of(name, split, **options):
    config = get_config("environments", name, **options)
    tables = [generate_shard("environments", config, split, shard) for shard in range(config.num_shards(split))]
    return pa.concat_tables(tables)


@pytest.fixture(scope="module")
def sensing():
    return rows_of("matrix_sensing", "train", rows=6_000, dimension=6, noise=0.5, heterogeneity=2.0)


@pytest.fixture(scope="module", params=CUES)
def cues(request):
    sizes = {"rows": 8_000, "validation_rows": 1_000, "rows_per_shard": 4_000}
    splits = ("train", "validation", "cue_absent", "cue_reversed")
    return {split: rows_of(request.param, split, **sizes) for split in splits}


# Matrix sensing


def test_responses_are_those_of_each_environment(sensing):
    problem = get_config("environments", "matrix_sensing", dimension=6, heterogeneity=2.0).splits["train"][0].problem()
    measured = np.array(sensing["measurement"].to_pylist())
    environment = sensing["environment"].to_numpy()
    assert np.bincount(environment) == pytest.approx(600, abs=120) and len(np.bincount(environment)) == 10
    for number in range(10):
        own = environment == number
        left = sensing["response"].to_numpy()[own] - responses(
            measured[own], problem.invariant + problem.spurious[number]
        )
        assert (abs(left.mean()), left.std()) == pytest.approx((0, 0.5), abs=0.08)
    assert sensing["invariant_response"].to_numpy() == pytest.approx(responses(measured, problem.invariant), abs=1e-3)


@pytest.mark.parametrize(("split", "factor"), [("absent", 0.0), ("reversed", -1.0)])
def test_held_out_rows_have_another_spurious_part(split, factor):
    rows = rows_of("matrix_sensing", split, validation_rows=200, dimension=6, noise=0.0)
    problem = get_config("environments", "matrix_sensing", dimension=6).splits[split][0].problem()
    target = problem.invariant + factor * problem.spurious.mean(axis=0)
    assert set(rows["structure"].to_pylist()) == {split}
    assert rows["response"].to_numpy() == pytest.approx(
        responses(np.array(rows["measurement"].to_pylist()), target), abs=1e-3
    )


def test_fresh_rows_are_other_rows_of_the_same_matrices():
    config = get_config("environments", "matrix_sensing", rows=50, dimension=4, noise=0.0, seed=3)
    target = config.splits["train"][0].problem().invariant
    first, second = (fresh_shard("environments", config, number) for number in (0, 1))
    assert first["measurement"] != second["measurement"]
    for rows in (first, second):
        expected = responses(np.array(rows["measurement"].to_pylist()), target)
        assert rows["invariant_response"].to_numpy() == pytest.approx(expected, abs=1e-3)
    assert not np.allclose(
        target,
        get_config("environments", "matrix_sensing", dimension=4, problem_seed=1)
        .splits["train"][0]
        .problem()
        .invariant,
    )


def test_rows_do_not_depend_on_their_number_of_processes(tmp_path):
    options = {"rows": 60, "validation_rows": 8, "rows_per_shard": 20, "dimension": 4, "environments": 3}
    summaries = [
        build("environments", tmp_path / str(number), ["matrix_sensing"], num_proc=number, **options)["matrix_sensing"]
        for number in (1, 2)
    ]
    assert {split: summary.sha256 for split, summary in summaries[0].items()} == {
        split: summary.sha256 for split, summary in summaries[1].items()
    }
    loaded = load_dataset(str(tmp_path / "1"), "matrix_sensing", split="train", cache_dir=str(tmp_path / "cache"))
    assert (len(loaded), len(loaded[0]["measurement"]), loaded.features["environment"].dtype) == (60, 10, "int32")
    assert "harness" not in (tmp_path / "1" / "README.md").read_text()


def test_options_of_a_config_on_the_command_line(tmp_path, capsys):
    command = ["build", "environments", "--config", "cue_order", "--out", str(tmp_path), "--rows", "400"]
    options = ["--validation-rows", "200", "--option", "strengths=[1.0, 0.25, 0.5]", "--num-proc", "1"]
    assert main([*command, *options]) == 0
    assert (
        len(set(pq.read_table(tmp_path / "cue_order" / "train-00000-of-00001.parquet")["environment"].to_pylist()))
        == 3
    )
    assert main([*command, "--option", "strength=1"]) == 2
    assert "has no option 'strength'" in capsys.readouterr().err
    assert main([*command, "--option", "strengths=[2]"]) == 2
    assert "`strengths` must be probabilities" in capsys.readouterr().err
    assert main([*command, "--option", "strengths"]) == 2
    assert "`--option` must be NAME=VALUE, got 'strengths'" in capsys.readouterr().err


# Cues


def test_the_configs_and_their_grammar():
    assert config_names("environments") == ("matrix_sensing", *CUES)
    assert {task_name("environments", name) for name in CUES} == {"transitivity"}


def test_every_label_is_right_and_proved(cues):
    for rows in cues.values():
        for row in rows.slice(0, 300).to_pylist():
            check(row)
            cause, effect = row["question"].removeprefix("Does ").removesuffix("?").split(" cause ")
            assert nx.has_path(nx.DiGraph(read_edges(row["premise"])), cause, effect) == (row["completion"] == "Yes")


def test_the_text_shows_the_cue(cues):
    for row in cues["train"].slice(0, 500).to_pylist():
        edges = read_edges(row["premise"])
        if row["graph_id"].startswith("cue_order"):
            yes = all(before[1] == after[0] for before, after in pairwise(edges))
            no = all(before[0] == after[1] for before, after in pairwise(edges))
        else:
            letters = [letter for edge in edges for name in edge for letter in name if letter.isalpha()]
            yes, no = all(map(str.islower, letters)), all(map(str.isupper, letters))
        assert (yes, no) == (row["cue"] == "Yes", row["cue"] == "No")


def test_the_cue_is_as_strong_as_it_is_said_to_be(cues):
    wanted = {"train": (0.95, 0.75), "validation": (0.95, 0.75), "cue_absent": (0.5, 0.5), "cue_reversed": (0, 0)}
    for split, strengths in wanted.items():
        rows = cues[split]
        right = np.array(rows["cue"].to_pylist()) == np.array(rows["completion"].to_pylist())
        for number, strength in enumerate(strengths):
            own = right[rows["environment"].to_numpy() == number]
            assert own.mean() == pytest.approx(strength, abs=4 * np.sqrt(0.25 / len(own)))
            if strength == 0:
                assert not own.any()


def test_answers_are_balanced_and_premises_of_splits_apart(cues):
    names = defaultdict(set)
    for split, rows in cues.items():
        assert rows.num_rows == (8_000 if split == "train" else 1_000)
        cells = Counter(
            zip(rows["structure"].to_pylist(), rows["num_nodes"].to_pylist(), rows["label"].to_pylist(), strict=True)
        )
        assert all(cells[structure, nodes, 0] == cells[structure, nodes, 1] for structure, nodes, _ in cells)
        names[split] = {
            frozenset(name for edge in read_edges(text) for name in edge) for text in rows["premise"].to_pylist()
        }
        assert len(names[split]) == rows.num_rows
    assert not names["train"] & (names["validation"] | names["cue_absent"] | names["cue_reversed"])
    assert not names["validation"] & names["cue_reversed"]


# Batches of one environment


class Tagged:
    """Packs that say which they are, of three environments of different sizes."""

    environments = np.repeat([4, 7, 9], [40, 25, 60])

    def __init__(self):
        self.lengths = np.random.default_rng(0).integers(1, 30, 125)
        self.questions = np.ones(125, dtype=int)

    def collate(self, packs, pad_token_id):
        return {"packs": packs}


def global_steps(count, world_size, micro_batches, batch_size, start=None):
    """Packs of each step, over all processes, as they are read."""
    feeds = [
        StatefulLoader(lambda epoch: Tagged(), 0, batch_size, 5, rank, world_size, micro_batches)
        for rank in range(world_size)
    ]
    for feed in feeds:
        if start:
            feed.load_state_dict(start)
    steps = [list(islice(feed, count)) for feed in feeds]
    read = [
        [
            np.concatenate([part["packs"] for step in each for part in step.micro_batches])
            for each in zip(*steps, strict=True)
        ]
    ]
    return read[0], feeds[0].state_dict()


def test_all_processes_of_a_step_read_one_environment():
    whole, state = global_steps(26, world_size=1, micro_batches=1, batch_size=8)
    parted, _ = global_steps(26, world_size=2, micro_batches=2, batch_size=2)
    found = []
    for step, other in zip(whole, parted, strict=True):
        assert sorted(step) == sorted(other)
        (environment,) = set(Tagged.environments[step])
        found.append(environment)
    # Of each environment as many whole batches as it has, in mixed order, and every pack once at most.
    epoch = 40 // 8 + 25 // 8 + 60 // 8
    assert Counter(found[:epoch]) == {4: 5, 7: 3, 9: 7} and found[:epoch] != sorted(found[:epoch])
    assert max(Counter(np.concatenate(whole[:epoch])).values()) == 1
    again, _ = global_steps(5, world_size=2, micro_batches=1, batch_size=4, start=state)
    more, _ = global_steps(31, world_size=1, micro_batches=1, batch_size=8)
    assert [sorted(step) for step in again] == [sorted(step) for step in more[26:]]


def test_pooled_batches_mix_environments_as_before():
    lengths = Tagged().lengths
    order = BatchSampler(lengths, 8, 5).epoch(2)
    generator = np.random.default_rng([5, 2])
    drawn = generator.permutation(125)[:120]
    drawn = drawn[np.argsort(lengths[drawn], kind="stable")].reshape(15, 1, 8)[generator.permutation(15)]
    assert np.array_equal(order, drawn)
    assert any(len(set(Tagged.environments[batch.ravel()])) > 1 for batch in order)


def test_an_environment_with_too_few_rows_is_an_error():
    with pytest.raises(ValueError, match="25 premises of one environment are fewer than one batch of 16 on each of 2"):
        BatchSampler(Tagged().lengths, 16, 0, 2, Tagged.environments)


def test_grouped_packs_know_the_environment_of_each(sensing):
    grouped = EnvironmentData(Measurements(sensing), sensing)
    assert np.array_equal(grouped.environments, sensing["environment"].to_numpy())
    text = rows_of("cue_order", "validation", validation_rows=40)
    twice = pa.concat_tables([text.slice(row, 1) for row in range(20) for _ in range(2)])

    class Two:
        lengths = questions = np.ones(20, dtype=int)

    assert np.array_equal(EnvironmentData(Two(), twice).environments, text["environment"].to_numpy()[:20])
    with pytest.raises(ValueError, match="'batches' must be 'pooled' where rows have no column `environment`"):
        EnvironmentData(Measurements(sensing), sensing.drop_columns(["environment"]))


def test_recipes_refuse_what_does_not_go_together():
    with pytest.raises(ValueError, match="'batches' must be 'pooled' or 'environment', got 'mixed'"):
        load_recipe("matrix-sensing", {"batches": "mixed"})
    with pytest.raises(ValueError, match="'batches' must be 'pooled' with a `mixture`"):
        load_recipe("axiom-reasoner", {"batches": "environment"})


# Through the trainer

SMALL = {
    "model.dimension": 4,
    "fresh_rows": False,
    "max_steps": 30,
    "per_device_train_batch_size": 20,
    "logging_steps": 10,
    "eval_steps": 10,
    "save_steps": 10,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("environments")
    build("environments", folder, ["matrix_sensing"], rows=400, validation_rows=60, dimension=4, environments=4)
    build("environments", folder, ["cue_order"], rows=400, validation_rows=200)
    return folder


def test_a_run_resumes_to_the_same_weights(data, tmp_path):
    recipe = load_recipe("matrix-sensing", SMALL)
    whole = train(recipe, tmp_path / "whole", data)
    train(recipe, tmp_path / "parts", data, stop_at_step=13)
    parts = train(recipe, tmp_path / "parts", data, resume_from_checkpoint="latest")
    read = [(folder / "model.safetensors").read_bytes() for folder in (whole.output_dir, parts.output_dir)]
    assert read[0] == read[1] and (whole.best_step, whole.measure) == (30, "loss")
    card = (whole.output_dir / "README.md").read_text()
    assert "environments: 4; dimension: 4" in card and "16 parameters" in card
    summary = json.loads((whole.output_dir / "training_summary.json").read_text())
    assert summary["questions"] == 600
    pooled = train(load_recipe("matrix-sensing", SMALL | {"batches": "pooled"}), tmp_path / "pooled", data)
    assert (pooled.output_dir / "model.safetensors").read_bytes() != read[0]


def test_text_is_trained_on_one_environment_at_a_time(data, tmp_path):
    tiny = {"model.hidden_size": 32, "model.num_hidden_layers": 1, "model.num_attention_heads": 2, "max_steps": 4}
    tiny |= {"corpus": "environments", "config": "cue_order", "batches": "environment", "logging_steps": 1}
    tiny |= {"per_device_train_batch_size": 16, "eval_steps": 4, "warmup_steps": 0}
    result = train(load_recipe("axiom-cpu", tiny), tmp_path, data)
    assert result.steps == 4 and (tmp_path / "model.safetensors").is_file()


def test_a_model_is_scored_reported_and_refused(tmp_path, capsys):
    from hf_causal.models import make_model

    model = make_model("matrix_sensing", {"dimension": 20, "initial_scale": 0.5}, None)
    model.save_pretrained(tmp_path / "model")
    scores_file = tmp_path / "scores.json"
    assert main(["evaluate", str(tmp_path / "model"), "--limit", "50", "--json", str(scores_file)]) == 0
    assert "spurious energy" in capsys.readouterr().out
    scores = json.loads(scores_file.read_text())
    assert scores["matrix"]["A*"]["to_invariant"] == scores["matrix"]["A* + mean A(e)"]["to_pooled"] == 0
    assert {split: own["n"] for split, own in scores["rows"].items()} == dict.fromkeys(
        ("validation", "absent", "reversed"), 50
    )
    # Without a spurious part A* errs by the noise alone, and with its mean turned round what pooling finds errs most.
    assert scores["rows"]["absent"]["A*"] == pytest.approx(0.1, abs=0.04)
    assert scores["rows"]["reversed"]["A* + mean A(e)"] > scores["rows"]["reversed"]["A*"]
    assert main(["report", str(tmp_path / "model"), "--scores", str(scores_file)]) == 0
    assert "| distance to A* |" in (tmp_path / "model" / "README.md").read_text()
    with pytest.raises(ValueError, match="`config` must be 'matrix_sensing'"):
        evaluate(tmp_path / "model", config="cue_order")
    make_model("matrix_sensing", {"dimension": 5}, None).save_pretrained(tmp_path / "small")
    with pytest.raises(ValueError, match="is of dimension 5, and 'matrix_sensing' of 20"):
        evaluate(tmp_path / "small")
    with pytest.raises(FileNotFoundError, match="no model"):
        evaluate(tmp_path / "nothing")


def test_rows_of_other_matrices_are_refused(tmp_path):
    from hf_causal.models import make_model

    make_model("matrix_sensing", {"dimension": 20}, None).save_pretrained(tmp_path / "model")
    build("environments", tmp_path / "data", ["matrix_sensing"], rows=20, validation_rows=20, problem_seed=5)
    with pytest.raises(ValueError, match="`data_dir` .* must hold rows of the published matrices"):
        evaluate(tmp_path / "model", data_dir=tmp_path / "data")
