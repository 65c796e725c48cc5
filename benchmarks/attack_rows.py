"""Attacks the checker with mutated rows and files: `python benchmarks/attack_rows.py [--rows 100000] [--seed 0]`.

Rows of every task are changed in their text, label, certificate and columns. Whatever the change, the checker must
accept the row or refuse it with a `ValueError`. A row that it accepts is checked again with networkx: the label must
be the answer to its text, the certificate true, and no word of the text may have been left out in reading it. Files of
every format with changed bytes are verified and corrected, or refused with a `ValueError`.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from row_oracles import ORACLES

from hf_causal.tasks.proving import check, read
from hf_causal.tasks.registry import get_task, tasks
from hf_causal.verification import DEFECTS, fix, verify
from hf_causal.verification.checks.row import check_row
from hf_causal.verification.io import SUFFIXES, find_columns, write_rows

Row = dict[str, Any]

_CONFIGS = {
    "transitivity_ts2": {"rows": 400, "validation_rows": 400},
    "d_separation": {"rows": 400, "validation_rows": 400},
    "co_occurrence": {"rows": 360, "validation_rows": 180, "rows_per_cell": 2, "nodes": (5,)},
    "relevance": {"rows": 400, "validation_rows": 400},
    "relevance_axioms": {"rows": 360, "validation_rows": 120, "rows_per_cell": 2},
    "adjustment": {"rows": 400, "validation_rows": 400},
    "identifiable": {"rows": 400, "validation_rows": 400, "rows_per_cell": 2, "nodes": (5,)},
    "front_door": {"rows": 400, "validation_rows": 400},
    "instrument": {"rows": 400, "validation_rows": 400},
    "relevance_semantics": {"rows": 210, "validation_rows": 60, "rows_per_cell": 2, "nodes": (5,)},
    "comparisons": {"rows": 210, "validation_rows": 100, "rows_per_cell": 2, "nodes": (3,)},
    "quantities": {"rows": 210, "validation_rows": 100, "nodes": (3,)},
    "default": {"nodes": (2, 3, 4)},
}
"""Small configs that rows are taken from, by name."""
_CHARACTERS = "aZ0 .,?{}:\n\t\"'\\\u00a0\u200b\x00é因\U0001f600\ud800-"
_WORDS = (
    *("causes", "cause", "does", "are", "is", "and", "given", "d-separated", "not", "only", "A", "B", "C", "Premise:"),
    *("Question:", "Hypothesis:", "Answer:", "often", "appear", "together", "correlates", "with", "independent", "of"),
    *("can", "changing", "affect", "or", "if", "held", "fixed", "cannot", "follow"),
    *("share", "a", "hidden", "valid", "adjustment", "set", "for", "the", "effect", "on", "computed", "from", "alone"),
    *("satisfy", "front-door", "criterion", "instrument", "given"),
    *("because.", "Suppose", "unless"),
    *(
        "with",
        "probability",
        "set",
        "observed",
        "to",
        "be",
        "1",
        "0",
        "0.5",
        "larger",
        "ever",
        "fair",
        "coin",
        "depends",
    ),
)
_REMOVABLE = {
    *("answer", "this", "the", "following", "question", "below", "with", "by", "using", "only", "just", "either"),
    *(
        "exactly",
        "yes",
        "or",
        "no",
        "variable",
        "premise",
        "premises",
        "context",
        "hypothesis",
        "however",
        "often",
        "and",
        "is",
        "are",
    ),
}
"""Words that reading may leave out: those of instructions and labels, and those that join sentences."""
_SYNONYMS = {"given": "if", "when": "if", "fixed": "set", "at": "to"}
"""Words that reading replaces by others, in sentences of models with numbers."""
_VALUES = (None, 0, 1, -1, 2, True, 0.5, float("nan"), "", " ", "Yes", "No", "yes", [], ["Yes"], {}, {"a": 1}, b"Yes")


def attack(rows: int, seed: int = 0, task: str | None = None) -> Counter[str]:
    """Checks mutated rows of all tasks, or of one, and returns the number of each outcome.

    Raises:
        `AssertionError`: If a wrong row is accepted; other errors than `ValueError` of the checker are raised as well.
    """
    chance = random.Random(seed)
    sources, outcomes = source_rows(task), Counter[str]()
    columns = find_columns(list(sources[0]), "the rows")
    for _ in range(rows):
        row = mutate(chance.choice(sources), sources, chance)
        outcomes["rows right" if accepts(row) else "rows refused"] += 1
        result = check_row(row, columns)
        if not any(name in DEFECTS for name, _ in result.findings):
            # `verify` reads other spellings of an answer, such as 1.
            assert accepts({**row, "completion": result.answer, "label": None}), f"a defect was not found: {row!r}"
    return outcomes


def attack_files(files: int, seed: int = 0) -> Counter[str]:
    """Verifies and corrects files with changed bytes, and returns the number of each outcome."""
    chance, outcomes = random.Random(seed), Counter[str]()
    rows = source_rows()[::40]
    schema = pa.Table.from_pylist(rows).schema
    with tempfile.TemporaryDirectory() as folder:
        originals = [write_rows(Path(folder, f"rows{suffix}"), [rows], list(rows[0]), schema) for suffix in SUFFIXES]
        contents = {path: path.read_bytes() for path in originals}
        for _ in range(files):
            path = chance.choice(originals)
            path.write_bytes(_change_bytes(contents[path], chance))
            try:
                verify(path)
                fix(path, path.with_stem("copy"))
                outcomes["files read"] += 1
            except ValueError:
                outcomes["files refused"] += 1
        # A refused copy leaves nothing half-written.
        assert {path.stem for path in Path(folder).iterdir()} <= {"rows", "copy"}
    return outcomes


def _change_bytes(content: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(content))
        end = start + chance.choice((0, 1, 1, 8, 200))
        new = chance.choice(
            (b"", bytes([chance.randrange(256)]), content[start:end] * 2, b'"', b"\n", b",", b"[" * 50)
        )
        content = content[:start] + new + content[end:]
        content = content or b"\n"
    return content


@cache
def source_rows(task: str | None = None) -> list[Row]:
    """Returns right rows of all tasks, or of one."""
    columns = ("prompt", "premise", "question", "completion", "label", "certificate")
    rows = []
    for one in tasks().values() if task is None else [get_task(task)]:
        for name, options in _CONFIGS.items():
            if name in one.configs:
                config = one.configs[name](**options)
                rows += one.generate_shard(config, "train", 0).select(columns).to_pylist()[:200]
    return rows


def mutate(row: Row, rows: list[Row], chance: random.Random) -> Row:
    """Returns a copy of a row with one to three changes."""
    # Without these columns, which repeat the prompt, a change of the prompt cannot be known by them.
    row = {**row, "premise": None, "question": None} if chance.random() < 0.5 else dict(row)
    for _ in range(chance.randint(1, 3)):
        column = chance.choice(("prompt", "prompt", "certificate", "certificate", *row))
        change = chance.choice((_change_value, _change_text, _change_text, _change_json))
        row[column] = change(row[column], column, rows, chance)
    return row


def _change_value(value: Any, column: str, rows: list[Row], chance: random.Random) -> Any:
    return chance.choice((*_VALUES, chance.choice(rows)[column], chance.choice(rows)[column]))


def _change_text(value: Any, column: str, rows: list[Row], chance: random.Random) -> Any:
    if not isinstance(value, str) or not value:
        return value
    start = chance.randrange(len(value))
    end = min(len(value), start + chance.choice((0, 1, 1, 2, 12)))
    words = value.split(" ")
    first, second = chance.randrange(len(words)), chance.randrange(len(words))
    swapped = [*words]
    swapped[first], swapped[second] = words[second], words[first]
    sentences = value.split(". ")
    chance.shuffle(sentences)
    return chance.choice(
        (
            value[:start] + value[end:],
            value[:start] + chance.choice(_CHARACTERS) + value[end:],
            value[:end] + value[start:end] + value[end:],
            value[:start],
            " ".join([*words[:first], chance.choice(_WORDS), *words[first:]]),
            " ".join([*words[:first], chance.choice(_WORDS), *words[first + 1 :]]),
            " ".join(swapped),
            ". ".join(sentences),
            ". ".join([*sentences, sentences[0]]),
            value.replace(f"{sentences[0]}. ", ""),
            value.swapcase(),
            value.replace(". ", "\n"),
            f"Answer the following question with ONLY 'Yes' or 'No'.\n\nPremise: {value}",
        )
    )


def _change_json(value: Any, column: str, rows: list[Row], chance: random.Random) -> Any:
    try:
        decoded = json.loads(value)
    except (ValueError, TypeError):
        return value
    if not isinstance(decoded, dict) or not decoded:
        return value
    names = re.findall(r"\w+", str(rows[chance.randrange(len(rows))]["certificate"])) + ["A", "B", "X"]
    key = chance.choice(list(decoded))
    decoded[key] = _change_node(decoded[key], names, chance)
    return json.dumps(decoded)


def _change_node(value: Any, names: list[str], chance: random.Random) -> Any:
    if isinstance(value, list) and value and chance.random() < 0.8:
        index = chance.randrange(len(value))
        changes = (
            [*value[:index], *value[index + 1 :]],
            [*value, value[index]],
            [*value, chance.choice(names)],
            [*value[:index], _change_node(value[index], names, chance), *value[index + 1 :]],
            value[::-1],
            [],
        )
        return chance.choice(changes)
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key, other = chance.choice(list(value)), chance.choice(names)
        rest = {one: value[one] for one in value if one != key}
        changed = {**value, key: _change_node(value[key], names, chance)}
        return chance.choice((changed, changed, rest, {**rest, other: value[key]}, {**value, other: value[key]}))
    if isinstance(value, int):
        return chance.choice((1 - value, value + 1, str(value), float(value), bool(value)))
    numbers = ("0.5", "1/2", "50%", "0.25", f"{value}0", f"-{value}")
    return chance.choice((chance.choice(names), chance.choice(numbers), [], None, 3, [chance.choice(names)]))


def accepts(row: Mapping[str, Any]) -> bool:
    """Returns whether the checker accepts a row; raises `AssertionError` if it should not."""
    try:
        check(row)
    except ValueError:
        return False
    task, prompt = read(row["prompt"])
    # A sentence that holds of the model as a whole may be repeated; reading keeps one.
    sentences = ". ".join(dict.fromkeys(re.split(r"\.\s+", row["prompt"])))
    # "given {}" says nothing.
    left_out = Counter(_words(sentences.replace(" given {}", ""))) - Counter(_words(str(prompt)))
    assert set(left_out) <= _REMOVABLE, f"left out {sorted(left_out)}: {row!r}"
    try:
        certificate = json.loads(row["certificate"])
    except ValueError:
        raise AssertionError(f"wrong row accepted, whose certificate is no JSON: {row!r}") from None
    assert ORACLES[task.name](prompt, row["completion"], certificate), f"wrong row accepted: {row!r}"
    return True


def _words(text: str) -> list[str]:
    return [_SYNONYMS.get(word, word) for word in re.findall(r"[^\W_]+", text.lower())]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    outcomes = attack(options.rows, options.seed) + attack_files(options.rows // 50, options.seed)
    for outcome, count in sorted(outcomes.items()):
        print(f"{outcome}: {count:,}")
