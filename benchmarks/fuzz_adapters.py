"""Changes rows of published data sets at random and verifies them.

    python benchmarks/fuzz_adapters.py FOLDER… [--rows 100000] [--seed 0] [--each]

The rows of each folder are changed --rows times, equally often in each of its files, or with --each those of each file
are. A third is changed in each of three ways:

- anything: characters, words and lines of texts, types of values, missing columns. No row may end in a traceback;
- another label: that of another row. It may be proved only where the text of the row proves it;
- an unknown word in a text that decides the answer. Nothing may be proved or refuted, since the text no longer says
  what it said, unless the word has become part of a name, or of a phrase for an event of CLadder.

The counts of the verdicts are printed. The exit status is 1 where a row breaks a rule; the first ones are printed.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import Any

from hf_causal.verification.adapters.cladder_texts import read_phrases
from hf_causal.verification.adapters.effect_questions import read_effect_question
from hf_causal.verification.adapters.effect_texts import read_scene
from hf_causal.verification.checks.checkers import AdapterChecker, Checker, checker_of
from hf_causal.verification.io import SUFFIXES, open_tables

VALUES: tuple[Any, ...] = (None, "", "Yes", "No.", 0, 1, -1, 2.5, 1e308, float("nan"), True, [], {}, ["A"], {"a": [1]},
                           "set()", "[{'A'}]", "P", "是", "\ud83d", "A" * 3000, "(" * 500, "9" * 5000,
                           "1e999999999")  # fmt: skip
MARKS = ["->", "<->", "{", "}", "'", ",", ".", "?", "not", "0", "9", "%", "。", "="]
PIECES = (*MARKS, "\n", " and ", " given ", "  ", "9" * 5000)
WORD = "zxqv"
"""A word that no text has and no reader knows."""

Place = tuple[str, ...]
"""The keys that lead to a value of a row."""
TEXTS: dict[str, tuple[Place, ...]] = {
    "clear": (("description",), ("question",)),
    "calm": (("ar_edges",), ("edges",), ("di_edges",), ("bi_edges",), ("option1",), ("option2",), ("option3",),
             ("former",), ("latter",), ("treatment",), ("outcome",), ("attribution",), ("given_info",), ("Question",),
             ("Background", "data_info"), ("question",)),
    "caugym": (("problem",),),
    "corr2cause": (("input",),),
    "corr2cause_pp": (("query",),),
    "cladder": (("given_info",), ("question",)),
    "cladder_models": (("structure",),),
    "rlcausal": (("example", "user"),),
}  # fmt: skip
"""The texts that decide the answers of an adapter's rows; in other files, the columns of the text."""
LABELS: dict[str, tuple[Place, ...]] = {
    "clear": (("answer",),),
    "calm": (("gt_answer",),),
    "caugym": (("answer",),),
    "corr2cause": (("label",),),
    "corr2cause_pp": (("label",), ("forced_edges",)),
    "cladder": (("answer",), ("gt_answer",)),
    "cladder_models": (("groundtruth",),),
    "rlcausal": (("example", "reference"),),
}
COVERED = ("proved", "refuted", "ambiguous", "underdetermined", "precision", "contradicts_derivation")

UNCHANGED = ("proved", "underdetermined", "unreadable", "out_of_scope")
"""Verdicts after which nothing is corrected."""


def changed(row: dict[str, Any], generator: random.Random) -> dict[str, Any]:
    """Returns a copy of a row with one to three changes of any sort."""
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


def read_at(row: Any, place: Place) -> Any:
    """Returns a value of a row, `None` where there is none."""
    for key in place:
        row = row.get(key) if isinstance(row, dict) else None
    return row


