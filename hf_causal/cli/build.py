"""`hf-causal build`."""

from __future__ import annotations

from typing import Annotated

import typer

from hf_causal.cli.options import NumProc, bar, integers, named_values
from hf_causal.utils.hardware import cores

BUILD_HELP = """
Write a corpus as Parquet with its data set card; `load_dataset(OUT, CONFIG)` loads it.

To resume an interrupted build, give the same command again: finished files stay as they are.

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


def build(
    corpus: Annotated[str, typer.Argument(help="Such as `axiomatic`; `hf-causal info` lists them all.")],
    out: Annotated[
        str, typer.Option(help="Folder to write, or a URL such as `hf://datasets/ORG/NAME`; other configs in it stay.")
    ],
    config: Annotated[
        list[str] | None, typer.Option(help="Config to build, may be repeated; all if left out.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the random numbers.")] = 0,
    rows: Annotated[
        int | None, typer.Option(help="Number of rows of `train`, for training configs and `balanced`.")
    ] = None,
    validation_rows: Annotated[
        int | None, typer.Option(help="Number of rows of `validation`, for training configs.")
    ] = None,
    rows_per_cell: Annotated[
        int | None, typer.Option(help="Questions of each cell, for generalization configs and `balanced`.")
    ] = None,
    nodes: Annotated[str | None, typer.Option(help="Graph sizes instead of the published ones, as `7,15,30`.")] = None,
    name_lengths: Annotated[
        str | None, typer.Option(help="Shortest and longest name, as `1,3`, for training configs.")
    ] = None,
    rows_per_shard: Annotated[int | None, typer.Option(help="Number of rows in each Parquet file.")] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="Further option of the configs, as `heterogeneity=4`; may be repeated.")
    ] = None,
    num_proc: NumProc = None,
    engine: Annotated[
        str,
        typer.Option(help="`local`, or `ray` to distribute the shards over a Ray cluster. The bytes are the same."),
    ] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option(
            help="Address of a running Ray cluster, `auto` on one of its machines; if left out, Ray is started."
        ),
    ] = None,
) -> None:
    from functools import partial

    from rich.console import Console
    from rich.table import Table

    from hf_causal.corpora.build import build as build_corpus

    options = {
        "seed": seed,
        "rows": rows,
        "validation_rows": validation_rows,
        "rows_per_cell": rows_per_cell,
        "nodes": integers("--nodes", nodes),
        "name_lengths": integers("--name-lengths", name_lengths, count=2),
        "rows_per_shard": rows_per_shard,
        **named_values("--option", option),
    }
    set_options = {name: value for name, value in options.items() if value is not None}
    written = build_corpus(
        corpus,
        out,
        config,
        num_proc or cores(),
        partial(bar, unit=" rows"),
        engine,
        ray_address,
        **set_options,
    )
    table = Table("config", "split", "rows", "files", "SHA-256 of the rows", title=f"{corpus} in {out}")
    for name, splits in written.items():
        for split, summary in splits.items():
            table.add_row(name, split, f"{summary.rows:,}", str(summary.shards), summary.sha256[:16] + "…")
    Console().print(table)
