"""Tasks that are trained apart and combined: whose weights, which starts, and what is refused."""

import json

import pytest
from safetensors.torch import load_file

from hf_causal.corpora.build import build
from hf_causal.evaluation.predictors import load_predictor
from hf_causal.training.apart import PARAMETERS, task_recipes
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe

SMALL = {
    "mixture": {"axiomatic/transitivity_ts2": 1, "causal_ladder/relevance": 1},
    "model": {"num_attention_heads": 4, "name_encoder": "spelling", "separate_blocks": False},
    "model.training_loops": [2, 3],
    "train_apart": True,
    "starts": 2,
    "max_steps": 3,
    "per_device_train_batch_size": 2,
    "eval_rows": 40,
    "eval_steps": 2,
    "save_steps": 2,
    "logging_steps": 2,
}


def recipe(**overrides):
    return load_recipe("axiom-reasoner", {**SMALL, **overrides})


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for corpus, config in (("axiomatic", "transitivity_ts2"), ("causal_ladder", "relevance")):
        build(corpus, folder / corpus, [config], rows=400, validation_rows=240)
    return folder


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "reasoner"
    train(recipe(), folder, data)
    return folder


def test_each_task_has_the_weights_of_its_best_start(trained):
    weights = load_file(trained / "model.safetensors")
    summary = json.loads((trained / "training_summary.json").read_text())
    kept = [start for start in summary["starts"] if start["kept"]]
    assert [start["task"] for start in kept] == ["transitivity", "relevance"]
    for start in kept:
        others = [one for one in summary["starts"] if one["task"] == start["task"]]
        assert start["accuracy"] == max(one["accuracy"] for one in others)
        index = others.index(start)
        of_task = load_file(trained / "tasks" / start["task"] / f"start-{index}" / "model.safetensors")
        names = [name for name in weights if name.startswith(PARAMETERS[start["task"]])]
        assert names and all(weights[name].equal(of_task[name]) for name in names)


def test_a_task_that_is_not_trained_stays_as_it_was_drawn(trained):
    starts = [
        load_file(trained / "tasks" / task / "start-0" / "model.safetensors") for task in ("transitivity", "relevance")
    ]
    for task, other in (("relevance", 0), ("transitivity", 1)):
        names = [name for name in starts[0] if name.startswith(PARAMETERS[task])]
        changed = [name for name in names if not starts[0][name].equal(starts[1][name])]
        assert changed, "both runs draw the same weights, and one of them trains these"
        again = load_file(trained / "tasks" / ("transitivity", "relevance")[other] / "start-0" / "model.safetensors")
        assert all(again[name].equal(starts[other][name]) for name in names)


def test_a_task_starts_again_with_another_seed_until_it_is_good_enough(trained, data, tmp_path):
    seeds = {start["task"]: [] for start in json.loads((trained / "training_summary.json").read_text())["starts"]}
    for start in json.loads((trained / "training_summary.json").read_text())["starts"]:
        seeds[start["task"]].append(start["seed"])
    assert seeds["transitivity"] == [0, 1000], "three steps do not reach an accuracy of 1"
    train(recipe(restart_below=0.01), tmp_path / "easy", data)
    starts = json.loads((tmp_path / "easy" / "training_summary.json").read_text())["starts"]
    assert [(start["task"], start["seed"]) for start in starts] == [("transitivity", 0), ("relevance", 0)]


def test_what_is_finished_is_not_trained_again(trained, data):
    before = {path: path.stat().st_mtime_ns for path in trained.rglob("*.safetensors")}
    with pytest.raises(ValueError, match="holds a run already"):
        train(recipe(), trained, data)
    (trained / "model.safetensors").unlink()
    result = train(recipe(), trained, data, resume_from_checkpoint="latest")
    assert result.steps == sum(
        start["steps"] for start in json.loads((trained / "training_summary.json").read_text())["starts"]
    )
    starts = {path: time for path, time in before.items() if "start-" in str(path)}
    assert starts and all(path.stat().st_mtime_ns == time for path, time in starts.items())


def test_the_combined_model_answers_both_tasks(trained):
    predictor = load_predictor(trained, "cpu")
    prompts = ["A causes B. Does A cause B?", "A causes B. If nothing is held fixed, can changing A affect B?"]
    predictor.require_readable("transitivity", prompts[0])
    assert all(0 <= value <= 1 for value in predictor.probabilities(prompts[:1]))
    assert "| relevance | 1000 | 3 |" in (trained / "README.md").read_text()


def test_models_whose_tasks_share_weights_are_refused():
    with pytest.raises(ValueError, match="train_apart.*spelling"):
        recipe(model={"num_attention_heads": 4})
    with pytest.raises(ValueError, match="train_apart.*separate_blocks"):
        recipe(mixture={"axiomatic/transitivity_ts2": 1, "axiomatic/d_separation": 1})
    with pytest.raises(ValueError, match="starts.*1 without `train_apart`"):
        load_recipe("axiom-looped", {"starts": 3})
    with pytest.raises(ValueError, match="stop_at_step"):
        train(recipe(), "runs/never", stop_at_step=1)
    with pytest.raises(ValueError, match="must be 'latest'"):
        train(recipe(), "runs/never", resume_from_checkpoint="runs/never/step-1")


def test_the_recipes_of_tasks_read_the_same_words():
    recipes = task_recipes(recipe())
    assert {task: list(one.mixture) for task, one in recipes.items()} == {
        "transitivity": ["axiomatic/transitivity_ts2"],
        "relevance": ["causal_ladder/relevance"],
    }
    assert all(one.model["grammars"] == ["transitivity", "relevance"] for one in recipes.values())
