"""Files as other people have them: each is read as it is meant, or refused with what is wrong; nothing is skipped."""

import json
import os
import threading
from decimal import Decimal

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_causal.cli import main
from hf_causal.utils.locks import InUse
from hf_causal.verification import fix, verify
from hf_causal.verification.io import open_tables, write_rows

YES = {"prompt": "A causes B. Does A cause B?", "completion": "Yes"}
WRONG = {"prompt": "A causes B. Does B cause A?", "completion": "Yes"}


def write_lines(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def reasons(path, name="unreadable_row"):
    (report,) = verify(path).tables
    finding = report.findings.get(name)
    return dict(zip(finding.rows, finding.reasons, strict=True)) if finding else {}


# Missing stops, labels and instructions


@pytest.mark.parametrize(
    ("premise", "hypothesis", "label"),
    [
        ("A causes B. B causes C", "Are A and C d-separated given {B}?", "Yes"),
        ("Premise: A causes B. B causes C", "Hypothesis: Does C cause A", "No"),
        ("Answer the following question with ONLY 'Yes' or 'No'.\n\nPremise: q causes r", "Does q cause r?", "Yes"),
        ("q and r often appear together. r causes s", "Does s cause q? ", "No"),
        (
            "Suppose there is a closed system of 2 variables, A and B. All the statistical relations among these 2 "
            "variables are as follows: A correlates with B",
            "A directly causes B",
            "No",
        ),
    ],
)
def test_columns_without_the_last_stop_are_proved(tmp_path, premise, hypothesis, label):
    row = {"premise": premise, "hypothesis": hypothesis}
    assert verify(write_lines(tmp_path / "right.jsonl", {**row, "label": label})).is_clean
    other = {"Yes": "No", "No": "Yes"}[label]
    assert list(reasons(write_lines(tmp_path / "wrong.jsonl", {**row, "label": other}), "wrong_label")) == [0]


# Links


def test_linked_folders_and_files_are_read(tmp_path):
    write_lines(tmp_path / "elsewhere" / "more.jsonl", YES, WRONG)
    write_lines(tmp_path / "file.jsonl", WRONG)
    folder = write_lines(tmp_path / "data" / "own.jsonl", YES).parent
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "linked.jsonl").symlink_to(tmp_path / "file.jsonl")
    report = verify(folder)
    assert [table.name for table in report.tables] == ["linked/more.jsonl", "linked.jsonl", "own.jsonl"]
    assert report.num_rows == 4
    assert [table.rows("wrong_label") for table in report.tables] == [[1], [0], []]


@pytest.mark.parametrize("target", ["data", "data/inner", "."])
def test_a_link_that_leads_back_is_refused(tmp_path, target, capsys):
    write_lines(tmp_path / "data" / "inner" / "own.jsonl", YES)
    (tmp_path / "data" / "inner" / "again").symlink_to(tmp_path / target)
    assert main(["verify", str(tmp_path / "data")]) == 2
    shown = capsys.readouterr().err
    assert "again" in shown and "leads back" in shown and shown.count("\n") == 1


def test_two_links_into_each_other_are_refused(tmp_path):
    for name, other in (("one", "two"), ("two", "one")):
        write_lines(tmp_path / name / "rows.jsonl", YES)
        (tmp_path / name / "other").symlink_to(tmp_path / other)
    with pytest.raises(ValueError, match="leads back"):
        open_tables(tmp_path / "one")


def test_a_link_to_nothing_is_refused(tmp_path):
    write_lines(tmp_path / "rows.jsonl", YES)
    (tmp_path / "gone.parquet").symlink_to(tmp_path / "absent.parquet")
    with pytest.raises(ValueError, match="gone.parquet.* leads nowhere"):
        open_tables(tmp_path)


# Files without rows, and files that are not what their name says


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".json", ".jsonl"])
def test_a_file_without_rows_is_an_error(tmp_path, suffix, capsys):
    schema = pa.schema([("prompt", pa.string()), ("completion", pa.string())])
    path = write_rows(tmp_path / f"empty{suffix}", [], schema.names, schema)
    assert main(["verify", str(path)]) == 2
    assert "holds no rows" in capsys.readouterr().err


