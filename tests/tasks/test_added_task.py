"""A new task is one folder and one line: the example is added from a folder outside the repository."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import datasets
import pytest
import torch
from tiny_language_model import save_tiny_language_model

from hf_causal.corpora.build import build
from hf_causal.evaluation.evaluate import score_predictor
from hf_causal.evaluation.language_models.evaluate import evaluate_language_model
from hf_causal.evaluation.language_models.prompts import draw_examples
from hf_causal.evaluation.predictors import make_predictor
from hf_causal.harnesses.lm_eval_tasks import write_task_folder
from hf_causal.models import make_model, make_tokenizer
from hf_causal.tasks import registry
from hf_causal.tasks.proving import CertificateError, check, prove
from hf_causal.tasks.registry import register, task_of_prompt, tasks
from hf_causal.tasks.varying import vary

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "add_a_task" / "common_cause"
PAGE = ROOT / "docs" / "add_a_task.md"
CONFIGS = ("common_cause", "common_cause_generalization")


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    """The example task, copied to a folder of its own and registered for this module."""
    folder = tmp_path_factory.mktemp("packages")
    shutil.copytree(EXAMPLE, folder / "common_cause", ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(ROOT)]))
        patch.setenv(registry.VARIABLE, "")
        patch.setattr(registry, "_TASKS", dict(tasks()))
        yield register("common_cause")
        for name in [name for name in sys.modules if name.split(".")[0] == "common_cause"]:
            del sys.modules[name]


@pytest.fixture(scope="module")
def folder(task, tmp_path_factory):
    """Both configs as Parquet with their card."""
    out = tmp_path_factory.mktemp("data") / "common_cause"
    build("common_cause", out, ["common_cause"], rows=400, validation_rows=200)
    build("common_cause", out, ["common_cause_generalization"], rows_per_cell=4)
    return out


def test_the_registry_knows_it(task):
    assert list(tasks())[-1] == "common_cause" and tasks()["common_cause"] is task
    assert task_of_prompt(task.example) is task
    assert prove(task.example).answer == "Yes"


@pytest.mark.parametrize("config", CONFIGS)
def test_datasets_loads_every_split(folder, config, tmp_path):
    splits = datasets.load_dataset(str(folder), config, cache_dir=str(tmp_path))
    assert sum(split.num_rows for split in splits.values()) == (600 if config == "common_cause" else 4 * 22)
    for split in splits.values():
        assert split.features["label"].names == ["No", "Yes"]
        assert 2 * sum(split["label"]) == split.num_rows


def test_every_row_is_proved(folder):
    command = [sys.executable, "-m", "hf_causal.cli", "verify", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "688" in run.stdout.replace(",", "")


@pytest.mark.parametrize("variant", ["renamed", "shuffled", "redundant", "omitted", "insufficient"])
def test_it_has_variants(task, variant):
    varied = vary({"prompt": f"D causes A. E causes F. {task.example}"}, variant, seed=1)
    check(varied)
    assert (varied["completion"] == "Yes") == (variant in ("renamed", "shuffled", "redundant"))


def test_a_wrong_proof_is_refused(task):
    row = {"prompt": "C causes A. C causes B. Is A linked to B by a common cause?", "completion": "No"}
    for certificate in ({"causes": {"first": [], "second": []}}, {"causes": {"first": ["C"], "second": ["C"]}}, {}):
        with pytest.raises(CertificateError):
            check({**row, "certificate": json.dumps(certificate)})
    with pytest.raises(CertificateError, match="third node"):
        check({**row, "completion": "Yes", "certificate": '{"first": ["A"], "second": ["A"]}'})


def test_its_words_name_no_node(task):
    config = task.configs["common_cause"](rows=4000, validation_rows=200)
    premises = task.generate_shard(config, "train", 0)["premise"].to_pylist()
    names = {name.lower() for premise in premises for name in re.findall(r"\w+", premise)} - {"causes"}
    assert not names & task.reserved_words
    assert {"linked", "a", "common"} < task.reserved_words


def test_a_model_is_scored_next_to_the_shortcuts(task, folder):
    tokenizer = make_tokenizer("axiom", "common_cause")
    assert tokenizer.unk_token_id not in tokenizer(task.example)["input_ids"]
    torch.manual_seed(0)
    model = make_model("axiom", {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}, tokenizer)
    predictor = make_predictor(model.eval(), tokenizer)
    scores = score_predictor(lambda: predictor, "tiny", "common_cause", task.default_evaluation, folder)
    assert set(scores.splits) == {"sequential", "flipped", "reversed", "shuffled", "branching", "long_names"}
    assert list(scores.baselines) == ["majority", "one sentence each"]


def test_a_language_model_is_scored_with_examples(task, folder, tmp_path):
    examples = draw_examples("common_cause", 4, seed=0)
    assert sorted(answer for _, answer in examples) == ["No", "No", "Yes", "Yes"]
    assert all(prove(prompt).answer == answer for prompt, answer in examples)
    save_tiny_language_model(tmp_path)
    scores = evaluate_language_model(
        str(tmp_path), "common_cause", task.default_evaluation, folder, limit=2, shots=2, answers=tmp_path / "replies"
    )
    assert scores.overall.n == 44


def test_lm_eval_lists_it_with_its_group(task, tmp_path):
    write_task_folder(tmp_path / "tasks")
    manager = pytest.importorskip("lm_eval.tasks").TaskManager(
        include_path=str(tmp_path / "tasks"), include_defaults=False
    )
    members = {"sequential", "flipped", "reversed", "shuffled", "branching", "long_names"}
    names = {f"hf_causal_common_cause_{member}{suffix}" for member in members for suffix in ("", "_generate")}
    assert names == {name for name in manager.all_subtasks if "common_cause" in name}
    assert {"hf_causal_common_cause", "hf_causal_common_cause_generate"} <= set(manager.all_groups)


def test_the_card_shows_its_example_and_proof(task, folder):
    card = (folder / "README.md").read_text(encoding="utf-8")
    for text in (task.dataset.title, task.example, prove(task.example).certificate, *CONFIGS):
        assert text in card


def test_the_page_shows_the_files_as_they_are():
    """Every Python block that begins with a file name is an excerpt of that file."""
    page = PAGE.read_text(encoding="utf-8")
    excerpts = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", page, flags=re.DOTALL)
    assert {name for name, _ in excerpts} >= {"text.py", "proof.py", "rows.py", "__init__.py"}
    for name, excerpt in excerpts:
        file = (EXAMPLE / name).read_text(encoding="utf-8")
        for part in re.split(r"\n+ *# …\n+|\n\n\n", excerpt.strip("\n")):
            assert part.strip("\n") in file, f"{name} does not contain:\n{part}"


def test_the_page_states_the_cost():
    files = sorted(path for path in EXAMPLE.glob("*.py"))
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
    assert lines <= 400
    assert f"{len(files)} files and {lines} lines" in PAGE.read_text(encoding="utf-8")


def test_a_second_task_of_the_same_name_is_refused(task, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    (other / "__init__.py").write_text(
        "from dataclasses import replace\nfrom hf_causal.tasks.registry import get_task\n"
        "TASK = replace(get_task('transitivity'), name='other')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="a config of the task 'transitivity'"):
        register("other")
