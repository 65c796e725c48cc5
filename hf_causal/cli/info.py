"""`hf-causal info`."""

from __future__ import annotations

from typing import Annotated

import typer


def info(
    accelerate_config: Annotated[
        str | None, typer.Option(help="Print only this Accelerate config of the package, to save and change.")
    ] = None,
) -> None:
    """Show the versions of packages, the hardware, and all recipes, Accelerate configs and corpora.

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
        try:
            description = load_recipe(name).description
        except ValueError as error:  # the recipe of a system that is not here
            description = str(error)
        table.add_row("recipe", name, description)
    for name in accelerate_config_names():
        about = find_accelerate_config(name).read_text(encoding="utf-8").partition("\n")[0]
        table.add_row("accelerate config", name, about.removeprefix("# "))
    for corpus in datasets():
        for name in config_names(corpus):
            table.add_row(f"corpus {corpus}", name, get_config(corpus, name).description)
    Console().print(table)
