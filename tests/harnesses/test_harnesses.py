"""Task files of other harnesses, as far as they can be looked at without the harness."""

from pathlib import Path

import pytest
import yaml

from hf_causal.corpora import get_config
from hf_causal.evaluation.language_models.prompts import INSTRUCTION
from hf_causal.harnesses import HARNESSES, answers, harness_path
from hf_causal.harnesses.data import Splits, load_for_lm_eval
from hf_causal.tasks.proving import prove

TASKS = harness_path("lm-eval")
FAMILIES = {"transitivity": "transitivity_generalization", "d_separation": "d_separation_generalization"}


class _Loader(yaml.SafeLoader):
    """Reads `!function NAME` as NAME."""


_Loader.add_constructor("!function", lambda loader, node: node.value)


def read(path: Path) -> dict:
    """A task file with what it includes."""
    own = yaml.load(path.read_text(), _Loader)
    merged: dict = {}
    for included in own.pop("include", []):
        merged |= read(path.parent / included)
    return merged | own


def tasks_and_groups() -> tuple[dict[str, dict], dict[str, dict]]:
    files = [read(path) for path in sorted(TASKS.glob("*/*.yaml"))]
    groups = {file["group"]: file for file in files if "group" in file}
    return {file["task"]: file for file in files if "task" in file and "group" not in file}, groups


def test_every_axis_and_config_is_a_task_of_both_kinds():
    expected = {
        f"hf_causal_{name}_{split}" for name in FAMILIES for split in get_config("axiomatic", FAMILIES[name]).splits
    }
    expected |= {f"hf_causal_corr2cause_{config}" for config in ("default", "paraphrased", "refactored")}
    expected.add("hf_causal_co_occurrence_test")
    tasks, groups = tasks_and_groups()
    assert set(tasks) == expected | {f"{name}_generate" for name in expected}
    assert sorted(name for group in groups.values() for name in group["task"]) == sorted(tasks)
    for name, task in tasks.items():
        assert task["metadata"]["version"] == 1.0
        rows = task["dataset_kwargs"]
        assert task["test_split"] in get_config(rows["corpus"], rows["config"]).splits
        assert task["output_type"] == ("generate_until" if name.endswith("_generate") else "multiple_choice")


def test_the_examples_of_few_shot_prompts_are_right_and_in_the_training_family():
    for family in FAMILIES:
        shots = read(TASKS / family / "_rows.yaml")["fewshot_config"]["samples"]
        assert sorted(shot["label"] for shot in shots) == [0, 0, 0, 0, 1, 1, 1, 1]
        for shot in shots:
            assert prove(shot["prompt"]).answer == shot["completion"] == ("No", "Yes")[shot["label"]]
            assert 2 <= shot["prompt"].count(" causes ") <= 5


def test_the_instruction_is_one():
    assert read(TASKS / "_generate.yaml")["description"] == f"{INSTRUCTION}\n\n"


def test_a_generation_is_scored_by_its_first_answer():
    right = {"acc": 1.0, "f1": (1, 1), "unanswered": 0.0}
    assert answers.score_generation({"label": 1}, ["The answer is YES, not no."]) == right
    # Neither: wrong for accuracy whatever is right, and no Yes.
    assert answers.score_generation({"label": 0}, ["Nobody knows."]) == {"acc": 0.0, "f1": (0, 0), "unanswered": 1.0}


def test_splits_are_read_when_they_are_asked_for(corpus_dir, tmp_path):
    splits = load_for_lm_eval("axiomatic", "transitivity_generalization", axiomatic=str(corpus_dir), pretrained="x")
    assert splits["flipped"].features["label"].names == ["No", "Yes"]
    assert splits["flipped"][0]["prompt"].endswith("?")
    assert len(splits) == 6 and "train" not in splits
    with pytest.raises(KeyError):
        splits["train"]
    with pytest.raises(FileNotFoundError, match="holds no config"):
        Splits("axiomatic", "transitivity_generalization", tmp_path)["flipped"]


def test_a_harness_is_found_by_name():
    assert HARNESSES == ("lm-eval", "lighteval")
    assert all(harness_path(name).exists() for name in HARNESSES)
    with pytest.raises(ValueError, match="`harness` must be one of lm-eval, lighteval, got 'helm'"):
        harness_path("helm")
