"""Several tasks at once: training on a mixture, scoring every task that a model reads, one report and one card."""

import json

import pytest
import torch
import yaml
from safetensors.torch import load_file

from hf_causal.corpora.build import build
from hf_causal.evaluation.evaluate_tasks import evaluate_tasks, readable_configs
from hf_causal.evaluation.predictors import load_predictor
from hf_causal.evaluation.report_files import write_model_report
from hf_causal.reproduce import _corpus_folder, _scored_tasks, reproduce
from hf_causal.tasks.registry import scored_configs
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe

SMALL = {
    "max_steps": 4,
    "per_device_train_batch_size": 2,
    "train_rows": 400,
    "eval_rows": 60,
    "eval_steps": 2,
    "save_steps": 2,
    "logging_steps": 2,
    "mixed_precision": "no",
    "model.training_loops": [2, 3],
    "train_apart": False,
    "starts": 1,
    "mixture": {
        "axiomatic/transitivity_ts2": 4,
        "axiomatic/d_separation": 4,
        "corr2cause/default": 1,
        "corr2cause/paraphrased": 1,
    },
}

TASKS = [source for source in scored_configs() if source[0] in ("axiomatic", "corr2cause")]
"""The configs that the shipped reasoner reads."""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    small = {"rows": 400, "validation_rows": 240}
    build("axiomatic", folder / "axiomatic", ["transitivity_ts2"], **small)
    build("axiomatic", folder / "axiomatic", ["d_separation"], **small)
    for task in ("transitivity", "transitivity_further", "d_separation"):
        build("axiomatic", folder / "axiomatic", [f"{task}_generalization"], rows_per_cell=4, nodes=(5,))
    build("axiomatic", folder / "axiomatic", ["transitivity_further_generalization"], rows_per_cell=2)
    build("corr2cause", folder / "corr2cause", ["default", "paraphrased", "refactored"], nodes=(3, 4))
    build("corr2cause", folder / "corr2cause", ["seven_variables"], rows_per_cell=4)
    return folder


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "reasoner"
    train(load_recipe("axiom-reasoner", SMALL), folder, data)
    return folder


@pytest.fixture(scope="module")
def scores(trained, data):
    return evaluate_tasks(trained, data)


def test_a_mixture_is_trained_and_validated_by_config(trained):
    log = [json.loads(line) for line in (trained / "training_log.jsonl").read_text().splitlines()]
    last = [entry for entry in log if entry["kind"] == "validation"][-1]
    own = [last[f"accuracy/{config}"] for config in ("transitivity_ts2", "d_separation", "default", "paraphrased")]
    assert last["accuracy"] == pytest.approx(sum(own) / 4)
    assert last["questions"] == 4 * 60
    family = json.loads((trained / "training_summary.json").read_text())["family"]["sources"]
    assert {source: about["nodes"] for source, about in family.items()} == {
        "axiomatic/transitivity_ts2": [3, 6],
        "axiomatic/d_separation": [3, 6],
        "corr2cause/default": [3, 4],
        "corr2cause/paraphrased": [3, 4],
    }


def test_a_mixture_resumes_to_the_same_weights_bit_for_bit(trained, data, tmp_path):
    recipe = load_recipe("axiom-reasoner", SMALL)
    for stop in (3, None):
        train(recipe, tmp_path / "parts", data, resume_from_checkpoint="latest", stop_at_step=stop)
    whole, parts = (load_file(folder / "model.safetensors") for folder in (trained, tmp_path / "parts"))
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_training_can_begin_with_the_weights_of_another_model(trained, data, tmp_path):
    mixture = {"axiomatic/d_separation": 4}
    overrides = {**SMALL, "max_steps": 1, "learning_rate": 1e-30, "muon_learning_rate": 1e-30, "mixture": mixture}
    overrides["gate_learning_rate"] = 1e-30
    wide = {"model.grammars": ["transitivity", "d_separation"]}
    train(load_recipe("axiom-reasoner", {**overrides, **wide}), tmp_path / "first", data / "axiomatic")
    begun = load_recipe("axiom-reasoner", {**overrides, **wide, "initial_model": str(tmp_path / "first"), "seed": 7})
    train(begun, tmp_path / "second", data / "axiomatic")
    first, second = (load_file(tmp_path / name / "model.safetensors") for name in ("first", "second"))
    assert all(torch.allclose(first[name], second[name], atol=1e-6) for name in first)
    with pytest.raises(ValueError, match="does not fit the recipe's model"):
        train(
            load_recipe("axiom-reasoner", {**overrides, "initial_model": str(trained)}),
            tmp_path / "third",
            data / "axiomatic",
        )
    with pytest.raises(FileNotFoundError, match="no model.safetensors"):
        train(
            load_recipe("axiom-reasoner", {**overrides, "initial_model": "nowhere"}),
            tmp_path / "fourth",
            data / "axiomatic",
        )


