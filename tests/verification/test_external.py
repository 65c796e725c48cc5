"""Reading rows of other people's files."""

import json

import datasets
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_causal.verification.io import BrokenRow, answer_of, find_columns, open_tables, spell, write_rows

ROWS = [
    {"prompt": "A causes B. Does A cause B?", "completion": "Yes"},
    {"prompt": 'A "x", é\ncauses B.', "completion": "No"},
]
SUFFIXES = (".parquet", ".jsonl", ".ndjson", ".json", ".csv")


def write(path, rows=ROWS):
    return write_rows(path, [rows[:1], rows[1:]], list(rows[0]), pa.Table.from_pylist(rows).schema)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_is_written_and_read_back(suffix, tmp_path):
    (table,) = open_tables(write(tmp_path / f"mine{suffix}"))
    assert list(table.rows()) == ROWS
    assert table.name == f"mine{suffix}"
    assert (table.columns.text, table.columns.label) == (("prompt",), "completion")
    assert table.num_rows == (2 if suffix == ".parquet" else None)
    assert [path.name for path in tmp_path.iterdir()] == [f"mine{suffix}"]


@given(rows=st.lists(st.fixed_dictionaries({"prompt": st.text(), "label": st.integers(0, 1)}), min_size=1))
def test_json_lines_keep_any_text(rows, tmp_path_factory):
    path = write(tmp_path_factory.mktemp("any") / "mine.jsonl", rows)
    assert list(open_tables(path)[0].rows()) == rows


def test_files_are_read_in_batches(tmp_path):
    rows = [{"prompt": str(number), "label": 1} for number in range(4500)]
    for suffix in SUFFIXES:
        (table,) = open_tables(write(tmp_path / f"mine{suffix}", rows))
        assert [len(batch) for batch in table.parts[0].batches()] == [2000, 2000, 500]
        assert [row["prompt"] for row in table.rows()] == [row["prompt"] for row in rows]


def test_lines_that_are_no_rows_are_kept(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text('{"prompt": "x", "label": 1}\n\nnot json\n[1]\n')
    _, first, second = open_tables(path)[0].rows()
    assert first.text == "not json" and "not JSON" in first.reason
    assert second == BrokenRow("[1]", "the row is not a JSON object")
    (tmp_path / "mine.csv").write_text("prompt,label\nx,1\nx,1,2\n")
    _, ragged = open_tables(tmp_path / "mine.csv")[0].rows()
    assert ragged == BrokenRow('"x","1","2"', "the line has 3 values, the header 2")


def test_json_may_be_a_list_or_data_or_lines(tmp_path):
    path = tmp_path / "mine.json"
    for text in (json.dumps(ROWS), json.dumps({"data": ROWS}), "".join(json.dumps(row) + "\n" for row in ROWS)):
        path.write_text(text)
        assert list(open_tables(path)[0].rows()) == ROWS


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    for name, text in (("mine.csv", "prompt,label\nx,1\n"), ("mine.jsonl", '{"prompt": "x", "label": 1}')):
        (tmp_path / name).write_text(text, encoding="utf-8-sig")
        assert open_tables(tmp_path / name)[0].columns.names == ("prompt", "label")


@pytest.mark.parametrize(
    ("names", "text", "label"),
    [
        (["prompt", "completion"], ("prompt",), "completion"),
        (["input", "label"], ("input",), "label"),
        (["premise", "hypothesis", "relation"], ("premise", "hypothesis"), "relation"),
        (["question", "premise", "answer"], ("premise", "question"), "answer"),
        (["premise", "question", "prompt", "completion", "label"], ("prompt",), "completion"),
    ],
)
def test_columns_are_recognized(names, text, label):
    columns = find_columns(names, "mine")
    assert (columns.text, columns.label) == (text, label)


def test_of_a_built_row_everything_is_held_together():
    columns = find_columns(["premise", "question", "prompt", "completion", "label", "certificate", "hops"], "mine")
    assert columns.labels == ("completion", "label")
    assert (columns.certificate, columns.parts) == ("certificate", ("premise", "question"))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["text", "label"], "mine has no column for the text: it has `text`, `label`"),
        (["premise", "label"], "no column for the text"),
        (["prompt", "gold"], "no column for the label: it has `prompt`, `gold`"),
        ([], "it has none"),
    ],
)
def test_missing_columns_are_named_with_those_that_are_there(names, message):
    with pytest.raises(ValueError, match=message):
        find_columns(names, "mine")


YES = ["Yes", "yes", " YES ", "Yes.", 1, 1.0, "1", True, "true", "TRUE", "entailment", "Entails"]
NO = ["No", "no", " NO", "no.", 0, 0.0, "0", False, "False", "non-entailment", "not_entailment", "contradiction"]


@pytest.mark.parametrize(("answer", "labels"), [("Yes", YES), ("No", NO)])
def test_labels_are_read_and_spelled_alike(answer, labels):
    other = {"Yes": "No", "No": "Yes"}[answer]
    for label in labels:
        assert answer_of(label) == answer
        assert spell(answer, label) is label
        opposite = spell(other, label)
        assert type(opposite) is type(label) and answer_of(opposite) == other


