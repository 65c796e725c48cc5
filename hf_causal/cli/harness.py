"""`hf-causal harness`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HARNESS_HELP = """
Write the tasks for lm-evaluation-harness into a folder, or find the module of those for lighteval or Inspect, and
print its path.

Their rows are those of folders that `hf-causal build` wrote or of data sets on the Hub, named as below. Without a name
lm-evaluation-harness gets the published rows, generated here, and lighteval reads `data/NAME` for the data set NAME,
such as `data/axiomatic`.

Examples:

    lm_eval --include_path "$(hf-causal harness lm-eval)" --tasks hf_causal_transitivity \\
        --model hf --model_args pretrained=MODEL --metadata '{"axiomatic": "data/axiomatic"}'

    HF_CAUSAL_AXIOMATIC=data/axiomatic lighteval accelerate model_name=MODEL \\
        hf_causal_transitivity --custom-tasks "$(hf-causal harness lighteval)"

    inspect eval "$(hf-causal harness inspect)@hf_causal" --model hf/MODEL -T task=d_separation -T form=proof
"""


def harness(
    name: Annotated[str, typer.Argument(help="`lm-eval`, `lighteval` or `inspect`.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the tasks of lm-eval; else in the cache.")] = None,
) -> None:
    from hf_causal.harnesses import harness_path

    typer.echo(harness_path(name, out))
