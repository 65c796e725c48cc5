"""`hf-causal export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_causal.cli.options import bar

EXPORT_HELP = """
Write a model as a graph for another runtime: ONNX, or a program of `torch.export`.

MODEL is a folder, or a model on the Hub, of an architecture of this package. OUT gets the graph, `tokenizer.json`, the
config, `export.json` with inputs and outputs, and a README with a program that needs `onnxruntime` and `tokenizers`
alone. The graph takes any number of prompts of any length. It has to give the logits of the model on prompts of every
evaluation split first; otherwise the exit status is 1 and nothing is written.

ONNX needs `pip install 'hf-causal[export]'`.

Examples:

    hf-causal export model_cards/axiom-looped --out exported/looped

    hf-causal export runs/cpu --format torch --out exported/decoder

    hf-causal export my-lab/axiom-looped --out exported/looped && cat exported/looped/README.md
"""


def export(
    model: Annotated[str, typer.Argument(help="Model folder, or model on the Hub.")],
    out: Annotated[Path, typer.Option(help="Folder to write; an earlier export in it is replaced.")],
    format: Annotated[str, typer.Option(help="`onnx` or `torch`.")] = "onnx",
) -> None:
    from hf_causal.export import export_model

    done = export_model(model, out, format, progress=bar)
    parity = done.parity
    typer.echo(
        f"Graph in {done.folder / done.graph}: on {parity.prompts} prompts of up to {parity.longest} tokens, logits "
        f"differ from the model's by at most {parity.largest_difference:.1e} and {parity.different_answers} answers "
        f"differ. How to use it: {done.folder / 'README.md'}."
    )