def write_at(row: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    """Returns a copy of a row with another value."""
    key, *rest = place
    return row | {key: write_at(row[key], tuple(rest), value) if rest else value}


def with_unknown_word(row: dict[str, Any], places: tuple[Place, ...], generator: random.Random) -> dict[str, Any]:
    """Returns a copy of a row with an unknown word before or after a word of one of its texts."""
    texts = [place for place in places if isinstance(text := read_at(row, place), str) and text.strip()]
    if not texts:
        return row
    place = generator.choice(texts)
    text = read_at(row, place)
    gaps = [0, *(match.start() for match in re.finditer(r"(?=\s)", text)), len(text)]
    gap = generator.choice(gaps)
    return write_at(row, place, f"{text[:gap]} {WORD} {text[gap:].lstrip(' ')}".strip(" "))


class Fuzzer:
    """Changes and verifies the rows of one file, and collects what breaks a rule."""

    def __init__(self, checker: Checker, rows: list[dict[str, Any]], seed: int):
        self.checker, self.rows, self.generator = checker, rows, random.Random(seed)
        self.name = checker.adapter.name if isinstance(checker, AdapterChecker) else "task"
        columns = getattr(checker, "columns", None)
        self.texts = TEXTS[self.name] if columns is None else tuple((name,) for name in columns.text)
        self.labels = LABELS[self.name] if columns is None else tuple((name,) for name in columns.labels)
        self.counts, self.faults = Counter[tuple[str, str]](), list[str]()

    def run(self, number: int) -> None:
        """Changes rows a number of times; what raises is raised, with the row."""
        ways = (self.anything, self.another_label, self.an_unknown_word)
        for turn in range(number):
            way = ways[turn % len(ways)]
            self.counts[way.__name__, way(self.generator.choice(self.rows))] += 1

    def anything(self, row: dict[str, Any]) -> str:
        """Changes anything."""
        return self.verdict(changed(row, self.generator))

    def another_label(self, row: dict[str, Any]) -> str:
        """Replaces the label by that of another row; where that is proved, the unchanged text must prove it."""
        other = self.generator.choice(self.rows)
        new = row
        for place in self.labels:
            if read_at(row, place) is not None and read_at(other, place) is not None:
                new = write_at(new, place, read_at(other, place))
        verdict = self.verdict(new)
        if verdict == "proved" and not self.proves_both(row, new):
            self.fault("the text does not prove this label", new)
        return verdict

    def proves_both(self, row: dict[str, Any], new: dict[str, Any]) -> bool:
        """Returns whether the text of a row proves its label and a new one."""
        if not isinstance(self.checker, AdapterChecker):
            one, other = (self.checker.check(values) for values in (row, new))
            return one.answer == other.answer or one.verdict == "refuted"
        one, other = (self.checker.adapter.verdict(values).question for values in (row, new))
        return one is None or other is None or all(map(one.solution.is_right, other.stated))

    def an_unknown_word(self, row: dict[str, Any]) -> str:
        """Puts an unknown word into a text."""
        new = with_unknown_word(row, self.texts, self.generator)
        verdict = self.verdict(new)
        if new is not row and verdict in COVERED and not is_named(new):
            self.fault(f"{verdict}, with an unknown word", new)
        return verdict

    def verdict(self, row: dict[str, Any]) -> str:
        """Returns the verdict on a row, and corrects it."""
        if isinstance(self.checker, AdapterChecker) and not self.checker.adapter.recognizes(row):
            return "not recognized"
        try:
            result = self.checker.check(row)
            if isinstance(self.checker, AdapterChecker) and result.verdict not in UNCHANGED:
                self.checker.correct(dict(row), result, {})
        except Exception as error:
            error.add_note(f"{self.name}: {row!r:.4000}")
            raise
        return result.verdict or "unreadable"

    def fault(self, what: str, row: dict[str, Any]) -> None:
        """Collects a row that breaks a rule."""
        shown = {place[-1]: read_at(row, place) for place in (*self.texts, *self.labels) if read_at(row, place)}
        self.faults.append(f"{what}: {shown!r}")


def is_named(row: dict[str, Any]) -> bool:
    """Returns whether the unknown word is part of a name, a value or an event, which are free in some data sets."""
    try:
        phrases = _events(row) if "meta" in row else _names(row)
    except ValueError:
        return False
    return any(WORD in phrase for phrase in phrases)


def _names(row: dict[str, Any]) -> list[str]:
    """Returns the names and values of a row of CaLM or CauGym."""
    texts = [row.get("given_info"), read_at(row, ("Background", "data_info")), row.get("Question")]
    if isinstance(problem := row.get("problem"), str):
        world, _, rest = problem.removeprefix("Input Info:").partition("\n")
        data, _, rest = rest.partition("Instruction:")
        texts = [world, data, rest.partition("Question:")[2].partition("\n")[0]]
    world, data, asked = (str(text).strip() for text in texts)
    scene = read_scene(world, data)
    read_effect_question(scene, asked)
    return [*scene.names, *(word for words in scene.words.values() for word in words)]


def _events(row: dict[str, Any]) -> list[str]:
    """Returns the phrases for events of a row of CLadder."""
    if not row["question"].isascii():
        return [f"{row['given_info']} {row['question']}"]  # of Chinese texts, the numbers alone are read
    read = read_phrases(row["given_info"], row["question"], row["meta"]["query_type"])
    return [phrase for phrases in read for phrase in phrases.values()]


def files_of(folder: Path) -> list[Path]:
    """Returns the files of a folder, or a file alone."""
    return [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)


def fuzzer_of(path: Path, seed: int) -> Fuzzer:
    """Returns a fuzzer of the rows of a file."""
    (table,) = open_tables(path)
    rows = [row for part in table.parts for some in part.batches() for row in some]
    return Fuzzer(checker_of(table), [row for row in rows if type(row) is dict], seed)


def report(path: Path, fuzzer: Fuzzer, number: int, seconds: float, shown: int) -> None:
    """Prints the counts of a file, and the first rows that break a rule."""
    rate = f"{number / max(seconds, 1e-9):,.0f} rows a second"
    name = f"{path.parent.name}/{path.name}"
    sys.stdout.write(f"{name}: {number:,} rows, {len(fuzzer.faults):,} break a rule, {rate}\n")
    for way in ("anything", "another_label", "an_unknown_word"):
        counts = {verdict: count for (found, verdict), count in fuzzer.counts.items() if found == way}
        sys.stdout.write(f"    {way.replace('_', ' ')}: {counts}\n")
    for fault in fuzzer.faults[:shown]:
        sys.stdout.write(f"    {fault:.2000}\n")
    sys.stdout.flush()


def main(folders: list[Path], number: int, seed: int, shown: int, each: bool = False) -> int:
    """Changes and verifies the rows of each file; returns 1 where a row breaks a rule."""
    faults = 0
    for folder in folders:
        files, began = files_of(folder), time.process_time()
        share = number if each else -(-number // max(len(files), 1))
        before = faults
        for path in files:
            fuzzer, start = fuzzer_of(path, seed), time.process_time()
            fuzzer.run(share)
            report(path, fuzzer, share, time.process_time() - start, shown)
            faults += len(fuzzer.faults)
        rows, seconds = share * len(files), time.process_time() - began
        sys.stdout.write(f"{folder.name}: {rows:,} rows in {seconds:,.0f} s, {faults - before:,} break a rule\n\n")
    return 1 if faults else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--rows", type=int, default=100_000, help="changed rows of each folder")
    parser.add_argument("--each", action="store_true", help="--rows is the number of each file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=2, help="rows that break a rule to print for each file")
    arguments = parser.parse_args()
    sys.exit(main(arguments.folders, arguments.rows, arguments.seed, arguments.show, arguments.each))
