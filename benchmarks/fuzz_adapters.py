"""Changes rows of published data sets at random and verifies them: no row may end in a traceback.

    python benchmarks/fuzz_adapters.py FOLDER… [--rows 100000] [--seed 0]

Each file's rows are changed --rows times: characters, words and lines of texts, types of values, missing columns. A
changed row may be proved (a changed name, say), refuted, unreadable or out of scope; the counts are printed.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from hf_causal.verification.adapters import Adapter, adapter_of_table
from hf_causal.verification.io import SUFFIXES, open_tables

VALUES: tuple[Any, ...] = (None, "", "Yes", "No.", 0, 1, -1, 2.5, 1e308, float("nan"), True, [], {}, ["A"], {"a": [1]},
                           "set()", "[{'A'}]", "P", "是", "\ud83d", "A" * 3000, "(" * 500)  # fmt: skip
MARKS = ["->", "<->", "{", "}", "'", ",", ".", "?", "not", "0", "9", "%", "。", "="]
PIECES = (*MARKS, "\n", " and ", " given ", "  ")


def changed(row: dict[str, Any], generator: random.Random) -> dict[str, Any]:
    """Returns a copy of a row with one to three changes."""
    row = deepcopy(row)
    for _ in range(generator.randint(1, 3)):
        name = generator.choice(list(row) or ["x"])
        row[name] = _changed(row.get(name), generator, 3)
        if generator.random() < 0.05:
            del row[name]
    return row


def _changed(value: Any, generator: random.Random, depth: int) -> Any:
    if generator.random() < 0.15:
        return deepcopy(generator.choice(VALUES))
    if depth and isinstance(value, dict) and value:
        key = generator.choice(list(value))
        return value | {key: _changed(value[key], generator, depth - 1)}
    if depth and isinstance(value, list) and value:
        index = generator.randrange(len(value))
        return [*value[:index], _changed(value[index], generator, depth - 1), *value[index + 1 :]]
    if isinstance(value, str) and value:
        start = generator.randrange(len(value))
        end = min(len(value), start + generator.choice((0, 1, 1, 2, 10, 60)))
        piece = generator.choice((*PIECES, "", value[end : end + 20], generator.choice(value)))
        return value[:start] + piece + value[end:]
    return deepcopy(generator.choice(VALUES))


def fuzz(adapter: Adapter, rows: list[dict[str, Any]], number: int, seed: int) -> Counter[str]:
    """Returns the verdicts on changed rows; what raises is raised, with the row."""
    generator, counts = random.Random(seed), Counter[str]()
    for _ in range(number):
        row = changed(generator.choice(rows), generator)
        if not adapter.recognizes(row):
            counts["not recognized"] += 1
            continue
        try:
            judgement = adapter.verdict(row)
            if judgement.correction and judgement.question is not None:
                adapter.write(row, judgement.question, judgement.correction)
        except Exception as error:
            error.add_note(f"{adapter.name}: {row!r:.4000}")
            raise
        counts[judgement.verdict] += 1
    return counts


def tables(folders: list[Path]) -> Iterator[tuple[str, Adapter, list[dict[str, Any]]]]:
    """Yields the files that an adapter reads, with their rows."""
    for folder in folders:
        for path in sorted([folder] if folder.is_file() else folder.rglob("*")):
            if path.suffix in SUFFIXES:
                (table,) = open_tables(path)
                if adapter := adapter_of_table(table):
                    rows = [row for part in table.parts for some in part.batches() for row in some]
                    yield path.name, adapter, [row for row in rows if isinstance(row, dict)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--rows", type=int, default=100_000, help="changed rows of each file")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name, adapter, rows in tables(arguments.folders):
        began = time.process_time()
        counts = fuzz(adapter, rows, arguments.rows, arguments.seed)
        rate = arguments.rows / max(time.process_time() - began, 1e-9)
        sys.stdout.write(f"{adapter.title}, {name}: {dict(counts)}, {rate:,.0f} rows a second\n")
        sys.stdout.flush()
