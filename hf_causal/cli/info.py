"""`hf-causal info` and `hf-causal harness`."""

from __future__ import annotations

from typing import Annotated

import typer

HARNESS_HELP = """
Print where the tasks for another evaluation harness are: a folder for lm-evaluation-harness, a module for lighteval.

Their rows are those of folders that `hf-causal build` wrote or of data sets on the Hub, named as below. Without a name
lm-evaluation-harness gets the published rows, generated here, and lighteval looks for `data/axiomatic` and
`data/corr2cause`.

Examples:

    lm_eval --include_path "$(hf-causal harness lm-eval)" --tasks hf_causal_transitivity \\
        --model hf --model_args pretrained=MODEL --metadata '{"axiomatic": "data/axiomatic"}'

    HF_CAUSAL_AXIOMATIC=data/axiomatic lighteval accelerate model_name=MODEL \\
        hf_causal_transitivity --custom-tasks "$(hf-causal harness lighteval)"
"""


def harness(name: Annotated[str, typer.Argument(help="`lm-eval` or `lighteval`.")]) -> None:
    from hf_causal.harnesses import harness_path

    typer.echo(harness_path(name))


def info(
    accelerate_config: Annotated[
        str | None, typer.Option(help="Print this shipped Accelerate config instead, to keep and change.")
    ] = None,
) -> None:
    """Show versions, hardware, recipes, Accelerate configs and corpora.

    Examples:

        hf-causal info

        hf-causal info --accelerate-config fsdp2 > fsdp2.yaml
    """
    if accelerate_config is not None:
        from hf_causal.training.launch import find_accelerate_config

        typer.echo(find_accelerate_config(accelerate_config).read_text(encoding="utf-8"), nl=False)
        return
    from importlib.metadata import version

    from rich.console import Console
    from rich.table import Table

    from hf_causal.corpora import config_names, datasets, get_config
    from hf_causal.training.launch import accelerate_config_names, find_accelerate_config
    from hf_causal.training.recipe import load_recipe, recipe_names
    from hf_causal.utils.hardware import describe_hardware

    packages = (
        "hf-causal",
        "torch",
        "transformers",
        "datasets",
        "accelerate",
        "evaluate",
        "tokenizers",
        "numpy",
        "pyarrow",
    )
    table = Table("what", "name", "detail", title="hf_causal")
    table.add_row("hardware", "", describe_hardware())
    for package in packages:
        table.add_row("version", package, version(package))
    for name in recipe_names():
        table.add_row("recipe", name, load_recipe(name).description)
    for name in accelerate_config_names():
        about = find_accelerate_config(name).read_text(encoding="utf-8").partition("\n")[0]
        table.add_row("accelerate config", name, about.removeprefix("# "))
    for corpus in datasets():
        for name in config_names(corpus):
            table.add_row(f"corpus {corpus}", name, get_config(corpus, name).description)
    Console().print(table)
