"""Tasks of other harnesses, derived from the registry of tasks, without the harnesses themselves."""

import importlib
import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace

import pytest
import yaml
from huggingface_hub import constants

from hf_causal.corpora import get_config
from hf_causal.corpora.build import build
from hf_causal.evaluation.language_models.prompts import INSTRUCTION
from hf_causal.harnesses import HARNESSES, answers, harness_path
from hf_causal.harnesses.data import Splits, load_for_lm_eval
from hf_causal.harnesses.lm_eval_tasks import few_shot_examples, task_files, write_task_folder
from hf_causal.harnesses.splits import harness_splits
from hf_causal.tasks import registry
from hf_causal.tasks.proving import prove

NAMES = {f"hf_causal_{one.task}_{one.member}" for one in harness_splits()}
PUBLISHED = {
    *(f"hf_causal_{task}_{split}" for task in ("transitivity", "d_separation")
      for split in ("sequential", "flipped", "reversed", "shuffled", "branching", "long_names")),
    *(f"hf_causal_corr2cause_{config}" for config in ("default", "paraphrased", "refactored", "seven_variables")),
    "hf_causal_co_occurrence_test",
}  # fmt: skip


class _Loader(yaml.SafeLoader):
    """Reads `!function NAME` as NAME."""


_Loader.add_constructor("!function", lambda loader, node: node.value)


def test_published_names_stay():
    assert NAMES >= PUBLISHED


def suffixes(task_name):
    """The suffixes of the harness tasks of a task: two ways of Yes/No, if that is how it answers, and its forms."""
    forms = {f"_{form.replace('-', '_')}": form for form in registry.get_task(task_name).forms}
    return {**({"": None, "_generate": None} if registry.get_task(task_name).is_yes_no else {}), **forms}


def test_every_evaluation_split_has_every_form_and_a_group():
    files = task_files().values()
    tasks = {content["task"]: content for content in files if "group" not in content}
    groups = {content["group"]: content["task"] for content in files if "group" in content}
    expected = {
        f"hf_causal_{one.task}_{one.member}{suffix}": form
        for one in harness_splits(other_answers=True)
        for suffix, form in suffixes(one.task).items()
    }
    assert set(tasks) == set(expected) >= NAMES
    assert sorted(name for members in groups.values() for name in members) == sorted(tasks)
    assert {"hf_causal_transitivity", "hf_causal_corr2cause_generate", "hf_causal_d_separation_proof"} <= set(groups)
    assert {"hf_causal_transitivity_trace", "hf_causal_d_separation_minimum_separating_set"} <= set(groups)
    for name, task in tasks.items():
        rows, form = task["dataset_kwargs"], expected[name]
        assert task["metadata"]["version"] == (1.1 if name.endswith("_generate") else 1.0)
        assert task["test_split"] in get_config(rows["corpus"], rows["config"]).splits
        by_likelihood = form is None and not name.endswith("_generate")
        assert task["output_type"] == ("multiple_choice" if by_likelihood else "generate_until")
        assert rows.get("form") == form
        if form is None:
            assert task.get("description", f"{INSTRUCTION}\n\n") == f"{INSTRUCTION}\n\n"
        else:
            assert task["metric_list"][0]["metric"] == "score"


@pytest.mark.parametrize("form", ["proof", "minimum-separating-set"])
def test_rows_of_a_form_bring_question_and_answer(form, tmp_path):
    build("axiomatic", tmp_path / "axiomatic", ["d_separation_generalization"], rows_per_cell=4, nodes=(5,))
    source = {"axiomatic": str(tmp_path / "axiomatic")}
    rows = load_for_lm_eval("axiomatic", "d_separation_generalization", form=form, **source)["sequential"]
    every = load_for_lm_eval("axiomatic", "d_separation_generalization", **source)["sequential"]
    assert 0 < len(rows) <= len(every) and "answer" not in every[0]
    for row in rows:
        good = answers.score_answer(row, [row["answer"]])
        assert good["score"] == 1 and good["unreadable"] == 0
        assert answers.score_answer(row, ["Hm."])["unreadable"] == 1
        assert row["question"].startswith(row["prompt"].rpartition(". ")[0])


def test_a_new_task_appears_in_both_harnesses(monkeypatch):
    known = registry.get_task("co_occurrence")
    monkeypatch.setitem(registry._TASKS, "new", replace(known, name="new"))
    assert ("new", "test") in {(one.task, one.member) for one in harness_splits()}
    assert task_files()["new/test.yaml"]["dataset_kwargs"] == {"corpus": "co_occurrence", "config": "co_occurrence"}


def test_a_written_folder_holds_the_tasks(tmp_path):
    folder = write_task_folder(tmp_path / "tasks")
    written = {
        path.relative_to(folder).as_posix(): yaml.load(path.read_text(), _Loader) for path in folder.rglob("*.yaml")
    }
    assert written == task_files()
    assert write_task_folder(folder) == folder  # again, over its own files
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds other files, such as 'notes.txt'"):
        write_task_folder(folder)


def test_few_shot_examples_are_right_and_in_the_training_family():
    # One task with published examples, and one whose examples are drawn.
    for task in ("transitivity", "d_separation", "co_occurrence"):
        examples = few_shot_examples(task)
        assert sorted(example["label"] for example in examples) == [0, 0, 0, 0, 1, 1, 1, 1]
        for example in examples:
            assert prove(example["prompt"]).answer == example["completion"] == ("No", "Yes")[example["label"]]
            assert task == "co_occurrence" or 2 <= example["prompt"].count(" causes ") <= 5