def test_an_empty_shard_is_no_error(tmp_path):
    schema = pa.schema([("prompt", pa.string()), ("completion", pa.string())])
    write_rows(tmp_path / "test-00000-of-00002.parquet", [], schema=schema)
    write_rows(tmp_path / "test-00001-of-00002.parquet", [[YES]], schema=schema)
    assert verify(tmp_path).num_rows == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", '[{"prompt": "x", "label": 1},\n {"prompt": "y" "label": 0}]', "it is not JSON: .* line 2"),
        ("a.json", "[1, 2", "it is not JSON"),
        ("a.json", "[" * 200_000, "cannot read"),
        ("a.jsonl", "prompt: x\nlabel: 1\n", "of the first, the line is not JSON: Expecting value at character 1"),
        ("a.jsonl", '["x", 1]\n', "of the first, the row is not a JSON object"),
        ("a.csv", "prompt,label,prompt\nx,1,y\n", "more than one column 'prompt'"),
        ("a.csv", "prompt,label,label,extra\nx,1,0,2\n", "more than one column 'label'"),
    ],
)
def test_a_broken_file_is_named_as_such(tmp_path, name, content, message, capsys):
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=message):
        verify(tmp_path / name)
    assert main(["verify", str(tmp_path / name)]) == 2


def test_a_column_twice_in_parquet_is_refused(tmp_path):
    columns = [pa.array(["A causes B. Does A cause B?"]), pa.array(["Yes"]), pa.array(["No"])]
    pq.write_table(pa.Table.from_arrays(columns, ["prompt", "label", "label"]), tmp_path / "twice.parquet")
    with pytest.raises(ValueError, match="more than one column 'label'"):
        verify(tmp_path / "twice.parquet")


def class_shard(path, names, label):
    features = datasets.Features(prompt=datasets.Value("string"), label=datasets.ClassLabel(names=names))
    datasets.Dataset.from_dict({"prompt": [YES["prompt"]], "label": [label]}, features).to_parquet(path)


def test_class_names_that_differ_between_shards_are_refused(tmp_path):
    class_shard(tmp_path / "train-00000-of-00003.parquet", ["No", "Yes"], 1)
    class_shard(tmp_path / "train-00001-of-00003.parquet", ["No", "Yes"], 1)
    assert verify(tmp_path).is_clean
    class_shard(tmp_path / "train-00002-of-00003.parquet", ["Yes", "No"], 0)
    with pytest.raises(ValueError, match="same names in all shards.*'No', 'Yes'.*'Yes', 'No'.*00002"):
        verify(tmp_path)


# Rows that cannot be read


@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ('{"prompt": "x", "completion": ' + "7" * 5000 + "}", "5,000 digits"),
        ('{"prompt": "x", "completion": "Yes", "more": {"of": [1, -' + "7" * 4400 + "]}}", "digits"),
        ('{"prompt": "x", "completion": "Yes", "completion": "No"}', "'completion' occurs twice"),
        ('{"prompt": "x", "completion": "Yes", "more": [{"a": 1, "a": 2}]}', "'a' occurs twice"),
    ],
)
def test_a_row_that_json_would_change_is_broken_and_the_others_are_read(tmp_path, suffix, broken, reason):
    rows = [json.dumps(YES), broken, json.dumps(WRONG)]
    text = "\n".join(rows) if suffix == ".jsonl" else f"[{','.join(rows)}]"
    (tmp_path / f"rows{suffix}").write_text(text)
    assert reason in reasons(tmp_path / f"rows{suffix}")[1]
    assert list(reasons(tmp_path / f"rows{suffix}", "wrong_label")) == [2]
    if suffix == ".json":
        (tmp_path / "data.json").write_text(f'{{"version": 1, "data": {text}}}')
        assert reason in reasons(tmp_path / "data.json")[1]