def test_a_model_is_scored_on_all_that_it_reads(trained, scores, data, tmp_path):
    assert [(one.dataset, one.config) for one in scores.by_config] == TASKS
    assert all(one.splits for one in scores.by_config)
    narrow = {**SMALL, "mixture": {}, "corpus": "axiomatic", "config": "transitivity_ts2"}
    train(load_recipe("axiom-looped", narrow), tmp_path / "narrow", data / "axiomatic")
    readable = [config for _, config in readable_configs(load_predictor(tmp_path / "narrow"))]
    assert readable == ["transitivity_generalization", "transitivity_further_generalization"]


def test_files_go_to_the_task_of_their_grammar(trained, data, tmp_path):
    rows = {
        "chains": {"prompt": "A causes B. Does A cause B?", "completion": "Yes"},
        "balls": {"prompt": "A causes B. Are A and B d-separated?", "completion": "No"},
    }
    for name, row in rows.items():
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
    scores = evaluate_tasks(trained, data, [tmp_path / "balls.jsonl", tmp_path / "chains.jsonl"], limit=1)
    assert [list(one.files) for one in scores.by_config] == [["chains"], [], ["balls"], [], [], [], []]


def test_a_file_that_no_task_of_the_model_reads_is_refused(trained, data, tmp_path):
    (tmp_path / "other.jsonl").write_text(json.dumps({"prompt": "What is smoke?", "completion": "Yes"}) + "\n")
    with pytest.raises(ValueError, match="other.jsonl' holds questions of no task that the model reads"):
        evaluate_tasks(trained, data, [tmp_path / "other.jsonl"], limit=1)


def test_a_mixture_is_reproduced_once(tmp_path):
    mixture = {"axiomatic/d_separation": 2, "axiomatic/transitivity_ts2": 1}
    recipe = load_recipe("axiom-reasoner", {**SMALL, "mixture": mixture})
    messages = []
    # The published training configs are small enough for a test where their rows are cut by `train_rows`.
    scores = reproduce(recipe, tmp_path, rows_per_cell=2, say=messages.append)
    assert [one.config for one in scores.by_config] == [config for _, config in TASKS[:3]]
    assert (tmp_path / "data" / "d_separation").is_dir()
    assert sum(text.startswith("Building") for text in messages) == 5
    messages.clear()
    assert reproduce(recipe, tmp_path, rows_per_cell=2, say=messages.append) == scores
    assert messages == [f"Training axiom-reasoner in {tmp_path / 'model'}"]


def test_each_of_several_corpora_has_its_folder(tmp_path):
    several = load_recipe("axiom-reasoner", SMALL)
    assert _corpus_folder(tmp_path, several, "corr2cause") == tmp_path / "corr2cause"
    assert _corpus_folder(tmp_path, load_recipe("axiom-looped"), "axiomatic") == tmp_path
    assert _scored_tasks(several) == TASKS
    assert _scored_tasks(load_recipe("axiom-looped-d-separation")) == [("axiomatic", "d_separation_generalization")]


@pytest.mark.usefixtures("drawn_pictures")
def test_one_report_and_one_card_tell_of_all_tasks(trained, scores):
    write_model_report(trained, scores)
    report, card = (trained / "report.md").read_text(), (trained / "README.md").read_text()
    for title in ("Transitivity", "d-separation", "Correlation to causation, other words"):
        assert f"### {title}\n" in report and f"### {title}\n" in card
    assert "| Correlation to causation, other names | `refactored` |" in report
    for config in ("", "d_separation_generalization/", "paraphrased/"):
        assert f"(plots/{config}overview.png)" in report
        assert (trained / "plots" / config / "overview.png").stat().st_size > 5_000
    about = yaml.safe_load(card.split("---\n")[1])
    assert about["datasets"] == ["axiomatic", "corr2cause"]
    results = {
        (result["dataset"]["type"], result["dataset"]["config"]) for result in about["model-index"][0]["results"]
    }
    assert results == set(TASKS)
    assert "Bayes ball" in card and "| `corr2cause/default` | 1 |" in card
