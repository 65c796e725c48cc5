"""Corrected copies: what is corrected, what is kept and marked, and that nothing is lost."""

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_causal.corpora.build import build
from hf_causal.tasks.shared.schema import arrow_schema
from hf_causal.verification import fix, verify
from hf_causal.verification.io import open_tables, write_rows

CHAIN = "A causes B. B causes C."
ROWS = [
    {"prompt": f"{CHAIN} Does A cause C?", "completion": "Yes", "note": 1},
    {"prompt": f"{CHAIN} Does A cause C?", "completion": "No", "note": 2},
    {"prompt": f"{CHAIN} Does C cause A?", "completion": "Maybe", "note": 3},
    {"prompt": f"{CHAIN} So what", "completion": "Yes", "note": 4},
    {"prompt": "A causes B. B causes A. Does A cause B?", "completion": "No", "note": 5},
]
CHANGES = [None, "completion: 'No' -> 'Yes'", "completion: 'Maybe' -> 'No'", None, "completion: 'No' -> 'Yes'"]
MARKS = [None, None, None, "unreadable_row", "cyclic_premise"]


def write(path, rows=ROWS):
    return write_rows(path, [rows], list(rows[0]), pa.Table.from_pylist(rows).schema)


def read(path):
    return [row for part in open_tables(path)[0].parts for rows in part.batches() for row in rows]


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".json", ".csv"])
def test_every_format_gets_a_copy_with_all_its_rows(suffix, tmp_path):
    source, out = write(tmp_path / f"rows{suffix}"), tmp_path / "out" / f"fixed{suffix}"
    (summary,) = fix(source, out)
    assert (summary.num_rows, summary.num_changed, summary.num_marked, summary.num_dropped) == (5, 3, 2, 0)
    copy = read(out)
    assert [row["prompt"] for row in copy] == [row["prompt"] for row in ROWS]
    assert [str(row["note"]) for row in copy] == list("12345")
    assert [row["completion"] for row in copy] == ["Yes", "Yes", "No", "Yes", "Yes"]
    assert [row["verify_change"] or None for row in copy] == CHANGES
    assert [row["verify_defect"] or None for row in copy] == MARKS
    (report,) = verify(out).tables
    assert report.defective_rows == [3, 4]
    assert read(source) == [{**row, "note": str(row["note"]) if suffix == ".csv" else row["note"]} for row in ROWS]


def test_rows_that_cannot_be_corrected_are_left_out_on_request(tmp_path):
    (summary,) = fix(write(tmp_path / "rows.jsonl"), tmp_path / "fixed.jsonl", drop=True)
    assert (summary.num_rows, summary.num_marked, summary.num_dropped) == (3, 0, 2)
    assert verify(tmp_path / "fixed.jsonl").is_clean


@pytest.mark.parametrize(
    ("suffix", "text", "broken"),
    [
        (".jsonl", '{"prompt": "A causes B. Does A cause B?", "label": 1}\nnot json\n', "not json"),
        (".csv", "prompt,label\nA causes B. Does A cause B?,1\nx,1,2\n", '"x","1","2"'),
    ],
)
def test_broken_lines_are_kept(suffix, text, broken, tmp_path):
    (tmp_path / f"rows{suffix}").write_text(text)
    fix(tmp_path / f"rows{suffix}", tmp_path / f"fixed{suffix}")
    right, kept = read(tmp_path / f"fixed{suffix}")
    assert (kept["broken_row"], kept["verify_defect"]) == (broken, "unreadable_row")
    assert not right["verify_defect"] and not right.get("broken_row")


@pytest.mark.parametrize(
    ("labels", "fixed"),
    [
        ([1, 1], [1, 0]),
        ([0, 0], [1, 0]),
        ([None, None], [1, 0]),
        ([True, True], [True, False]),
        ([None, True], [True, False]),
        (["entailment", "entailment"], ["entailment", "non-entailment"]),
        (["yes", "yes"], ["yes", "no"]),
    ],
)
def test_labels_keep_their_spelling(labels, fixed, tmp_path):
    kind = pa.bool_() if True in labels and labels[1] is True else pa.array(fixed).type
    schema = pa.schema([("input", pa.string()), ("label", kind)])
    prompts = ["A causes B. Does A cause B?", "A causes B. Does B cause A?"]
    rows = [{"input": prompt, "label": label} for prompt, label in zip(prompts, labels, strict=True)]
    write_rows(tmp_path / "rows.parquet", [rows], schema=schema)
    fix(tmp_path / "rows.parquet", tmp_path / "fixed.parquet")
    assert [row["label"] for row in read(tmp_path / "fixed.parquet")] == fixed


