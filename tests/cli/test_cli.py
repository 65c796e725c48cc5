import json
import subprocess
import sys

import pytest
import typer
from small import TINY

from hf_causal.cli import app, main

COMMANDS = (
    "build", "train", "finetune", "evaluate", "verify", "report", "reproduce", "export", "info", "demo"
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_teaches_by_example(command, capsys):
    assert main([command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Example" in shown and f"hf-causal {command}" in shown


def commands_of(group, *names):
    """Every command of a group, as the words that call it."""
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from commands_of(command, *names, name)
        else:
            yield (*names, name)


EVERY_COMMAND = list(commands_of(typer.main.get_command(app)))


def test_no_command_is_missing_from_the_list():
    assert {*COMMANDS, "harness", "publish"} <= {names[0] for names in EVERY_COMMAND}


@pytest.mark.parametrize("names", EVERY_COMMAND, ids=" ".join)
def test_every_command_has_help(names, capsys):
    assert main([*names, "--help"]) == 0
    assert f"hf-causal {' '.join(names)}" in capsys.readouterr().out


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from hf_causal.cli import main; main(['train', '--help']);"
        "heavy = {'torch', 'transformers', 'datasets', 'numpy', 'pyarrow', 'matplotlib'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build"], "corpus"),
        (["nothing"], "nothing"),
        (["build", "axiomatic", "--out", "OUT", "--config", "x"], "has no config 'x'"),
        (["build", "axiomatic", "--out", "OUT", "--nodes", "3,x"], "`--nodes` must be whole numbers"),
        (["build", "axiomatic", "--out", "OUT", "--name-lengths", "3"], "`--name-lengths` must be 2 numbers"),
        (
            ["build", "axiomatic", "--out", "OUT", "--engine", "spark"],
            "`engine` must be one of local, ray, got 'spark'",
        ),
        (["build", "axiomatic", "--out", "OUT", "--ray-address", "auto"], "needs `engine` 'ray'"),
        (["build", "axiomatic", "--out", "nowhere://OUT"], "Protocol not known: nowhere"),
        (["train", "axiom-gpu", "--output-dir", "OUT"], "shipped recipes: axiom-67m-corr2cause"),
        (["train", "axiom-cpu", "--output-dir", "OUT", "--learnin-rate", "1"], "did you mean 'learning_rate'"),
        (["evaluate", "OUT"], "no model folder"),
        (["evaluate", "OUT", "--limit", "many"], "--limit"),
        (["report", "OUT"], "is not a model folder"),
        (["report", "OUT", "--scores", "OUT/x.json"], "no scores file"),
        (["reproduce", "--out", "OUT", "--recipe", "x"], "no recipe 'x'"),
    ],
)
def test_mistakes_get_one_line_and_status_2(arguments, message, tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main([part.replace("OUT", out) for part in arguments]) == 2
    shown = capsys.readouterr().err
    assert message in shown and shown.startswith("error: ") and shown.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--model.num-attention-heads", "3", "`num_attention_heads` must divide `hidden_size`"),
        ("--model.position-encoding", "alibi", "`position_encoding` must be one of"),
        ("--model.hidden-size", "wide", "hidden_size"),
        ("--model.hiden-size", "8", "has no field 'hiden_size'"),
    ],
)
def test_an_impossible_model_is_a_mistake_too(option, value, message, corpus_dir, tmp_path, capsys):
    where = ["--output-dir", str(tmp_path / "out"), "--data-dir", str(corpus_dir)]
    assert main(["train", "axiom-cpu", *where, option, value]) == 2
    shown = capsys.readouterr().err
    assert message in shown and shown.count("\n") == 1


def test_an_interrupt_says_how_to_resume(corpus_dir, tmp_path, capsys, monkeypatch):
    import hf_causal.training.loop as loop

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "train", interrupted)
    assert main(["train", "axiom-cpu", "--output-dir", str(tmp_path)]) == 130
    assert "--resume-from-checkpoint latest" in capsys.readouterr().err


def test_info_lists_versions_recipes_and_corpora(capsys):
    assert main(["info"]) == 0
    shown = capsys.readouterr().out
    assert "axiom-cpu" in shown and "transitivity_ts2" in shown and "torch" in shown


