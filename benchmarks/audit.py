"""Prints one table over files of published data sets: rows, what is covered, each verdict, and the first row numbers.

    python benchmarks/audit.py FOLDER… [--markdown] [--rows 4] [--by-folder] [--speed]

Anything that `hf-causal verify` reads will do; docs/audit.md says where the data sets are published. A row is covered
where something is proved about it: a verdict other than unreadable and out of scope. With --speed a column has the
rows a second of processor time on one core, from opening a file to its report, each file read once.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hf_causal.verification.adapters import VERDICTS
from hf_causal.verification.finding_types import FINDING_OF_VERDICT
from hf_causal.verification.io import SUFFIXES
from hf_causal.verification.report import TableReport
from hf_causal.verification.verify import verify

NOT_COVERED = ("unreadable", "out_of_scope")


def reports(folder: Path) -> Iterator[tuple[str, TableReport | str, float]]:
    """Yields the report on each file, or why it is not read, and seconds of the processor."""
    files = [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    for path in files:
        began = time.process_time()
        try:
            tables = verify(path).tables
        except ValueError as error:
            yield f"{path.parent.name}/{path.name}", " ".join(str(error).split())[:100], 0.0
            continue
        seconds = (time.process_time() - began) / max(len(tables), 1)
        yield from ((f"{path.parent.name}/{table.name}", table, seconds) for table in tables)


@dataclass
class Line:
    """The counts of a file, or of a folder."""

    name: str
    datasets: list[str] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)
    wrong: list[int] = field(default_factory=list)
    seconds: float = 0.0
    """Of the processor."""

    def add(self, table: TableReport, seconds: float) -> None:
        """Adds the rows of a file."""
        self.seconds += seconds
        for dataset in (table.dataset,) if table.dataset else table.tasks:
            if dataset not in self.datasets:
                self.datasets.append(dataset)
        self.verdicts += Counter(table.verdicts)
        for verdict in ("refuted", "contradicts_derivation", "underdetermined"):
            self.wrong += table.rows(FINDING_OF_VERDICT[verdict])

    def cells(self, first: int, speed: bool, by_folder: bool) -> list[str]:
        """Returns the cells of the line."""
        rows = sum(self.verdicts.values())
        covered = rows - sum(self.verdicts[name] for name in NOT_COVERED)
        counts = [f"{self.verdicts[name]:,}" if self.verdicts[name] else "" for name in VERDICTS]
        listed = ", ".join(map(str, self.wrong[:first])) + (" …" if len(self.wrong) > first else "")
        rate = [f"{rows / self.seconds:,.0f}" if self.seconds else ""] * speed
        first_rows = [] if by_folder else [listed]
        return [self.name, ", ".join(self.datasets), f"{rows:,}", f"{covered:,}", *counts, *rate, *first_rows]


def lines(folders: list[Path], by_folder: bool) -> Iterator[Line | str]:
    """Yields the lines of the table, and messages about files that are not read."""
    groups: dict[str, Line] = {}
    for folder in folders:
        for name, report, seconds in reports(folder):
            if isinstance(report, str):
                yield f"{name} is not read: {report}"
                continue
            key = name.partition("/")[0] if by_folder else name
            groups.setdefault(key, Line(key)).add(report, seconds)
    total = Line("all")
    for one in groups.values():
        total.verdicts += one.verdicts
        total.seconds += one.seconds
    yield from (*groups.values(), total)


def main(folders: list[Path], markdown: bool, first: int, by_folder: bool, speed: bool) -> int:
    """Prints the table; returns 1 where nothing was read."""
    began, found = time.perf_counter(), list(lines(folders, by_folder))
    head = ["file", "data set", "rows", "covered", *(name.replace("_", " ") for name in VERDICTS)]
    head += [*["rows a second"] * speed, *["first wrong rows"] * (not by_folder)]
    shown = [one for one in found if isinstance(one, Line)]
    table = [one.cells(0 if one.name == "all" else first, speed, by_folder) for one in shown]
    widths = [max(len(cells[column]) for cells in (head, *table)) for column in range(len(head))]
    rule = [["-" * width for width in widths]] if markdown else []
    for cells in (head, *rule, *table):
        text = " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        sys.stdout.write(f"| {text} |\n" if markdown else f"{text.rstrip()}\n")
    for message in (one for one in found if isinstance(one, str)):
        sys.stdout.write(f"{message}\n")
    sys.stdout.write(f"\n{table[-1][2]} rows in {time.perf_counter() - began:.1f} seconds\n")
    return 0 if len(table) > 1 else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--markdown", action="store_true", help="print a table for a page")
    parser.add_argument("--rows", type=int, default=4, help="most row numbers in a line")
    parser.add_argument("--by-folder", action="store_true", help="one line a folder")
    parser.add_argument("--speed", action="store_true", help="a column with rows a second of processor time")
    arguments = parser.parse_args()
    sys.exit(main(arguments.folders, arguments.markdown, arguments.rows, arguments.by_folder, arguments.speed))
