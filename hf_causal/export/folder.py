"""The folder of an exported model: its graph, its tokenizer, what it takes and returns, and how to use it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hf_causal import __version__
from hf_causal.export.parity import Parity, compare, parity_prompts
from hf_causal.export.runtime import DESCRIPTION, ExportedModel, require_onnx
from hf_causal.utils.files import write_json, write_text
from hf_causal.utils.progress import Progress, start

FORMATS = {"onnx": "model.onnx", "torch": "model.pt2"}
"""From format to the file of the graph."""


@dataclass(frozen=True)
class Export:
    """A finished export.

    Args:
        folder (`Path`): Where it is.
        graph (`str`): The file of the graph in it.
        parity ([`Parity`]): How it compared with the model.
    """

    folder: Path
    graph: str
    parity: Parity


def export_model(
    model: str | Path,
    out: str | Path,
    format: str = "onnx",
    progress: Progress | None = None,
) -> Export:
    """Writes a model as a graph that runs without this package, after it answered corpus prompts as the model does.

    Args:
        model (`str` or `Path`): Model folder, or model on the Hub, of an architecture of this package.
        out (`str` or `Path`): Folder to write; an earlier export in it is replaced.
        format (`str`): `onnx` for ONNX Runtime, `torch` for `torch.export.load`.
        progress (callable, *optional*): Called with the name of a step and its size; returns a function that takes the
            amount that was done.

    Returns:
        [`Export`]

    Raises:
        `ValueError`: For an unknown format, a model that cannot be exported, or a folder that holds something else.
        `FileNotFoundError`: If the model cannot be loaded.
        `ArithmeticError`: If the graph differs from the model; nothing is written then.
    """
    from hf_causal.evaluation.predictors import load_predictor
    from hf_causal.export.graphs import capture, make_graph

    if format not in FORMATS:
        raise ValueError(f"`format` must be one of {', '.join(FORMATS)}, got {format!r}")
    if format == "onnx":
        require_onnx("onnx", "onnxscript", "onnxruntime")
    out = Path(out)
    _check_folder(out)
    advance = start(progress, "Making the graph", 3)
    predictor = load_predictor(model, device="cpu")
    loaded, tokenizer = predictor.model, predictor.tokenizer
    graph = make_graph(loaded)
    prompts = parity_prompts(tokenizer, _most_tokens(loaded.config))
    advance(1)
    example = tokenizer(prompts[:2], padding=True, return_tensors="pt")
    program = capture(graph, example.input_ids, example.attention_mask)
    advance(1)
    about = _describe(predictor, graph.outputs, format)
    out.parent.mkdir(parents=True, exist_ok=True)
    # Written next to `out` and renamed, so that `out` never holds a graph that was not compared.
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as temporary:
        folder = Path(temporary) / "new"
        _write(folder, program, predictor, about)
        advance(1)
        del advance  # which closes its bar
        advance = start(progress, "Comparing answers", len(prompts))
        parity = compare(loaded, tokenizer, ExportedModel(folder), prompts, advance)
        if not parity.holds:
            raise ArithmeticError(
                f"the {format} graph of {str(model)!r} differs from the model by {parity.largest_difference:.2g} in a "
                f"logit, and in {parity.different_answers} of {parity.prompts} answers; at most "
                f"{parity.tolerance:.2g} is allowed, so nothing was written"
            )
        about["parity"] = parity.to_dict()
        write_json(folder / DESCRIPTION, about)
        write_text(folder / "README.md", _readme(Path(model).resolve().name, loaded, about))
        if out.exists():
            out.rename(Path(temporary) / "old")
        folder.rename(out)
    return Export(out, about["graph"], parity)


def _check_folder(out: Path) -> None:
    """Raises `ValueError` where a folder holds something other than an export."""
    if out.is_file():
        raise ValueError(f"`out` must be a folder, {str(out)!r} is a file")
    if out.is_dir() and any(out.iterdir()) and not (out / DESCRIPTION).is_file():
        raise ValueError(f"`out` {str(out)!r} holds something that is no export; name a new folder")


def _most_tokens(config: Any) -> int | None:
    """How long a prompt may be, where a table of positions ends."""
    return config.max_position_embeddings if getattr(config, "position_encoding", None) == "learned" else None


def _describe(predictor: Any, outputs: tuple[str, ...], format: str) -> dict[str, Any]:
    """What a program has to know to use the graph."""
    config, tokenizer = predictor.model.config, predictor.tokenizer
    packages = ("torch", "transformers", *(("onnx", "onnxscript", "onnxruntime") if format == "onnx" else ()))
    return {
        "format": format,
        "graph": FORMATS[format],
        "architecture": config.model_type,
        "inputs": ["input_ids", "attention_mask"],
        "outputs": list(outputs),
        "answers": {"No": predictor.no[0], "Yes": predictor.yes},
        "padding": {"id": tokenizer.pad_token_id, "token": tokenizer.pad_token},
        "most_tokens": _most_tokens(config),
        "most_statements": getattr(config, "max_sentences", None),
        "versions": {"hf-causal": __version__, **{name: installed_version(name) for name in packages}},
    }


def _write(folder: Path, program: Any, predictor: Any, about: dict[str, Any]) -> None:
    from hf_causal.export.graphs import save_onnx, save_torch

    folder.mkdir()
    if about["format"] == "onnx":
        save_onnx(program, tuple(about["outputs"]), folder / about["graph"])
    else:
        save_torch(program, folder / about["graph"])
    predictor.tokenizer.save_pretrained(folder)
    config = json.loads(predictor.model.config.to_json_string())
    config.pop("auto_map", None)  # the folder does not have the code that it names
    write_json(folder / "config.json", config)
    write_json(folder / DESCRIPTION, about)


def _readme(name: str, model: Any, about: dict[str, Any]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(
        loader=PackageLoader("hf_causal", ""), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    template = templates.get_template("export/README.md.jinja")
    return template.render(**about, name=name, parameters=model.num_parameters(), vocabulary=model.config.vocab_size)
