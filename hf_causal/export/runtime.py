"""Asking an exported model, with nothing of it but its folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

DESCRIPTION = "export.json"
"""What a graph takes and returns, and how it compared with its model."""
Graph = Callable[[np.ndarray, np.ndarray], list[np.ndarray]]
"""From token ids and mask to the outputs, in their order."""


class ExportedModel:
    """An exported folder, ready to answer: its graph in the runtime that it was made for, and its tokenizer.

    Args:
        folder (`str` or `Path`): As [`export_model`] writes it.
        threads (`int`, *optional*): Of ONNX Runtime; it takes all cores when not given.

    Raises:
        `FileNotFoundError`: If the folder holds no exported model.
        `ValueError`: If ONNX Runtime is needed and not installed.
    """

    def __init__(self, folder: str | Path, threads: int | None = None):
        from tokenizers import Tokenizer

        folder = Path(folder)
        if not (folder / DESCRIPTION).is_file():
            raise FileNotFoundError(f"{str(folder)!r} holds no exported model: it has no {DESCRIPTION}")
        self.about: dict[str, Any] = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.no, self.yes = self.about["answers"]["No"], self.about["answers"]["Yes"]
        path = folder / self.about["graph"]
        self.graph = _onnx_graph(path, threads) if self.about["format"] == "onnx" else _torch_graph(path)

    def run(self, prompts: Sequence[str], padding_side: str = "left") -> dict[str, np.ndarray]:
        """All outputs for one batch of prompts, by name.

        Args:
            prompts (sequence of `str`): Complete prompts, ending with the question.
            padding_side (`str`): `left` or `right`, where shorter prompts are filled up.
        """
        padding = self.about["padding"]
        self.tokenizer.enable_padding(direction=padding_side, pad_id=padding["id"], pad_token=padding["token"])
        encodings = self.tokenizer.encode_batch(list(prompts))
        ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
        mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)
        return dict(zip(self.about["outputs"], self.graph(ids, mask), strict=True))

    def answers(self, prompts: Sequence[str]) -> list[str]:
        """`Yes` or `No` for each of some prompts.

        Raises:
            `ValueError`: With the first prompt that the model says it cannot read.
        """
        outputs = self.run(prompts)
        if "readable" in outputs and not outputs["readable"].all():
            which = int(outputs["readable"].argmin())
            raise ValueError(f"`prompts` {which} cannot be read by this model, got {prompts[which][:200]!r}")
        yes = outputs["logits"][:, self.yes] > outputs["logits"][:, self.no]
        return ["Yes" if answer else "No" for answer in yes]


def _onnx_graph(path: Path, threads: int | None) -> Graph:
    require_onnx("onnxruntime")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda ids, mask: session.run(None, {"input_ids": ids, "attention_mask": mask})


def _torch_graph(path: Path) -> Graph:
    import torch

    module = torch.export.load(path).module()

    @torch.no_grad()
    def run(ids: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
        return [output.numpy() for output in module(torch.from_numpy(ids), torch.from_numpy(mask))]

    return run


def require_onnx(*packages: str) -> None:
    """Raises `ValueError` with what to install where one of the packages for ONNX is missing."""
    from importlib.util import find_spec

    for package in packages:
        if find_spec(package) is None:
            raise ValueError(f"ONNX needs the package {package!r}: pip install 'hf-causal[export]'")