def test_a_generation_is_scored_by_its_first_answer():
    right = {"acc": 1.0, "f1": (1, 1), "unanswered": 0.0}
    assert answers.score_generation({"label": 1}, ["The answer is YES, not no."]) == right
    # An unreadable answer is wrong even where No is right, and not a Yes.
    assert answers.score_generation({"label": 0}, ["Nobody knows."]) == {"acc": 0.0, "f1": (0, 0), "unanswered": 1.0}


@pytest.mark.parametrize("text", ["\n\nYes", "<think>\n\n</think>\n\nYes", "No?\n\nWait.\n</think>\n\nYes"])
def test_a_blank_line_does_not_end_the_answer(text, lighteval_tasks):
    generated = [content for content in task_files().values() if "generation_kwargs" in content]
    stops = {stop for content in generated for stop in content["generation_kwargs"]["until"]}
    stops |= {stop for task in lighteval_tasks.TASKS_TABLE for stop in getattr(task, "stop_sequence", ())}
    assert generated and not any(stop in text for stop in stops)
    assert answers.score_generation({"label": 1}, [text])["acc"] == 1


def test_splits_are_loaded_on_access(corpus_dir, tmp_path):
    splits = load_for_lm_eval("axiomatic", "transitivity_generalization", axiomatic=str(corpus_dir), pretrained="x")
    assert splits["flipped"].features["label"].names == ["No", "Yes"]
    assert splits["flipped"][0]["prompt"].endswith("?")
    assert len(splits) == 6 and "train" not in splits
    with pytest.raises(KeyError):
        splits["train"]
    with pytest.raises(FileNotFoundError, match="holds no config"):
        Splits("axiomatic", "transitivity_generalization", tmp_path)["flipped"]


def test_a_harness_is_known_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HOME", str(tmp_path))
    assert HARNESSES == ("lm-eval", "lighteval", "inspect")
    folder = harness_path("lm-eval")
    assert folder.is_relative_to(tmp_path) and len(list(folder.rglob("*.yaml"))) == len(task_files())
    assert harness_path("lm-eval") == folder and not list(folder.parent.glob(".*"))
    assert harness_path("lm-eval", tmp_path / "out") == tmp_path / "out"
    assert harness_path("lighteval").is_file() and harness_path("inspect").is_file()
    with pytest.raises(ValueError, match="`out` is for lm-eval"):
        harness_path("lighteval", tmp_path)
    with pytest.raises(ValueError, match="`harness` must be one of lm-eval, lighteval, inspect, got 'helm'"):
        harness_path("helm")


LIGHTEVAL = {
    "metrics.metrics": {"Metrics": SimpleNamespace(loglikelihood_acc="loglikelihood")},
    "metrics.metrics_sample": {"SampleLevelComputation": object},
    "metrics.utils.metric_utils": {"SampleLevelMetric": SimpleNamespace},
    "models.model_output": {"ModelResponse": SimpleNamespace},
    "tasks.lighteval_task": {"LightevalTaskConfig": SimpleNamespace},
    "tasks.requests": {"Doc": SimpleNamespace, "SamplingMethod": SimpleNamespace(GENERATIVE="generative")},
}
"""The names of lighteval that the module of tasks uses."""


@pytest.fixture
def lighteval_tasks(monkeypatch):
    """The module of tasks for lighteval, with stand-ins for lighteval's classes."""
    for name, attributes in LIGHTEVAL.items():
        module = ModuleType(f"lighteval.{name}")
        vars(module).update(attributes)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setenv("HF_CAUSAL_CORR2CAUSE", "lab/corr2cause")
    monkeypatch.delenv("HF_CAUSAL_AXIOMATIC", raising=False)
    monkeypatch.delitem(sys.modules, "hf_causal.harnesses.lighteval_tasks", raising=False)
    yield importlib.import_module("hf_causal.harnesses.lighteval_tasks")
    sys.modules.pop("hf_causal.harnesses.lighteval_tasks", None)


def test_the_table_of_lighteval_has_every_split(lighteval_tasks):
    table = {task.name: task for task in lighteval_tasks.TASKS_TABLE}
    assert len(table) == 2 * len(NAMES)
    branching = table["hf_causal_transitivity:branching"]
    assert (branching.hf_repo, branching.hf_subset) == ("data/axiomatic", "transitivity_generalization")
    assert (branching.evaluation_splits, branching.few_shots_split) == (["branching"], None)
    generated = table["hf_causal_corr2cause_generate:paraphrased"]
    assert (generated.hf_repo, generated.hf_subset, generated.evaluation_splits) == (
        "lab/corr2cause",
        "paraphrased",
        ["test"],
    )
    assert generated.few_shots_split == "validation" and generated.metrics == [lighteval_tasks.GENERATED_ACCURACY]


def test_lighteval_gets_the_prompt_and_reads_the_answer(lighteval_tasks):
    row = {"prompt": "A causes B. Does A cause B?", "label": 1}
    assert lighteval_tasks.choice_prompt(row).query == row["prompt"]
    doc = lighteval_tasks.generation_prompt(row, "name")
    assert doc.query == f"{INSTRUCTION}\n\n{row['prompt']}" == doc.instruction + row["prompt"]
    assert (doc.task_name, doc.choices, doc.gold_index) == ("name", [" No", " Yes"], 1)
    read = lighteval_tasks.ReadAnswer()
    scores = [read.compute(doc, SimpleNamespace(final_text=[text])) for text in ("Yes.", "No.", "Perhaps")]
    assert scores == [1.0, 0.0, 0.0]
