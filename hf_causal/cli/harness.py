"""`hf-causal harness`."""

from __future__ import annotations

from typing import Annotated

import typer

HARNESS_HELP = """
Print where the tasks for another evaluation harness are: a folder for lm-evaluation-harness, a module for lighteval.

Their rows are those of folders that `hf-causal build` wrote or of data sets on the Hub, named as below. Without a name
lm-evaluation-harness gets the published rows, generated here, and lighteval reads `data/NAME` for the data set NAME,
such as `data/axiomatic`.

Examples:

    lm_eval --include_path "$(hf-causal harness lm-eval)" --tasks hf_causal_transitivity \\
        --model hf --model_args pretrained=MODEL --metadata '{"axiomatic": "data/axiomatic"}'

    HF_CAUSAL_AXIOMATIC=data/axiomatic lighteval accelerate model_name=MODEL \\
        hf_causal_transitivity --custom-tasks "$(hf-causal harness lighteval)"
"""


def harness(name: Annotated[str, typer.Argument(help="`lm-eval` or `lighteval`.")]) -> None:
    from hf_causal.harnesses import harness_path

    typer.echo(harness_path(name))
