"""`hf-causal verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_causal.cli.options import slow_bar

VERIFY_HELP = """
Prove or refute every row of any data set of the package's tasks, from nothing but the row's own text.

SOURCE is a Parquet, JSONL, JSON, CSV or pickle file, a folder of them, or a data set on the Hub. Rows have a text
(`prompt`, `input`, or `premise` with `question` or `hypothesis`) and a label (`completion`, `label`, `answer`,
`relation` or `output`: Yes/No, 1/0, true/false, entailment/non-entailment).

Rows of CLEAR, CaLM, CauGym, Corr2Cause, Corr2Cause++, CLadder and RLCausal are read as they were published, and
pickles of plain containers; docs/audit.md lists the verdicts.

Defects, which make the exit status 1: labels that the text refutes; rows and labels that cannot be read; certificates
that do not prove their label; columns that contradict each other; the same statements and question with both labels;
cyclic premises and self-loops; questions about a node and itself.

Notes, which leave every row true: questions about nodes that the premise does not name; statements made twice; paths
that come back to a name; names that differ in case alone; duplicate prompts; the balance of labels and the number of
premises. `--strict` counts all notes but the last two as defects.

Examples:

    hf-causal verify data/axiomatic

    hf-causal verify questions.jsonl more.csv --json verified.json

    hf-causal verify questions.jsonl --fix corrected.jsonl

    hf-causal verify tasksource/corr2cause --split test
"""


def verify(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE…", help="Files, folders or data sets on the Hub.")],
    config: Annotated[str | None, typer.Option(help="Only this config of a folder or data set.")] = None,
    split: Annotated[str | None, typer.Option(help="Only this split of a folder or data set.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="File for all findings.")] = None,
    fix: Annotated[
        Path | None,
        typer.Option(help="File or folder for a corrected copy; its column `verify_change` lists the changes."),
    ] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Leave rows that cannot be corrected out of the copy.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with status 1 for notes, too.")] = False,
) -> int:
    from hf_causal.utils.files import write_json
    from hf_causal.utils.report_paths import check_json_report
    from hf_causal.verification import fix as write_copies
    from hf_causal.verification import verify as run
    from hf_causal.verification.console import print_report

    if drop and not fix:
        raise ValueError("`--drop` needs `--fix`: it leaves rows out of the corrected copy that `--fix` writes")
    # First, so that a target that cannot be written is reported before anything else.
    if json_out:
        check_json_report("--json", json_out, ("is_clean", "num_rows"))
        if fix and fix.resolve() == json_out.resolve():
            raise ValueError(f"`--json` and `--fix` must be different files, got {str(fix)!r} for both")
    copies = write_copies(sources, fix, config, split, drop, progress=slow_bar) if fix else []
    report = run(sources, config, split, progress=slow_bar)
    if json_out:
        write_json(json_out, report.to_dict())
    print_report(report)
    for copy in copies:
        counts = (
            f"{copy.num_changed:,} corrected, {copy.num_marked:,} marked as defective, {copy.num_dropped:,} left out"
        )
        typer.echo(f"{copy.path}: {copy.num_rows:,} rows, {counts}.")
    return 0 if report.is_clean and not (strict and report.has_notes) else 1
