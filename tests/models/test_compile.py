"""`torch.compile` takes the decoder in one graph for every batch and length.

One small case, since compiling takes seconds. The looped reasoner compiles too and gives the same answers, but in
pieces: how large its tensors are depends on what it reads (`fullgraph=True` is refused). Exported graphs have no such
seams, see `test_export.py`.
"""

import shutil

import pytest
import torch
from decoders import build

from hf_causal.models import AxiomTokenizer

BATCHES = (
    ["A causes B. B causes Cat. Does A cause Cat?", "x causes y. Does y cause x?"],
    [
        "no causes X7. Does X7 cause no?",
        "a causes b. b causes c. c causes d. Does d cause a?",
        "p causes q. Does p cause q?",
    ],
)


@pytest.mark.skipif(shutil.which("g++") is None, reason="TorchInductor needs a C++ compiler")
def test_the_compiled_decoder_answers_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    model, tokenizer = build(num_hidden_layers=1), AxiomTokenizer()
    compiled = torch.compile(model, dynamic=True, fullgraph=True)
    for prompts, stance in zip(BATCHES, ("default", "fail_on_recompile"), strict=True):
        inputs = tokenizer(prompts, padding=True, return_tensors="pt")
        with torch.no_grad(), torch.compiler.set_stance(stance):
            expected, got = (run(**inputs, use_cache=False).logits for run in (model, compiled))
        real = inputs.attention_mask.bool()
        torch.testing.assert_close(got[real], expected[real], rtol=0, atol=1e-5)
