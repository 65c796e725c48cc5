"""Models in GGUF files, the format of llama.cpp, which transformers reads with the package gguf."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

SUFFIX = ".gguf"


class MissingPackage(ValueError):
    """A package that is needed is not installed."""


def find_gguf(model: str | Path) -> Path | None:
    """Returns the GGUF file that a path names: the file, or the only one in a folder that is no model folder.

    Raises:
        `FileNotFoundError`: If the path ends like a GGUF file and there is none.
        `ValueError`: If a folder has several.
    """
    path = Path(model)
    if path.suffix.lower() == SUFFIX:
        if not path.is_file():
            raise FileNotFoundError(f"no GGUF file {str(path)!r}")
        return path
    if not path.is_dir() or (path / "config.json").is_file():
        return None
    files = sorted(file for file in path.iterdir() if file.suffix.lower() == SUFFIX)
    if len(files) > 1:
        raise ValueError(f"the folder {str(path)!r} has {len(files)} GGUF files: name one, such as {files[0].name!r}")
    return files[0] if files else None


def gguf_options(file: Path) -> dict[str, Any]:
    """Returns the arguments of `from_pretrained` that unpack the weights of a GGUF file.

    Raises:
        [`MissingPackage`]: If the package gguf is not installed.
    """
    if importlib.util.find_spec("gguf") is None:
        raise MissingPackage(
            f"{str(file)!r} is a GGUF file, which the package gguf reads: pip install 'hf-causal[gguf]'"
        )
    from transformers import GgufConfig

    return {"gguf_file": file.name, "quantization_config": GgufConfig(dequantize=True)}