@pytest.mark.parametrize(
    ("name", "right", "broken"),
    [
        (
            "rows.jsonl",
            b'{"prompt": "A causes B. Does A cause B?", "label": 1}\n',
            b'{"prompt": "\xff\xfe", "label": 1}\n',
        ),
        ("rows.csv", b"A causes B. Does A cause B?,1\n", b"caf\xe9 causes B. Does A cause B?,1\n"),
        ("rows.jsonl", b'{"prompt": "A causes B. Does A cause B?", "label": 1}\n', b"{oops}\n"),
        ("rows.csv", b"A causes B. Does A cause B?,1\n", b"a,b,c\n"),
    ],
)
@pytest.mark.parametrize("number", [0, 1, 2499, 4100])
def test_the_number_of_a_broken_row_is_that_in_the_file(tmp_path, name, right, broken, number):
    lines = [right] * 4200
    lines[number] = broken
    (tmp_path / name).write_bytes((b"prompt,label\n" if name.endswith("csv") else b"") + b"".join(lines))
    assert list(reasons(tmp_path / name)) == [number]


def test_the_console_gives_the_reasons_of_the_first_defects(tmp_path, capsys):
    rows = [YES, "{oops", {**YES, "prompt": "A makes B. Does A cause B?"}, {**YES, "completion": "perhaps"}, WRONG]
    rows += [{**YES, "prompt": "A causes B. Does A cause " + "B" * 5000}] * 3
    assert main(["verify", str(write_lines(tmp_path / "rows.jsonl", *rows))]) == 1
    shown = capsys.readouterr().out
    for line in (
        "row 1: the line is not JSON: Expecting property name enclosed in double quotes at character 2",
        "row 2: cannot read the sentence 'A makes B': it should have the form 'X causes Y.'",
        "row 3: `completion` is 'perhaps'",
        """row 4: {"reachable": []} proves 'No'""",
    ):
        assert f"  {line}" in shown.splitlines()
    assert max(map(len, shown.splitlines())) < 400


# Corrected copies


@pytest.mark.parametrize(
    ("dtype", "labels", "fixed"),
    [
        (pa.null(), [None, None], ["Yes", "No"]),
        (pa.decimal128(4, 1), [Decimal(0), Decimal(1)], [1, 0]),
        (pa.decimal256(40, 0), [None, Decimal(1)], [1, 0]),
        (pa.dictionary(pa.int8(), pa.string()), ["no", "no"], ["yes", "no"]),
        (pa.large_string(), ["FALSE", "TRUE"], ["TRUE", "FALSE"]),
        (pa.int8(), [0, None], [1, 0]),
        (pa.uint64(), [0, 7], [1, 0]),
        (pa.float32(), [0.5, None], [1.0, 0.0]),
    ],
)
def test_labels_of_any_type_that_has_a_yes_are_corrected(tmp_path, dtype, labels, fixed):
    prompts = [YES["prompt"], WRONG["prompt"]]
    schema = pa.schema([("prompt", pa.string()), ("label", dtype)])
    pq.write_table(pa.table({"prompt": prompts, "label": pa.array(labels, dtype)}, schema), tmp_path / "a.parquet")
    fix(tmp_path / "a.parquet", tmp_path / "b.parquet")
    copy = pq.read_table(tmp_path / "b.parquet")
    assert copy["label"].to_pylist() == fixed and verify(tmp_path / "b.parquet").is_clean
    assert copy.schema.field("label").type == (pa.string() if dtype == pa.null() else dtype)


@pytest.mark.parametrize(
    ("dtype", "label"),
    [
        (pa.list_(pa.string()), ["Yes"]),
        (pa.struct([("answer", pa.string())]), {"answer": "Yes"}),
        (pa.binary(), b"Yes"),
        (pa.timestamp("s"), None),
        (pa.decimal128(2, 2), None),
    ],
)
def test_labels_of_other_types_are_refused(tmp_path, dtype, label, capsys):
    rows = {"prompt": [YES["prompt"]], "completion": pa.array([label], dtype)}
    pq.write_table(pa.table(rows), tmp_path / "a.parquet")
    assert list(reasons(tmp_path / "a.parquet", "unreadable_label")) == [0]
    capsys.readouterr()
    assert main(["verify", str(tmp_path / "a.parquet"), "--fix", str(tmp_path / "b.parquet")]) == 2
    shown = capsys.readouterr().err
    assert "cannot be corrected: the column 'completion'" in shown and shown.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


