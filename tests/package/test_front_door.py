"""`import hf_causal`: light, documented, and the same rows for the same arguments."""

import inspect
import json
import subprocess
import sys

import datasets
import pytest

import hf_causal
from hf_causal.tasks.registry import tasks

HEAVY = {"torch", "transformers", "datasets", "numpy", "pyarrow", "pandas", "accelerate", "evaluate", "gradio",
         "huggingface_hub", "fsspec", "yaml", "typer"}  # fmt: skip


def test_the_import_is_light():
    code = (
        "import sys, time; before = set(sys.modules); start = time.perf_counter(); import hf_causal;"
        "print(time.perf_counter() - start); print(*(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, modules = done.stdout.splitlines()
    assert float(seconds) < 0.1
    imported = {name.partition(".")[0] for name in modules.split()}
    assert "hf_causal" in imported and not imported & HEAVY
    assert not [name for name in modules.split() if name.startswith("hf_causal.")]


@pytest.mark.parametrize("name", [name for name in hf_causal.__all__ if name != "__version__"])
def test_every_public_name_is_there_with_a_docstring(name):
    value = getattr(hf_causal, name)
    assert inspect.getdoc(value) and name in dir(hf_causal)
    if inspect.isfunction(value):
        assert ">>>" in inspect.getdoc(value)
        assert "return" in value.__annotations__


def test_type_checkers_see_the_names_that_are_imported_late():
    source = inspect.getsource(hf_causal)
    for name in set(hf_causal.__all__) - {"__version__"}:
        assert f"import {name} as {name}\n" in source


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = hf_causal.no_such_name


@pytest.mark.parametrize("task", tasks())
def test_every_task_creates_rows_that_check(task):
    rows = hf_causal.create(task, rows=12, seed=3)
    assert isinstance(rows, datasets.Dataset) and len(rows) == 12
    assert rows.features["label"] == datasets.ClassLabel(names=["No", "Yes"])
    for row in rows:
        hf_causal.check(row)
        assert hf_causal.score(row["completion"], row).value == 1
    assert rows.to_list() == hf_causal.create(task, rows=12, seed=3).to_list()
    assert rows.to_list() != hf_causal.create(task, rows=12, seed=4).to_list()


def test_rows_can_be_of_any_number_and_configs_of_any_kind():
    assert len(hf_causal.create("transitivity_occ", rows=1)) == 1
    assert len(hf_causal.create("transitivity_occ", rows=401)) == 401
    branching = hf_causal.create("transitivity_generalization", 30, split="branching", rows_per_cell=20, nodes=(5, 6))
    assert len(branching) == 30 and set(branching["num_nodes"]) == {5, 6}
    assert hf_causal.create("scenes/default", rows=5).column_names == ["image_id", "scene", "objects"]


def test_all_rows_of_a_draw_are_balanced():
    rows = hf_causal.create("d_separation", rows=600)
    assert sum(rows["label"]) == 300


def test_a_stream_has_no_end():
    stream = hf_causal.create("transitivity", seed=1, streaming=True, nodes=(3,), rows_per_shard=200)
    assert isinstance(stream, datasets.IterableDataset)
    assert len({row["prompt"] for _, row in zip(range(300), stream, strict=False)}) > 250


@pytest.mark.parametrize(
    ("name", "options", "word"),
    [
        ("no_such_task", {}, "neither a task"),
        ("default", {}, "corr2cause/default, scenes/default"),
        ("axiomatic/nothing", {}, "has no config 'nothing'"),
        ("transitivity", {"rows": 0}, "at least 1"),
        ("transitivity", {"split": "test"}, "no split 'test'"),
        ("transitivity", {"size": 3}, "no option 'size'"),
        ("transitivity_generalization", {"rows": 99, "rows_per_cell": 2, "nodes": (5,)}, "at most 2"),
    ],
)
def test_wrong_requests_name_what_would_be_right(name, options, word):
    with pytest.raises(ValueError, match=word):
        hf_causal.create(name, **options)


def test_load_reads_a_built_folder(corpus_dir):
    splits = hf_causal.load("transitivity_ts2", data_dir=corpus_dir)
    assert {split: len(rows) for split, rows in splits.items()} == {"train": 2000, "validation": 400}
    assert hf_causal.load("transitivity_ts2", "train", corpus_dir).features == splits["train"].features


@pytest.mark.parametrize(
    ("row", "reply", "value"),
    [
        ({"completion": "No"}, "No.", 1),
        ({"completion": "No", "label": 0}, "**Yes**", 0),
        ({"label": 1}, "<think>No?</think> The answer is yes", 1),
        ({"prompt": "A causes B. Does B cause A?"}, "no", 1),
        ({"completion": "Yes"}, "perhaps", 0),
        ({"completion": "Yes"}, None, 0),
    ],
)
def test_score_reads_what_models_write(row, reply, value):
    score = hf_causal.score(reply, row)
    assert isinstance(score, hf_causal.Score)
    assert (score.value, score.answer_right, score.proof_valid) == (value, value == 1, None)
    assert score.reason


def test_score_refuses_other_forms_and_rows():
    with pytest.raises(ValueError, match="yes-no"):
        hf_causal.score("Yes", {"completion": "Yes"}, form="essay")
    with pytest.raises(ValueError, match="'Maybe'"):
        hf_causal.score("Yes", {"completion": "Maybe"})


def test_a_file_is_verified(tmp_path):
    row = {"prompt": "A causes B. Does A cause B?", "completion": "No"}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    assert not hf_causal.verify(tmp_path / "rows.jsonl").is_clean
