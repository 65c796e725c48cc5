"""`hf-causal build` and `hf-causal verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_causal.cli.options import NumProc, bar, cores, integers, named_values, slow_bar

BUILD_HELP = """
Write a corpus as Parquet with its data set card; `load_dataset(OUT, CONFIG)` loads it.

A build that was interrupted goes on when the same command is given again: finished files stay as they are.

Examples:

    hf-causal build axiomatic --out data/axiomatic

    hf-causal build axiomatic --config transitivity_ts2 --rows 10000000 --out data/large

    hf-causal build axiomatic --config transitivity_generalization --nodes 10,30,60 --seed 7 --out data/other

    hf-causal build corr2cause --config default --config paraphrased --out data/corr2cause

    hf-causal build environments --config matrix_sensing --option heterogeneity=4 --option dimension=30 \\
        --out data/other

    hf-causal build shapes --out data/shapes

    hf-causal build axiomatic --config transitivity_ts2 --rows 1000000000 --out /shared/large \\
        --engine ray --ray-address auto
"""

VERIFY_HELP = """
Prove or refute every row of any data set in the package's grammars, from nothing but the row's own text.

SOURCE is a Parquet, JSONL, JSON or CSV file, a folder of them, or a data set on the Hub. Rows have a text (`prompt`,
`input`, or `premise` with `question` or `hypothesis`) and a label (`completion`, `label`, `answer`, `relation` or
`output`: Yes/No, 1/0, true/false, entailment/non-entailment).

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


def build(
    corpus: Annotated[str, typer.Argument(help="Such as `axiomatic`; `hf-causal info` lists them all.")],
    out: Annotated[
        str, typer.Option(help="Folder to write, or a URL such as `hf://datasets/ORG/NAME`; other configs in it stay.")
    ],
    config: Annotated[
        list[str] | None, typer.Option(help="Config to build, may be repeated; all when not given.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the random numbers.")] = 0,
    rows: Annotated[int | None, typer.Option(help="Rows of `train`, for training configs and `balanced`.")] = None,
    validation_rows: Annotated[int | None, typer.Option(help="Rows of `validation`, for training configs.")] = None,
    rows_per_cell: Annotated[
        int | None, typer.Option(help="Questions of each cell, for generalization configs and `balanced`.")
    ] = None,
    nodes: Annotated[str | None, typer.Option(help="Graph sizes instead of the published ones, as `7,15,30`.")] = None,
    name_lengths: Annotated[
        str | None, typer.Option(help="Shortest and longest name, as `1,3`, for training configs.")
    ] = None,
    rows_per_shard: Annotated[int | None, typer.Option(help="Rows of one Parquet file.")] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="Further option of the configs, as `heterogeneity=4`; may be repeated.")
    ] = None,
    num_proc: NumProc = None,
    engine: Annotated[
        str, typer.Option(help="`local`, or `ray` to spread the shards over a Ray cluster. The bytes are the same.")
    ] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option(help="Running Ray cluster to join, `auto` on one of its machines; Ray starts here otherwise."),
    ] = None,
) -> None:
    from functools import partial

    from rich.console import Console
    from rich.table import Table

    from hf_causal.corpora.build import build as build_corpus

    options = {
        "rows": rows,
        "validation_rows": validation_rows,
        "rows_per_cell": rows_per_cell,
        "nodes": integers("--nodes", nodes),
        "name_lengths": integers("--name-lengths", name_lengths, count=2),
        "rows_per_shard": rows_per_shard,
        **named_values("--option", option),
    }
    given = {name: value for name, value in options.items() if value is not None}
    written = build_corpus(
        corpus,
        out,
        config,
        num_proc or cores(),
        partial(bar, unit=" rows"),
        engine,
        ray_address,
        seed=seed,
        **given,
    )
    table = Table("config", "split", "rows", "files", "SHA-256 of the rows", title=f"{corpus} in {out}")
    for name, splits in written.items():
        for split, summary in splits.items():
            table.add_row(name, split, f"{summary.rows:,}", str(summary.shards), summary.sha256[:16] + "…")
    Console().print(table)


def verify(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE…", help="Files, folders or data sets on the Hub.")],
    config: Annotated[str | None, typer.Option(help="Only this config of a folder or data set.")] = None,
    split: Annotated[str | None, typer.Option(help="Only this split of a folder or data set.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="File for everything that was found.")] = None,
    fix: Annotated[
        Path | None,
        typer.Option(help="File or folder for a corrected twin; its column `verify_change` says what was changed."),
    ] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Leave rows that cannot be mended out of the twin.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with status 1 for notes, too.")] = False,
) -> int:
    from hf_causal.utils.files import write_json
    from hf_causal.verification import fix as write_twins
    from hf_causal.verification import verify as run
    from hf_causal.verification.console import print_report

    if drop and not fix:
        raise ValueError("`--drop` leaves rows out of the twin that `--fix` writes: give `--fix` too")
    # First, since a target that cannot be written is a mistake to be told before anything else.
    twins = write_twins(sources, fix, config, split, drop, progress=slow_bar) if fix else []
    report = run(sources, config, split, progress=slow_bar)
    if json_out:
        write_json(json_out, report.to_dict())
    print_report(report)
    for twin in twins:
        counts = (
            f"{twin.num_changed:,} corrected, {twin.num_marked:,} marked as defective, {twin.num_dropped:,} left out"
        )
        typer.echo(f"{twin.path}: {twin.num_rows:,} rows, {counts}.")
    return 0 if report.is_clean and not (strict and report.has_notes) else 1
