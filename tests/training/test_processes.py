"""Runs of several real processes: what they learn, count and write, and what happens when one of them dies."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from accelerate.commands.config.config_args import load_config_from_file
from small import TINY
from test_training import flags, log_of

from hf_causal.cli import main
from hf_causal.corpora.build import build
from hf_causal.systems import NAMES
from hf_causal.training import launch as launching
from hf_causal.training.checkpoints import find_damage, list_checkpoints, read_manifest
from hf_causal.training.launch import accelerate_config_names, find_accelerate_config, launch
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe
from hf_causal.training.worker import LAUNCHED

EXACT = {**TINY, "max_steps": 4, "logging_steps": 1, "mixed_precision": "no"}
"""fp32, so that only the order of sums differs, and every step in the log."""
EXACT |= {"eval_rows": 101, "per_device_eval_batch_size": 1}  # 17 premises, so that the second process has one less
LOOPED = {name: value for name, value in EXACT.items() if not name.startswith("model.")}
# What the looped reasoner draws in training differs from process to process; names are compared within one.
LOOPED |= {"model.flag_noise": 0.0, "model.training_loops": [8, 8], "name_loss_weight": 0.0}
SHARDED = {**EXACT, "optimizer": "adamw", "max_steps": 6}
HALF = {"per_device_train_batch_size": 4}
# Steps that each read one environment, whichever the process.
HETEROGENEITY = "heterogeneity" in NAMES
SENSING = {"fresh_rows": False, "max_steps": 4, "logging_steps": 1, "eval_steps": 2, "save_steps": 4, "eval_rows": 40}
SENSING |= {"per_device_train_batch_size": 8, "model.dimension": 4, "model.initial_scale": 0.5}
QUARTER = {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 2}


def in_one_process(out, corpus_dir, recipe, overrides, **options):
    train(load_recipe(recipe, overrides), out, corpus_dir, **options)
    return log_of(out)


@pytest.fixture(scope="module")
def runs(tmp_path_factory, corpus_dir) -> Path:
    """Folders of several recipes that two processes trained in turn; `resumed` was begun by one process."""
    out = tmp_path_factory.mktemp("two")
    in_one_process(out / "resumed", corpus_dir, "axiom-cpu", EXACT, stop_at_step=2)
    if HETEROGENEITY:
        sizes = {"rows": 400, "validation_rows": 40, "dimension": 4, "rank": 1, "spurious_rank": 1, "environments": 3}
        build("environments", out / "environments", ["matrix_sensing"], **sizes)
    recipes = {
        "decoder": ("axiom-cpu", EXACT | HALF, None),
        "accumulated": (
            "axiom-cpu",
            EXACT | QUARTER,
            None,
        ),
        "looped": ("axiom-looped", LOOPED | HALF, None),
        **({"sensing": ("matrix-sensing", SENSING | HALF, None)} if HETEROGENEITY else {}),
        "resumed": ("axiom-cpu", EXACT | HALF, None),
        "other_size": ("axiom-cpu", EXACT | HALF, 2),
        "other_size_resumed": ("axiom-cpu", EXACT, None),
        "not_a_number": ("axiom-cpu", {**EXACT, **HALF, "logging_steps": 4}, None),
        "told_to_stop": ("axiom-cpu", EXACT | HALF, None),
        "disk_full": ("axiom-cpu", EXACT | HALF, None),
        "sharded": ("axiom-cpu", SHARDED | HALF, 3),
        "sharded_resumed": ("axiom-cpu", SHARDED | HALF, None),
        "sharded_muon": ("axiom-cpu", EXACT | HALF, None),
    }
    (out / "recipes.json").write_text(json.dumps(recipes))
    script = Path(__file__).resolve().parents[1] / "helpers" / "several_recipes.py"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", str(script)]
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, str(out), str(corpus_dir), str(out / "recipes.json")], env=environment,
                          capture_output=True, text=True, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return out


@pytest.fixture(scope="module")
def results(runs):
    return [json.loads((runs / f"results_{rank}.json").read_text()) for rank in range(2)]


@pytest.mark.parametrize(
    ("name", "recipe", "overrides"),
    [
        ("decoder", "axiom-cpu", EXACT),
        ("accumulated", "axiom-cpu", EXACT),
        ("resumed", "axiom-cpu", EXACT),
        ("looped", "axiom-looped", LOOPED),
        ("sharded", "axiom-cpu", SHARDED),
    ],
)
def test_two_processes_learn_what_one_learns_and_count_every_example_once(
    name, recipe, overrides, runs, corpus_dir, tmp_path
):
    one, two = in_one_process(tmp_path / "one", corpus_dir, recipe, overrides), log_of(runs / name)
    steps = overrides["max_steps"]
    assert [entry["step"] for entry in two if entry["kind"] == "train"] == list(range(1, steps + 1))
    assert [entry["questions"] for entry in two if entry["kind"] == "validation"] == [101, 101]
    for single, double in zip(one, two, strict=True):
        assert double["loss"] == pytest.approx(single["loss"], rel=1e-4)
        assert double["accuracy"] == pytest.approx(single["accuracy"], abs=1e-9)
        assert double.get("grad_norm", 0) == pytest.approx(single.get("grad_norm", 0), rel=1e-3)
    summaries = [
        json.loads((folder / "training_summary.json").read_text()) for folder in (tmp_path / "one", runs / name)
    ]
    assert summaries[0]["questions"] == summaries[1]["questions"]
    assert [summary["num_processes"] for summary in summaries] == [1, 2]
    assert [summary["global_batch_size"] for summary in summaries] == [8, 8]


@pytest.mark.skipif(not HETEROGENEITY, reason="the system `heterogeneity` is not in this checkout")
def test_two_processes_read_the_environments_that_one_reads(runs, tmp_path):
    one = in_one_process(tmp_path / "one", runs / "environments", "matrix-sensing", SENSING)
    two = log_of(runs / "sensing")
    assert len([entry for entry in two if entry["kind"] == "train"]) == 4
    for single, double in zip(one, two, strict=True):
        assert double["loss"] == pytest.approx(single["loss"], rel=1e-4)


def test_only_one_process_writes(results):
    own = {Path(path).name for path in results[1]["decoder"]["opened"]}
    # Each process saves its own random state; safetensors writes it past Python.
    assert own <= {"random_state_1.safetensors"}
    written = {Path(path).name for path in results[0]["decoder"]["opened"]}
    for name in ("recipe.yaml", "manifest.json", "training_log.jsonl"):
        assert any(path.startswith(f".{name}.") and path.endswith(".partial") for path in written)


def test_checkpoints_say_by_how_many_processes_they_were_saved(runs):
    checkpoint = list_checkpoints(runs / "decoder")[-1]
    manifest = read_manifest(checkpoint)
    assert (manifest["num_processes"], manifest["global_batch_size"], manifest["sharded"]) == (2, 8, False)
    assert {
        "model.safetensors",
        "best.safetensors",
        "random_state_0.safetensors",
        "random_state_1.safetensors",
    } <= set(manifest["files"])
    assert read_manifest(list_checkpoints(runs / "sharded")[-1])["sharded"]


def test_two_processes_hand_over_to_one(runs, corpus_dir, tmp_path):
    (begun,) = (path for path in list_checkpoints(runs / "decoder") if path.name == "step-0000002")
    whole = log_of(runs / "decoder")
    rest = in_one_process(tmp_path / "one", corpus_dir, "axiom-cpu", EXACT, resume_from_checkpoint=str(begun))
    assert [entry["step"] for entry in rest] == [3, 3, 4, 4]
    for single, double in zip(rest, [entry for entry in whole if entry["step"] > 2], strict=True):
        assert single["loss"] == pytest.approx(double["loss"], rel=1e-4)


def test_another_number_of_premises_a_step_is_refused(results):
    for result in results:
        assert "of a run with 8 premises a step, and here it would be 16" in result["other_size_resumed"]["error"]


def test_a_loss_that_is_no_number_names_its_process_and_batch_everywhere(runs, results):
    for result in results:
        error = result["not_a_number"]["error"]
        assert error.startswith("FloatingPointError: the loss is nan at step 3 (epoch 0, batch 2, process 1, premises")
    entry = log_of(runs / "not_a_number")[-1]
    assert (entry["kind"], entry["step"], len(entry["premises"]["1"])) == ("not_finite", 3, 4)
    assert "0" not in entry["premises"]
    assert [path.name for path in list_checkpoints(runs / "not_a_number")] == ["step-0000002"]


def test_a_full_disk_of_one_process_ends_all_and_leaves_the_checkpoint_before(runs, results):
    for result in results:
        assert "the checkpoint of step 4 could not be written" in result["disk_full"]["error"]
        assert "No space left on device" in result["disk_full"]["error"]
    assert os.listdir(runs / "disk_full" / "checkpoints") != []
    (kept,) = list_checkpoints(runs / "disk_full")
    assert kept.name == "step-0000002" and find_damage(kept) is None
    assert not list((runs / "disk_full" / "checkpoints").glob(".*"))


def test_muon_is_refused_where_matrices_are_in_parts(results):
    assert "must not be 'muon' with FSDP" in results[0]["sharded_muon"]["error"]


def test_all_processes_save_and_end_well_when_one_gets_a_signal(runs, results):
    assert [result["told_to_stop"]["status"] for result in results] == [0, 0]
    assert [path.name for path in list_checkpoints(runs / "told_to_stop")] == ["step-0000002", "step-0000003"]
    assert len(read_manifest(list_checkpoints(runs / "told_to_stop")[-1])["files"]) > 5


def test_a_killed_process_ends_the_run_and_leaves_a_checkpoint_to_resume_from(corpus_dir, tmp_path):
    psutil = pytest.importorskip("psutil")
    small = {**EXACT, "max_steps": 400, "save_steps": 5, "eval_steps": 400, "logging_steps": 5}
    command = [sys.executable, "-m", "hf_causal.cli", "train", "axiom-cpu", "--output-dir", str(tmp_path / "run")]
    command += ["--data-dir", str(corpus_dir), *flags(small | HALF), "--num-processes", "2"]
    launcher = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 200
    while not list_checkpoints(tmp_path / "run") and launcher.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    workers = psutil.Process(launcher.pid).children()
    assert len(workers) == 2
    workers[1].send_signal(signal.SIGKILL)
    _, err = launcher.communicate(timeout=100)  # the others are ended after half a minute at most
    assert launcher.returncode == 1
    (line,) = (line for line in err.splitlines() if line.startswith("error: "))
    kept = list_checkpoints(tmp_path / "run")[-1]
    assert "process 1 was killed by SIGKILL" in line and f"the last checkpoint is '{kept}'" in line
    assert not any(worker.is_running() for worker in workers)
    assert find_damage(kept) is None and not (tmp_path / "run" / "model.safetensors").exists()

    # One process goes on with what two began, and learns what one would have learned alone.
    last = int(kept.name.removeprefix("step-")) + 5
    options = {"stop_at_step": last, "resume_from_checkpoint": "latest"}
    logs = [
        in_one_process(tmp_path / name, corpus_dir, "axiom-cpu", small, **options) for name in ("run", "never_killed")
    ]
    assert len(logs[0]) == len(logs[1]) == last / 5
    for entry, other in zip(*logs, strict=True):
        assert entry["loss"] == pytest.approx(other["loss"], rel=1e-3)


def test_the_launcher_passes_signals_on():
    ready = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); print(1, flush=True);"
    with launching._passing_on_signals() as noted:
        worker = subprocess.Popen([sys.executable, "-c", f"{ready} time.sleep(60)"], stdout=subprocess.PIPE)
        worker.stdout.readline()
        os.kill(os.getpid(), signal.SIGTERM)
        assert worker.wait(timeout=30) == 7
        worker.stdout.close()
    assert noted == {signal.SIGTERM}


def test_every_shipped_config_is_one_that_accelerate_reads():
    names = accelerate_config_names()
    assert names == ["fsdp2", "multi_gpu", "multi_node", "single_gpu"]
    kinds = [load_config_from_file(str(find_accelerate_config(name))).distributed_type for name in names]
    assert kinds == ["FSDP", "MULTI_GPU", "MULTI_GPU", "NO"]
    for name in names:
        text = find_accelerate_config(name).read_text()
        assert "accelerate launch --config_file" in text and "hf-causal train" in text


def test_configs_are_listed_and_printed(capsys):
    assert main(["info", "--accelerate-config", "fsdp2"]) == 0
    assert capsys.readouterr().out == find_accelerate_config("fsdp2").read_text()
    assert main(["info", "--accelerate-config", "fsdp3"]) == 2
    assert "a file or one of fsdp2, multi_gpu, multi_node, single_gpu, got 'fsdp3'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--num-processes", "2", "--accelerate-config", "ddp"], "`accelerate_config` must be a file or one of"),
        (["--num-processes", "2", "--accelerate-config", "fsdp2"], "'fsdp2' needs GPUs, and this machine has none"),
        (["--num-processes", "3", "--num-machines", "2"], "must be a multiple of `num_machines`, got 3 and 2"),
        (["--num-processes", "4", "--num-machines", "2"], "`main_process_ip` must be the address of the first of"),
        (["--num-processes", "2", "--seed", "one"], "'seed' must be int, got 'one'"),
        (["--num-processes", "0"], "Invalid value for '--num-processes'"),
    ],
)
def test_impossible_launches_are_refused_before_anything_starts(arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("torch.accelerator.is_available", lambda: False)
    assert main(["train", "axiom-cpu", "--output-dir", str(tmp_path / "out"), *arguments]) == 2
    shown = capsys.readouterr().err
    assert message in shown and shown.startswith("error: ") and shown.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_more_processes_than_gpus_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("torch.accelerator.is_available", lambda: True)
    monkeypatch.setattr("torch.accelerator.device_count", lambda: 4)
    monkeypatch.setattr("torch.accelerator.current_accelerator", lambda: type("Device", (), {"type": "cuda"}))
    with pytest.raises(ValueError, match="`num_processes` must be at most the 4 GPUs of a machine, got 8"):
        launch([], tmp_path, "multi_gpu")  # as its file says
    with pytest.raises(ValueError, match="at most the 4 GPUs of a machine, got 5 for this one"):
        launch([], tmp_path, "multi_node", num_processes=10, main_process_ip="10.0.0.1")
    seen, environments = [], []
    monkeypatch.setattr(
        "accelerate.commands.launch.launch_command",
        lambda settings: seen.append(settings) or environments.append(dict(os.environ)),
    )
    launch(["train", "x"], tmp_path, "fsdp2", num_processes=4)
    (settings,) = seen
    assert settings.num_processes == 4 and settings.training_script_args == ["train", "x"]
    assert "ACCELERATE_USE_CPU" not in environments[0] and LAUNCHED in environments[0]
    assert LAUNCHED not in os.environ