@pytest.mark.parametrize("label", ["Maybe", "", "yesno", None, 2, -1, 0.5, float("nan"), ["Yes"], {}])
def test_other_labels_are_no_answer(label):
    assert answer_of(label) is None


@pytest.mark.parametrize(
    ("like", "no"),
    [("yes", "no"), ("TRUE", "FALSE"), ("True", "False"), ("entailment", "non-entailment"), ("Maybe", "No"), (2, 0)],
)
def test_a_label_is_spelled_like_another(like, no):
    assert spell("No", like) == no


def test_class_numbers_mean_what_their_names_say():
    classes = ["entailment", "neutral", "contradiction"]
    assert [answer_of(label, classes) for label in (0, 1, 2, 3, -1)] == ["Yes", "No", "No", None, None]
    assert (spell("Yes", 2, classes), spell("No", 0, classes)) == (0, 1)


def test_class_names_are_read_from_parquet(tmp_path):
    features = datasets.Features(prompt=datasets.Value("string"), label=datasets.ClassLabel(names=["yes", "no"]))
    rows = datasets.Dataset.from_dict({"prompt": ["x", "x"], "label": [0, 1]}, features)
    rows.to_parquet(tmp_path / "mine.parquet")
    (table,) = open_tables(tmp_path / "mine.parquet")
    assert [table.columns.answer(row, "label") for row in table.rows()] == ["Yes", "No"]


def test_the_shards_of_a_split_are_one_table(tmp_path):
    for name in ("a/train-00001-of-00002", "a/train-00000-of-00002", "a/test-00000-of-00001", "b/train"):
        write(tmp_path / f"{name}.parquet", [{"prompt": name, "label": 1}])
    (tmp_path / "a" / "manifest.json").write_text("{}")
    (tmp_path / ".hidden").mkdir()
    write(tmp_path / ".hidden" / "x.csv")
    assert [table.name for table in open_tables(tmp_path)] == ["a/test", "a/train", "b/train.parquet"]
    train = open_tables(tmp_path, "a", "train")
    assert [row["prompt"][-14:-9] for table in train for row in table.rows()] == ["00000", "00001"]
    assert [table.name for table in open_tables(tmp_path, split="train")] == ["a/train", "b/train.parquet"]
    with pytest.raises(FileNotFoundError, match="config 'c' holds no files"):
        open_tables(tmp_path, "c")


def test_data_sets_on_the_hub_are_tables_too(monkeypatch):
    rows = datasets.Dataset.from_list(ROWS)
    known = {"en": datasets.DatasetDict(train=rows, test=rows.select([1]))}
    monkeypatch.setattr(datasets, "get_dataset_config_names", lambda name: list(known))
    monkeypatch.setattr(
        datasets, "load_dataset", lambda name, config, split: known[config][split] if split else known[config]
    )
    tables = open_tables("someone/questions")
    assert [(table.name, table.num_rows) for table in tables] == [("en/train", 2), ("en/test", 1)]
    assert list(tables[0].rows()) == ROWS
    assert [table.name for table in open_tables("someone/questions", "en", "test")] == ["en/test"]


@pytest.mark.parametrize("source", ["mistyped.csv", "data/mistyped.jsonl", "a/b/c", "./absent", "no such folder"])
def test_a_mistyped_file_is_not_requested_from_the_hub(source, monkeypatch):
    monkeypatch.setattr(datasets, "get_dataset_config_names", lambda name: pytest.fail(f"asked for {name}"))
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        open_tables(source)


def test_what_cannot_be_read_is_an_error_that_says_why(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file or folder 'someone/nothing'.*from the Hub"):
        open_tables("someone/nothing")
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(ValueError, match="suffix of .* must be one of .parquet, .jsonl"):
        open_tables(tmp_path / "mine.txt")
    with pytest.raises(FileNotFoundError, match="holds no files"):
        open_tables(tmp_path)
    with pytest.raises(ValueError, match="are for folders"):
        open_tables(write(tmp_path / "mine.csv"), split="train")
    for name, content in (("mine.parquet", b"no parquet"), ("mine.jsonl", b'{"prompt": "\xff"}')):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name}.* read|read .*{name}"):
            list(open_tables(tmp_path / name)[0].rows())
    cut = write(tmp_path / "cut.parquet", [{"prompt": "x" * 1000, "label": 1}] * 5000)
    content = bytearray(cut.read_bytes())
    content[4:200] = bytes(196)
    cut.write_bytes(content)
    with pytest.raises(ValueError, match="cannot read .*cut.parquet"):
        list(open_tables(cut)[0].rows())
    (tmp_path / "mine.json").write_text("3")
    with pytest.raises(ValueError, match="must hold a list of rows"):
        list(open_tables(tmp_path / "mine.json")[0].rows())
    (tmp_path / "mine.jsonl").write_text("\n")
    with pytest.raises(ValueError, match="holds no rows"):
        list(open_tables(tmp_path / "mine.jsonl")[0].rows())


def test_nothing_half_written_is_left(tmp_path):
    def broken():
        yield ROWS
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_rows(tmp_path / "mine.jsonl", broken())
    assert list(tmp_path.iterdir()) == []
