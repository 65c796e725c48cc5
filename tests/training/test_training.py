import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file
from small import TINY

from hf_causal.corpora import get_config
from hf_causal.corpora.infinite import fresh_shard
from hf_causal.training import data_sources as sources
from hf_causal.training.checkpoints import list_checkpoints
from hf_causal.training.log import TrainingLog
from hf_causal.training.loop import TrainingRun, train
from hf_causal.training.recipe import load_recipe
from hf_causal.training.run_setup import set_up


def flags(overrides):
    return [part for name, value in overrides.items() for part in (f"--{name}", json.dumps(value).strip('"'))]


def weights(folder):
    return load_file(folder / "model.safetensors")


def assert_equal_weights(one, other):
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def last_checkpoint_weights(folder):
    return load_file(list_checkpoints(folder)[-1] / "model.safetensors")


def log_of(folder):
    return [json.loads(line) for line in (folder / "training_log.jsonl").read_text().splitlines()]


def test_training_leaves_a_complete_model_folder(trained_model):
    names = {path.name for path in trained_model.iterdir()}
    assert {
        "model.safetensors",
        "config.json",
        "tokenizer.json",
        "recipe.yaml",
        "training_log.jsonl",
        "training_summary.json",
        "README.md",
        "modeling_axiom.py",
        "configuration_axiom.py",
    } <= names
    best = load_file(trained_model / "checkpoints" / "best.safetensors")
    assert_equal_weights(weights(trained_model), {name: best[name] for name in weights(trained_model)})
    summary = json.loads((trained_model / "training_summary.json").read_text())
    assert summary["steps"] == 6 and summary["validation_questions"] == 100
    assert summary["questions"] >= 6 * 8 * 4
    assert summary["family"]["nodes"] == [3, 6] and summary["family"]["longest_name"] == 3
    assert summary["family"]["rows"] == 600
    assert "600 questions about graphs of 3 to\n6 nodes" in (trained_model / "README.md").read_text()


def test_the_log_has_losses_and_validations_in_order(trained_model):
    log = log_of(trained_model)
    assert [entry["step"] for entry in log] == [2, 3, 4, 6, 6]
    assert [entry["step"] for entry in log if entry["kind"] == "validation"] == [3, 6]
    assert all(entry["examples_per_second"] > 0 for entry in log if entry["kind"] == "train")


def test_checkpoints_are_limited_and_complete(trained_model):
    assert [path.name for path in list_checkpoints(trained_model)] == ["step-0000004", "step-0000006"]
    assert not [path for path in (trained_model / "checkpoints").iterdir() if path.name.endswith(".partial")]


