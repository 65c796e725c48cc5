"""What `training.py` compares: settings that all ways to train share, and the ways as steps from one to the next."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

from hf_causal.corpora.build import build
from hf_causal.corpora.load import load_corpus
from hf_causal.models import make_model, make_tokenizer

SHARED = 8
"""About this many questions share a premise in the training data: batches of premises are smaller by this factor."""


@dataclass(frozen=True)
class Settings:
    """What all ways have in common."""

    device: str
    steps: int
    questions: int
    rows: int
    data: Path | None
    width: int
    layers: int
    heads: int
    threads: int
    seed: int
    bf16: bool

    def describe(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name not in ("data", "device", "threads")}

    def table(self) -> pa.Table:
        folder = self.data or Path(tempfile.gettempdir()) / "hf_causal-benchmark"
        if not (folder / "transitivity_ts2").is_dir():
            build("axiomatic", folder, ["transitivity_ts2"])
        return load_corpus("axiomatic", "transitivity_ts2", "train", folder)[: self.rows]

    def sizes(self) -> dict[str, int]:
        return {"hidden_size": self.width, "num_hidden_layers": self.layers, "num_attention_heads": self.heads}

    def decoder(self, attention: str = "sdpa") -> Any:
        """The decoder at the seed's weights; the same in every way."""
        torch.manual_seed(self.seed)
        model = make_model("axiom", {"position_encoding": "none", **self.sizes()}, make_tokenizer("axiom"), attention)
        return model.to(self.device).train()


@dataclass(frozen=True)
class Form:
    """How our decoder is trained; every field is a step of the comparison."""

    head_at_answers: bool = False
    like_lengths: bool = False
    bf16: bool = False
    share_premise: bool = False
    share_beginnings: bool = False
    last_block_at_answers: bool = False
    fused: bool = False
    attention: str = "sdpa"
    compile_mode: str | None = None
    batches: int = 1
    """How many times larger the batches are."""


@dataclass(frozen=True)
class Way:
    """One row of the table."""

    name: str
    title: str
    kind: str = "form"
    form: Form = field(default_factory=Form)
    device: str | None = None
    """Where it makes sense; everywhere when not given."""

    def fits(self, settings: Settings) -> bool:
        return self.device in (None, settings.device)


def _ladder() -> Iterator[Way]:
    yield Way("released", "the released method: GPT-2, fp32, padded, a loop over the batch", "released")
    yield Way("trainer", "`transformers.Trainer` as it comes (our decoder, batches of 8)", "trainer")
    form = Form()
    yield Way("plain", "our decoder, the same way", form=form)
    for name, title, changes, device in (
        ("head", "+ the head at answers alone", {"head_at_answers": True}, None),
        ("like-lengths", "+ batches of like length", {"like_lengths": True}, None),
        ("bf16", "+ bf16", {"bf16": True}, None),
        ("premise", "+ a premise shared by its questions", {"share_premise": True}, None),
        ("tree", "+ beginnings shared by questions", {"share_beginnings": True}, None),
        ("last-block", "+ the last block at answers alone", {"last_block_at_answers": True}, None),
        ("fused", "+ fused AdamW", {"fused": True}, None),
        ("eager", "+ attention as plain products", {"attention": "eager"}, "cpu"),
        ("compile", "+ compiled blocks", {"compile_mode": "default"}, None),
        ("graphs", "+ CUDA graphs", {"compile_mode": "reduce-overhead"}, "cuda"),
        ("large", "+ batches 8 times larger", {"batches": 8}, "cuda"),
    ):
        form = replace(form, **changes)
        yield Way(name, title, form=form, device=device)
    yield Way("loop", "`hf-causal train`, everything included", "loop")


WAYS = tuple(_ladder())
LOOPED = (
    Way("looped-alone", "each question with a separate premise", "looped", Form()),
    Way("looped-shared", "a premise shared by its questions", "looped", Form(share_premise=True)),
    Way("looped-all", "all questions about a premise", "looped", Form(share_premise=True, share_beginnings=True)),
)