def test_class_numbers_and_features_are_kept(tmp_path):
    features = datasets.Features(input=datasets.Value("string"), label=datasets.ClassLabel(names=["yes", "no"]))
    rows = {"input": ["A causes B. Does A cause B?"], "label": [1]}
    datasets.Dataset.from_dict(rows, features).to_parquet(tmp_path / "rows.parquet")
    fix(tmp_path / "rows.parquet", tmp_path / "fixed.parquet")
    copy = datasets.load_dataset("parquet", data_files=str(tmp_path / "fixed.parquet"), cache_dir=str(tmp_path / "c"))
    assert copy["train"].features["label"].names == ["yes", "no"]
    assert copy["train"][0] == {
        **{"input": rows["input"][0], "label": 0},
        "verify_change": "label: 1 -> 0",
        "verify_defect": None,
    }


def test_a_built_corpus_whose_labels_were_spoiled_is_corrected(tmp_path):
    build("axiomatic", tmp_path / "data", ["transitivity_occ"], rows=200, validation_rows=40)
    (path,) = (tmp_path / "data").rglob("train-*.parquet")
    original = pq.read_table(path).to_pylist()
    spoiled = [dict(row) for row in original]
    for row in spoiled[::7]:
        row["completion"] = {"Yes": "No", "No": "Yes"}[row["completion"]]
    for row in spoiled[::3]:
        row["label"] = 1 - row["label"]
    for row in spoiled[::5]:
        row["certificate"] = '{"path": []}'
    pq.write_table(pa.Table.from_pylist(spoiled, arrow_schema()), path)
    assert not verify(tmp_path / "data").is_clean
    summaries = fix(tmp_path / "data", tmp_path / "fixed")
    assert verify(tmp_path / "fixed").is_clean
    train = next(summary for summary in summaries if "train" in summary.name)
    changed = {*range(0, 200, 7), *range(0, 200, 3), *range(0, 200, 5)}
    assert (train.num_changed, train.num_marked, train.path.name) == (len(changed), 0, path.name)
    # Nodes may stand in another order in a new certificate; that it proves its label has been verified.
    kept = set(original[0]) - {"certificate"}
    copy = read(train.path)
    assert [{name: row[name] for name in kept} for row in copy] == [
        {name: row[name] for name in kept} for row in original
    ]
    assert all(copy[row] == original[row] | {"verify_change": None, "verify_defect": None} for row in (1, 2, 4))


def test_several_files_go_into_a_folder(tmp_path):
    sources = [write(tmp_path / "one.jsonl"), write(tmp_path / "two.csv")]
    summaries = fix(sources, tmp_path / "out")
    assert [summary.path for summary in summaries] == [tmp_path / "out" / "one.jsonl", tmp_path / "out" / "two.csv"]


def test_data_sets_on_the_hub_become_parquet(tmp_path, monkeypatch):
    rows = datasets.DatasetDict(train=datasets.Dataset.from_list(ROWS))
    monkeypatch.setattr(datasets, "get_dataset_config_names", lambda name: ["en"])
    monkeypatch.setattr(datasets, "load_dataset", lambda name, config, split: rows)
    (summary,) = fix("someone/questions", tmp_path)
    assert summary.path == tmp_path / "en" / "train.parquet"
    assert [row["verify_change"] for row in read(summary.path)] == CHANGES


def test_an_impossible_target_is_refused(tmp_path):
    source = write(tmp_path / "rows.jsonl")
    with pytest.raises(ValueError, match="must have the suffix '.jsonl'"):
        fix(source, tmp_path / "fixed.csv")
    with pytest.raises(ValueError, match="must not be an original"):
        fix(source, source)
    with pytest.raises(ValueError, match="must not be an original"):
        fix(tmp_path, tmp_path)
    with pytest.raises(ValueError, match="different names"):
        fix([source, write(tmp_path / "more" / "rows.jsonl")], tmp_path / "out")
    assert not (tmp_path / "out").exists()
