"""Models of the Hub for a public page: everything that would be loaded is checked before it is.

Only configurations, tokenizers and safetensors weights are downloaded, of one revision, and only from the Hub. What an
adapter names as its base model is checked in the same way, and of its settings those are kept that are harmless.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterable
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

from hf_causal.demo.limits import MAX_HUB_BYTES, TooMuch

REPO_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
ADAPTER_CONFIG = "adapter_config.json"
FILES = ("*.json", "*.safetensors", "*.txt", "*.model")
"""Configuration, tokenizers and weights; neither pickles nor code."""
MAX_LAYERS, MAX_RANK = 200, 256
_LAYERS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "num_loops", "layers")
_ADAPTER_SETTINGS = (
    "task_type", "r", "lora_alpha", "lora_dropout", "target_modules", "bias", "fan_in_fan_out", "modules_to_save",
    "use_rslora", "rank_pattern", "alpha_pattern",
)  # fmt: skip


def is_repo_id(name: Any) -> bool:
    """Returns whether a name can only be that of a repository, and no path."""
    return isinstance(name, str) and REPO_ID.fullmatch(name) is not None and ".." not in name


def download(repo_id: str) -> Path:
    """Downloads a model or an adapter with its base model, and returns the folder.

    Raises:
        [`TooMuch`][hf_causal.demo.limits.TooMuch]: If its files are too large.
        `FileNotFoundError`: If it cannot be loaded, or has no safetensors weights.
        `ValueError`: If it would load something else than files of the Hub.
    """
    try:
        files, revision = _files(repo_id)
        if "config.json" not in files and ADAPTER_CONFIG in files:
            return _download_adapter(repo_id, files, revision)
        return _download_model(repo_id, files, revision, 0)
    except (ValueError, FileNotFoundError) as error:
        if type(error) in (ValueError, TooMuch, FileNotFoundError):
            raise
        raise FileNotFoundError(f"cannot get the model {repo_id!r} from the Hub: {_reason(error)}") from error
    except Exception as error:  # the Hub's client raises many types, all of which mean that the model cannot be loaded
        raise FileNotFoundError(f"cannot get the model {repo_id!r} from the Hub: {_reason(error)}") from error


def _download_model(repo_id: str, files: dict[str, int], revision: str, used: int) -> Path:
    # transformers follows an adapter config next to a complete model to that adapter's base model.
    names = [name for name in files if name != ADAPTER_CONFIG and not name.startswith("adapter_model")]
    _check_size(repo_id, (files[name] for name in names), used)
    folder = _snapshot(repo_id, names, revision)
    check_folder(folder)
    return folder


def _download_adapter(repo_id: str, files: dict[str, int], revision: str) -> Path:
    _check_size(repo_id, files.values(), 0)
    folder = _snapshot(repo_id, files, revision)
    settings = read_adapter_settings(folder / ADAPTER_CONFIG)
    base = settings["base_model_name_or_path"]
    base_files, base_revision = _files(base)
    if "config.json" not in base_files:
        raise ValueError(f"the base model {base!r} of {repo_id} must be a complete model")
    settings["base_model_name_or_path"] = str(_download_model(base, base_files, base_revision, sum(files.values())))
    copy = _new_folder()
    for path in folder.iterdir():
        if path.is_file() and path.name != ADAPTER_CONFIG:
            shutil.copyfile(path, copy / path.name)
    (copy / ADAPTER_CONFIG).write_text(json.dumps(settings), encoding="utf-8")
    return copy


def read_adapter_settings(path: Path) -> dict[str, Any]:
    """Reads the config of an adapter and returns its harmless settings.

    Raises:
        `ValueError`: If it is no LoRA adapter of a model on the Hub, or is too large.
    """
    settings = _read_object(path)
    base = settings.get("base_model_name_or_path")
    if not is_repo_id(base):
        raise ValueError(f"the base model of an adapter must be ORGANIZATION/NAME on the Hub, got {str(base)[:100]!r}")
    if settings.get("peft_type") != "LORA":
        raise ValueError(f"an adapter must be of the type LORA, got {str(settings.get('peft_type'))[:40]!r}")
    ranks = [settings.get("r", 8), *(settings.get("rank_pattern") or {}).values()]
    if not all(isinstance(rank, int) and 0 < rank <= MAX_RANK for rank in ranks):
        raise TooMuch(f"the rank of an adapter must be from 1 to {MAX_RANK}")
    kept = {name: settings[name] for name in _ADAPTER_SETTINGS if name in settings}
    return {"peft_type": "LORA", "base_model_name_or_path": base, "inference_mode": True, **kept}


def check_folder(folder: Path) -> None:
    """Checks what a downloaded model would load, before it is loaded.

    Raises:
        `ValueError`: If its index names files that are not its own.
        [`TooMuch`][hf_causal.demo.limits.TooMuch]: If its config describes a model that is too large.
    """
    for index in folder.glob("*.index.json"):
        weights = _read_object(index).get("weight_map")
        shards = set(weights.values()) if isinstance(weights, dict) else {None}
        for shard in shards:
            if not isinstance(shard, str) or Path(shard).name != shard or not (folder / shard).is_file():
                raise ValueError(f"{index.name} names weights that the model does not have: {str(shard)[:100]!r}")
    config = _read_object(folder / "config.json")
    for name in _LAYERS:
        if isinstance(config.get(name), int | float) and config[name] > MAX_LAYERS:
            raise TooMuch(f"the model has {name} {config[name]:,}; this page takes up to {MAX_LAYERS}")
    size = _described_bytes(folder)
    if size > 2 * MAX_HUB_BYTES:
        raise TooMuch(f"the config describes {size / 2**30:.1f} GiB of weights; this page takes up to 2 GiB")


def _described_bytes(folder: Path) -> int:
    """Returns the size of the weights that a config describes, at 32 bits, without allocating them."""
    import torch
    from transformers import AutoConfig, AutoModel

    import hf_causal.models  # noqa: F401  (registers the architectures of this package)

    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    with torch.device("meta"):
        model = AutoModel.from_config(config, trust_remote_code=False)
    return sum(4 * weight.numel() for weight in (*model.parameters(), *model.buffers()))


def _files(repo_id: str) -> tuple[dict[str, int], str]:
    """Returns the files of a repository that may be loaded, with their sizes, and its revision."""
    from huggingface_hub import HfApi

    info = HfApi().model_info(repo_id, files_metadata=True)
    files = {
        file.rfilename: file.size or 0
        for file in info.siblings or []
        if "/" not in file.rfilename and any(fnmatch(file.rfilename, pattern) for pattern in FILES)
    }
    if not any(name.endswith(".safetensors") for name in files):
        raise FileNotFoundError(f"{repo_id} has no safetensors weights")
    return files, info.sha or "main"


def _check_size(repo_id: str, sizes: Iterable[int], used: int) -> None:
    size = sum(sizes) + used
    if size > MAX_HUB_BYTES:
        most = MAX_HUB_BYTES / 2**30
        raise TooMuch(f"{repo_id} has {size / 2**30:.1f} GiB of files to load; this page takes up to {most:g} GiB")


def _snapshot(repo_id: str, names: Iterable[str], revision: str) -> Path:
    from huggingface_hub import snapshot_download

    folder = Path(snapshot_download(repo_id, revision=revision, allow_patterns=list(names)))
    # The cache may hold further files of the same revision, which others of this machine have downloaded.
    copy = _new_folder()
    for name in names:
        (copy / name).symlink_to((folder / name).resolve())
    return copy


@cache
def _copies() -> tempfile.TemporaryDirectory[str]:
    """Returns a folder that is removed when the page ends."""
    return tempfile.TemporaryDirectory(prefix="hf-causal-models-")


def _new_folder() -> Path:
    return Path(tempfile.mkdtemp(dir=_copies().name))


def _read_object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} cannot be read: {_reason(error)}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{path.name} must hold an object")
    return value


def _reason(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:300]