@pytest.mark.parametrize("stop", [1, 4])
@pytest.mark.parametrize("recipe", ["axiom-cpu", "axiom-67m-learned", "axiom-looped"])
def test_resuming_gives_the_same_weights_bit_for_bit(recipe, stop, tmp_path, corpus_dir):
    # With dropout, the random state of every process matters; two epochs of 9 steps and a bit.
    small = {**TINY, "max_steps": 20, "train_rows": 400, "model.hidden_dropout": 0.1, "gradient_accumulation_steps": 1}
    if recipe == "axiom-looped":  # draws loops, first flags and noise instead of dropout
        small = {name: value for name, value in small.items() if not name.startswith("model.")}
    chosen = load_recipe(recipe, small)
    train(chosen, tmp_path / "whole", corpus_dir)
    train(chosen, tmp_path / "parts", corpus_dir, stop_at_step=stop)
    assert log_of(tmp_path / "parts")[-1]["step"] == stop
    train(chosen, tmp_path / "parts", corpus_dir, resume_from_checkpoint="latest", stop_at_step=13)
    train(chosen, tmp_path / "parts", corpus_dir, resume_from_checkpoint="latest")
    assert_equal_weights(last_checkpoint_weights(tmp_path / "whole"), last_checkpoint_weights(tmp_path / "parts"))
    assert_equal_weights(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    validations = [
        [(e["step"], e["accuracy"]) for e in log_of(tmp_path / name) if e["kind"] == "validation"]
        for name in ("whole", "parts")
    ]
    assert validations[0] == validations[1]


@pytest.mark.parametrize("recipe", ["axiom-cpu", "axiom-looped"])
def test_training_on_fresh_rows_resumes_to_the_same_weights_bit_for_bit(recipe, tmp_path, corpus_dir, monkeypatch):
    small = {**TINY, "max_steps": 14, "train_rows": None, "fresh_rows": True, "gradient_accumulation_steps": 2}
    if recipe == "axiom-looped":
        small = {name: value for name, value in small.items() if not name.startswith("model.")}
    options = {"rows": 1200, "rows_per_shard": 600}  # some 9 batches a shard, so that shards end amid a step
    monkeypatch.setattr(sources, "get_config", lambda *names, **given: get_config(*names, **given, **options))
    numbers = []
    monkeypatch.setattr(sources, "fresh_shard", lambda *given: numbers.append(given[2]) or fresh_shard(*given))
    (tmp_path / "data" / "transitivity_ts2").mkdir(parents=True)
    for path in (corpus_dir / "transitivity_ts2").glob("validation-*"):  # no fixed training split is needed
        (tmp_path / "data" / "transitivity_ts2" / path.name).symlink_to(path)
    chosen = load_recipe(recipe, small)
    train(chosen, tmp_path / "whole", tmp_path / "data")
    assert max(numbers) >= 2
    for stop in (3, 10, None):
        train(chosen, tmp_path / "parts", tmp_path / "data", resume_from_checkpoint="latest", stop_at_step=stop)
    assert_equal_weights(last_checkpoint_weights(tmp_path / "whole"), last_checkpoint_weights(tmp_path / "parts"))
    assert_equal_weights(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    summaries = [json.loads((tmp_path / name / "training_summary.json").read_text()) for name in ("whole", "parts")]
    assert summaries[0]["questions"] == summaries[1]["questions"] > 14 * 2 * 8 * 3
    assert summaries[0]["family"]["nodes"] == [3, 6]
    assert "endless fresh questions about graphs of 3 to" in (tmp_path / "whole" / "README.md").read_text()


def test_a_killed_run_resumes_to_the_same_weights(tmp_path, corpus_dir):
    small = {**TINY, "max_steps": 100, "save_steps": 5, "eval_steps": 50, "train_rows": None}
    command = [sys.executable, "-m", "hf_causal.training", "--recipe", "axiom-cpu", "--data-dir", str(corpus_dir)]
    command += ["--output-dir", str(tmp_path / "killed"), *flags(small)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list_checkpoints(tmp_path / "killed")) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    reached = list_checkpoints(tmp_path / "killed")
    assert reached and not (tmp_path / "killed" / "model.safetensors").exists()
    train(load_recipe("axiom-cpu", small), tmp_path / "killed", corpus_dir, resume_from_checkpoint="latest")
    train(load_recipe("axiom-cpu", small), tmp_path / "whole", corpus_dir)
    assert_equal_weights(weights(tmp_path / "whole"), weights(tmp_path / "killed"))
    steps = [entry["step"] for entry in log_of(tmp_path / "killed")]
    assert steps == [entry["step"] for entry in log_of(tmp_path / "whole")]


def test_accumulated_gradients_equal_one_large_batch(tmp_path, corpus_dir):
    # One step over the same eight premises, whole and in four parts; fp32, so that only the order of sums differs.
    same = {**TINY, "max_steps": 1, "mixed_precision": "no", "optimizer": "adamw", "train_rows": 60, "eval_steps": 1}
    corpus = load_recipe("axiom-cpu", {**same, "per_device_train_batch_size": 8})
    parts = load_recipe("axiom-cpu", {**same, "per_device_train_batch_size": 2, "gradient_accumulation_steps": 4})
    gradients = []
    for recipe, name in ((corpus, "whole"), (parts, "parts")):
        setup = set_up(recipe, tmp_path / name, corpus_dir, "none")
        for optimizer in setup.optimizers:
            optimizer.step = optimizer.zero_grad = lambda *args, **kwargs: None
        setup.schedulers.clear()
        size = recipe.per_device_train_batch_size
        micro = [
            setup.loader.data_of(0).collate(list(range(start, start + size)), setup.tokenizer.pad_token_id)
            for start in range(0, 8, size)
        ]
        TrainingRun(setup)._step(micro)
        gradients.append({name: parameter.grad.clone() for name, parameter in setup.model.named_parameters()})
    for name in gradients[0]:
        torch.testing.assert_close(gradients[0][name], gradients[1][name], rtol=1e-3, atol=1e-6)


def test_a_started_folder_is_not_overwritten(trained_model, corpus_dir):
    recipe = load_recipe("axiom-cpu", TINY)
    with pytest.raises(ValueError, match="holds a run already"):
        train(recipe, trained_model, corpus_dir)
    with pytest.raises(ValueError, match="started with another recipe"):
        train(load_recipe("axiom-cpu", {**TINY, "seed": 9}), trained_model, corpus_dir, "latest")
    before = weights(trained_model)
    assert train(recipe, trained_model, corpus_dir, resume_from_checkpoint="latest").steps == 6
    assert_equal_weights(before, weights(trained_model))


def test_wrong_arguments_are_refused_before_anything_is_written(tmp_path, corpus_dir):
    recipe = load_recipe("axiom-cpu", TINY)
    with pytest.raises(ValueError, match="`report_to` must be one of none, trackio"):
        train(recipe, tmp_path / "a", corpus_dir, report_to="wandb")
    with pytest.raises(FileNotFoundError, match="`resume_from_checkpoint` must be 'latest' or a folder"):
        train(recipe, tmp_path / "a", corpus_dir, resume_from_checkpoint=str(tmp_path / "none"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="holds no config 'transitivity_ts2'"):
        train(recipe, tmp_path / "a", tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="cannot load config 'transitivity_ts2'"):
        train(recipe, tmp_path / "a", "nobody/nothing")
    with pytest.raises(ValueError, match="has no field 'hiden_size'"):
        train(load_recipe("axiom-cpu", {"model.hiden_size": 3}), tmp_path / "a", corpus_dir)
    assert not (tmp_path / "a").exists()


def test_a_tracker_that_is_not_installed_is_said_to_be(tmp_path, corpus_dir, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match="`report_to` 'trackio' is not installed"):
        train(load_recipe("axiom-cpu", TINY), tmp_path / "a", corpus_dir, report_to="trackio")


def test_training_is_tracked(tmp_path, corpus_dir):
    pytest.importorskip("trackio")
    command = [sys.executable, "-m", "hf_causal.training", "--recipe", "axiom-cpu", "--report-to", "trackio"]
    command += ["--data-dir", str(corpus_dir), "--output-dir", str(tmp_path / "run"), *flags(TINY)]
    environment = {**os.environ, "TRACKIO_DIR": str(tmp_path / "tracked")}  # read when trackio is imported
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)
    assert list((tmp_path / "tracked").glob("hf_causal*.db"))


def test_the_log_drops_what_a_resumed_run_writes_again(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"st')
    TrainingLog(path, resume_at=2).write(step=3, fresh=True)
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"step": 1},
        {"step": 2},
        {"step": 3, "fresh": True},
    ]


def test_recipes_of_two_precisions_in_one_process(tmp_path, corpus_dir):
    """Accelerate refuses another precision than that of the first recipe, unless its state is reset."""
    for precision in ("bf16", "no"):
        recipe = load_recipe("axiom-cpu", {**TINY, "mixed_precision": precision})
        assert set_up(recipe, tmp_path / precision, corpus_dir, "none").accelerator.mixed_precision == precision
    with pytest.raises(ValueError, match="mixed_precision"):
        Accelerator(mixed_precision="bf16")
