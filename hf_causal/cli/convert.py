"""`hf-causal convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_causal.cli.options import slow_bar

CONVERT_HELP = """
Convert other people's files to rows with proofs, for training and rewards.

SOURCE is what `hf-causal verify` reads: rows of the package's tasks, or a published data set such as CLEAR, CaLM,
Corr2Cause or Corr2Cause++. A row is converted where one of the tasks asks the same question. Its answer is the proved
one; `stated_answer` keeps what the file states. Rows that are left out are counted with the reason.

Examples:

    hf-causal convert data/json_single --out rows

    hf-causal convert questions.jsonl --out rows && hf-causal verify rows
"""


def convert(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE…", help="Files, folders or data sets on the Hub.")],
    out: Annotated[Path, typer.Option(help="Folder for the converted rows, as JSON lines.")],
    config: Annotated[str | None, typer.Option(help="Only this config of a folder or data set.")] = None,
    split: Annotated[str | None, typer.Option(help="Only this split of a folder or data set.")] = None,
) -> int:
    from hf_causal.verification import convert as run

    done = run(sources, out, config, split, progress=slow_bar)
    for one in done:
        left_out = "".join(f"; {count:,} left out: {reason}" for reason, count in one.left_out.most_common())
        typer.echo(f"{one.path}: {one.num_converted:,} of {one.num_rows:,} rows{left_out}.")
    return 0 if any(one.num_converted for one in done) else 1
