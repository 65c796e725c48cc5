"""Outputs of the released models on fixed inputs."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

RELEASED = Path(__file__).resolve().parents[2] / "model_cards"

GRAMMARS = {
    "transitivity": ("axiomatic/transitivity_ts2", "axiomatic/transitivity_generalization"),
    "d_separation": ("axiomatic/d_separation", "axiomatic/d_separation_generalization"),
    "corr2cause": ("corr2cause/default", "corr2cause/paraphrased", "corr2cause/refactored"),
    "co_occurrence": ("co_occurrence/co_occurrence",),
}
"""From a grammar to the configs of the small builds that its prompts are taken from."""
PROMPTS = 200
BATCH = 20
SPREAD = 20
"""Values of each model that are kept as they are."""


def model_outputs(folder: Path) -> dict[str, Any]:
    """Computes what every released model makes of fixed inputs, which come from the small builds below `folder`."""
    import torch

    threads = torch.get_num_threads()
    # Sums over several threads are not taken in one order.
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            return {path.parent.name: _outputs_of(path.parent, folder) for path in _weights()}
    finally:
        torch.set_num_threads(threads)


def _weights() -> list[Path]:
    return sorted(RELEASED.glob("*/model.safetensors"))


def _outputs_of(model_folder: Path, folder: Path) -> dict[str, Any]:
    import transformers

    import hf_causal.models  # noqa: F401 - registers the architectures

    config = transformers.AutoConfig.from_pretrained(model_folder)
    heads = {
        "axiom": transformers.AutoModelForCausalLM,
        "axiom_looped": transformers.AutoModelForSequenceClassification,
    }
    model = heads.get(config.model_type, transformers.AutoModel).from_pretrained(model_folder).eval()
    found = {
        "weights_sha256": hashlib.sha256((model_folder / "model.safetensors").read_bytes()).hexdigest(),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
    if config.model_type in heads:
        tokenizer = transformers.AutoTokenizer.from_pretrained(model_folder)
        return found | {grammar: _answers(model, tokenizer, prompts(folder, grammar)) for grammar in GRAMMARS}
    return found | {"outputs": _OTHERS[config.model_type](model, model_folder, folder)}


def prompts(folder: Path, grammar: str) -> list[str]:
    """Returns prompts of a grammar, evenly spread over the rows of its configs."""
    rows = [row for config in GRAMMARS[grammar] for row in _rows(folder / config)["prompt"].to_pylist()]
    return [rows[number * len(rows) // PROMPTS] for number in range(PROMPTS)]


def _rows(config: Path, pattern: str = "*") -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in sorted(config.glob(f"{pattern}.parquet"))])


def _answers(model: Any, tokenizer: Any, texts: list[str]) -> dict[str, Any]:
    """Logits of the classes, or of the token that follows; a grammar that a model does not read is refused."""
    import torch

    try:
        ids = [tokenizer(text)["input_ids"] for text in texts]
        logits = []
        for start in range(0, len(texts), BATCH):
            batch = tokenizer(texts[start : start + BATCH], padding=True, return_tensors="pt")
            found = model(**batch).logits
            if found.dim() == 3:  # (batch, length, vocabulary); padding may stand on either side
                mask = batch["attention_mask"]
                last = (mask * torch.arange(mask.shape[1])).argmax(1)
                found = found[torch.arange(len(found)), last]
            logits.append(found.float().numpy())
    except ValueError as error:
        return {"refused": type(error).__name__}
    return {"input_sha256": hashlib.sha256(json.dumps(ids).encode()).hexdigest(), **summary(np.concatenate(logits))}


def _sequence_outputs(model: Any, model_folder: Path, folder: Path) -> dict[str, Any]:
    import torch

    rows = _rows(folder / "causal_sequences" / "random")
    tokens = torch.tensor(rows["tokens"].to_pylist()[:PROMPTS])
    return summary(model(input_ids=tokens).logits.float().numpy())


def _sensing_outputs(model: Any, model_folder: Path, folder: Path) -> dict[str, Any]:
    import torch

    rows = _rows(folder / "environments" / "matrix_sensing")
    measurements = torch.tensor(rows["measurement"].to_pylist()[:PROMPTS])
    return summary(model(measurements=measurements).responses.float().numpy()[:, None])


def _pair_outputs(model: Any, model_folder: Path, folder: Path) -> dict[str, Any]:
    import torch
    from PIL import Image
    from transformers import AutoTokenizer

    rows = _rows(folder / "shapes" / "minimal_changes")
    pictures = [
        np.asarray(Image.open(io.BytesIO(picture["bytes"])).convert("RGB")).transpose(2, 0, 1)
        for column in ("image_0", "image_1")
        for picture in rows[column].to_pylist()
    ]
    captions = [text for column in ("caption_0", "caption_1") for text in rows[column].to_pylist()]
    batch = AutoTokenizer.from_pretrained(model_folder)(captions, padding=True, return_tensors="pt")
    found = model(
        pixel_values=torch.from_numpy(np.stack(pictures)),
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
    )
    ids = json.dumps(batch["input_ids"].tolist())
    return {
        "input_sha256": hashlib.sha256(ids.encode()).hexdigest(),
        **summary(found.logits_per_image.float().numpy()),
    }


_OTHERS = {"disentangled": _sequence_outputs, "matrix_sensing": _sensing_outputs, "two_tower": _pair_outputs}


def summary(values: np.ndarray) -> dict[str, Any]:
    """Returns a small description of outputs, one row an input, that two machines can compare.

    The SHA-256 is over `float32` rounded to 4 decimals: equal where the arithmetic is equal. Everything else can be
    compared with a tolerance.
    """
    # A sum with 0 turns -0.0, which rounding makes of small numbers, into 0.0.
    rounded = np.round(values.astype(np.float32), 4) + np.float32(0)
    decisions = (values[:, 0] > 0).astype(int) if values.shape[1] == 1 else values.argmax(1)
    chosen = np.linspace(0, values.size - 1, SPREAD).astype(int)
    return {
        "shape": list(values.shape),
        "argmax": ("" if values.shape[1] <= 10 else " ").join(map(str, decisions)),
        "mean": round(float(values.mean(dtype=np.float64)), 5),
        "std": round(float(values.std(dtype=np.float64)), 5),
        "spread": [round(float(value), 5) for value in values.ravel()[chosen]],
        "rounded_sha256": hashlib.sha256(np.ascontiguousarray(rounded, dtype="<f4").tobytes()).hexdigest(),
    }