def test_a_diverged_training_is_a_failed_check(corpus_dir, tmp_path, capsys):
    wild = {**TINY, "learning_rate": 1e30, "optimizer": "adamw", "max_grad_norm": 0, "mixed_precision": "no"}
    options = [part for name, value in wild.items() for part in (f"--{name}", str(value))]
    output = ["--output-dir", str(tmp_path / "wild"), "--data-dir", str(corpus_dir)]
    assert main(["train", "axiom-cpu", *output, *options]) == 1
    assert "lower learning rate" in capsys.readouterr().err


def test_build_writes_to_a_url_and_resumes(tmp_path, capsys):
    url = f"file://{tmp_path}/data"
    command = ["build", "axiomatic", "--config", "transitivity_occ", "--rows", "800", "--rows-per-shard", "400"]
    command += ["--validation-rows", "400", "--num-proc", "1", "--out"]
    assert main([*command, url]) == 0
    shown = capsys.readouterr()
    assert "800" in shown.out and "rows/s" in shown.err
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "data" / "transitivity_occ").iterdir()}
    assert len(files) == 4
    assert main([*command, str(tmp_path / "data")]) == 0
    assert {path: path.stat().st_mtime_ns for path in files} == files


def test_build_train_evaluate_report(tmp_path, capsys):
    data, model, scores = tmp_path / "data", tmp_path / "model", tmp_path / "scores.json"
    build = ["build", "axiomatic", "--out", str(data), "--num-proc", "1"]
    assert main([*build, "--config", "transitivity_occ", "--rows", "2000", "--validation-rows", "400"]) == 0
    assert main([*build, "--config", "transitivity_generalization", "--rows-per-cell", "4", "--nodes", "5,7"]) == 0
    options = [part for name, value in TINY.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    train = ["train", "axiom-cpu", "--output-dir", str(model), "--data-dir", str(data), *options]
    assert main([*train, "--config", "transitivity_occ", "--stop-at-step", "3"]) == 0
    assert "Stopped at step 3 of 6" in capsys.readouterr().out
    assert main([*train, "--config", "transitivity_occ", "--resume-from-checkpoint", "latest"]) == 0
    assert "in-family validation accuracy" in capsys.readouterr().out
    assert main(["evaluate", str(model), "--data-dir", str(data), "--json", str(scores)]) == 0
    assert "branching" in capsys.readouterr().out
    assert len(json.loads(scores.read_text())["splits"]) == 6
    assert main(["report", str(model), "--scores", str(scores)]) == 0
    assert (model / "report.md").is_file() and (model / "plots" / "overview.png").is_file()


def test_reproduce_does_everything_once(tmp_path, capsys, monkeypatch):
    small = {name: value for name, value in TINY.items() if not name.startswith("model.")}
    options = [part for name, value in small.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    command = ["reproduce", "--out", str(tmp_path), "--rows-per-cell", "4", "--num-proc", "1", *options]
    assert main(command) == 0
    first = capsys.readouterr().out
    assert "Building transitivity_ts2" in first and "long_names" in first
    for name in ("report.md", "generalization.json", "README.md", "model.safetensors", "plots/overview.png"):
        assert (tmp_path / "model" / name).is_file()
    assert (tmp_path / "data" / "README.md").is_file()
    built = (tmp_path / "data" / "transitivity_ts2" / "manifest.json").stat().st_mtime_ns
    from hf_causal.evaluation.predictors import ModelPredictor

    monkeypatch.setattr(ModelPredictor, "probabilities", lambda *args: pytest.fail("scored again"))
    assert main(command) == 0
    assert (tmp_path / "data" / "transitivity_ts2" / "manifest.json").stat().st_mtime_ns == built
    assert "Building" not in capsys.readouterr().out

    monkeypatch.undo()
    command[command.index("--rows-per-cell") + 1] = "6"  # other questions: old scores are scores of something else
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "Building transitivity_generalization" in shown and "Building transitivity_ts2" not in shown
    scores = json.loads((tmp_path / "model" / "generalization.json").read_text())
    assert scores["splits"]["sequential"]["n"] == 6 * 12