def test_classes_without_the_answer_are_refused(tmp_path):
    class_shard(tmp_path / "a.parquet", ["perhaps", "never"], 1)
    with pytest.raises(ValueError, match="none of the classes perhaps, never means 'Yes'"):
        fix(tmp_path / "a.parquet", tmp_path / "b.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


def test_labels_in_json_lists_become_text(tmp_path):
    source = write_lines(tmp_path / "a.jsonl", {**YES, "completion": ["Yes"]}, {**WRONG, "completion": {"a": 1}})
    fix(source, tmp_path / "b.jsonl")
    assert [row["completion"] for row in open_tables(tmp_path / "b.jsonl")[0].rows()] == ["Yes", "No"]


# Two at once into one name


def test_of_two_writers_of_one_file_the_second_is_refused_and_the_first_completes(tmp_path):
    target, both_started, may_end = tmp_path / "out.jsonl", threading.Event(), threading.Event()

    def slow():
        yield [YES]
        both_started.set()
        assert may_end.wait(60)
        yield [WRONG]

    first = threading.Thread(target=write_rows, args=(target, slow()))
    first.start()
    assert both_started.wait(60)
    with pytest.raises(InUse, match="another process writes"):
        write_rows(target, [[WRONG]])
    may_end.set()
    first.join(60)
    assert [json.loads(line) for line in target.read_text().splitlines()] == [YES, WRONG]
    write_rows(target, [[WRONG]])
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


# A report never overwrites its input


@pytest.mark.parametrize("name", ["q.json", "q.jsonl", "q.csv", "q.parquet"])
def test_a_report_does_not_replace_data(tmp_path, name, capsys):
    schema = pa.Table.from_pylist([YES]).schema
    path = write_rows(tmp_path / name, [[YES]], list(YES), schema)
    content = path.read_bytes()
    os.link(path, tmp_path / "hard.json")
    (tmp_path / "soft.json").symlink_to(path)
    for target in (path, tmp_path / "hard.json", tmp_path / "soft.json"):
        assert main(["verify", str(path), "--json", str(target)]) == 2
        assert "would overwrite" in capsys.readouterr().err
        assert path.read_bytes() == content
    for target in ("hard.json", "soft.json") if name == "q.json" else ():
        assert main(["verify", str(path), "--fix", str(tmp_path / target)]) == 2
        assert path.read_bytes() == content


def test_a_report_replaces_an_earlier_report_only(tmp_path, capsys):
    path, report = write_lines(tmp_path / "q.jsonl", YES), tmp_path / "report.json"
    for _ in range(2):
        assert main(["verify", str(path), "--json", str(report)]) == 0
    assert json.loads(report.read_text())["is_clean"]
    report.write_text('{"mine": 1}')
    assert main(["verify", str(path), "--json", str(report)]) == 2
    assert report.read_text() == '{"mine": 1}'
    copy = tmp_path / "copy.jsonl"
    assert main(["verify", str(path), "--json", str(copy), "--fix", str(copy)]) == 2
    assert "different files" in capsys.readouterr().err and not copy.exists()


@pytest.mark.parametrize("option", ["--json"])
@pytest.mark.parametrize("target", ["", "q.jsonl/report.json"])
def test_a_report_that_cannot_be_written_is_an_error_before_the_work(tmp_path, option, target, capsys):
    path = write_lines(tmp_path / "q.jsonl", YES)
    assert main(["verify", str(path), option, str(tmp_path / target)]) == 2
    shown = capsys.readouterr()
    assert not shown.out and f"`{option}`" in shown.err


def test_scores_and_pictures_replace_no_data(tmp_path, capsys):
    data = write_lines(tmp_path / "q.json", YES)
    content = data.read_bytes()
    for command in (
        ["evaluate", "absent", "--data", str(data), "--json", str(data)],
        ["intervene", "scenes", "--json", str(data)],
        ["intervene", "scenes", "--plot", str(data)],
    ):
        assert main(command) == 2
        assert "would overwrite" in capsys.readouterr().err
        assert data.read_bytes() == content
