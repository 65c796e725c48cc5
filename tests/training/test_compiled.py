"""Compiled blocks of the decoder."""

import numpy as np
import pytest
import torch
from small import TINY
from torch._dynamo.testing import CompileCounterWithBackend

from hf_causal.corpora.load import load_corpus
from hf_causal.models import AxiomTokenizer, make_model
from hf_causal.training.compiled import compile_blocks
from hf_causal.training.loop import train
from hf_causal.training.next_token import loss_and_hits
from hf_causal.training.objectives import Counts
from hf_causal.training.packing import PackedPrompts
from hf_causal.training.recipe import load_recipe

SIZES = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2}
TOKENIZER = AxiomTokenizer()


@pytest.fixture(scope="module")
def packs(corpus_dir):
    return PackedPrompts(load_corpus("axiomatic", "transitivity_ts2", "train", corpus_dir)[:600], TOKENIZER)


def decoder(**options):
    torch.manual_seed(0)
    return make_model("axiom", {**SIZES, **options}, TOKENIZER, "eager").train()


def batches(packs, number=4):
    """Batches of different lengths."""
    order = np.argsort(packs.lengths)
    found = [packs.collate(part[:6], TOKENIZER.pad_token_id) for part in np.array_split(order, number)]
    assert len({batch["input_ids"].shape for batch in found}) == number
    return found


def gradients(forward, model, packs, batch):
    totals = Counts(torch.tensor(10.0), torch.tensor(1.0))
    loss, _, _ = loss_and_hits(forward, batch, packs.answer_ids, totals)
    model.zero_grad()
    loss.backward()
    return [loss.detach(), *(parameter.grad.clone() for parameter in model.parameters())]


def test_blocks_compile_once_for_all_lengths_and_learn_the_same(packs):
    model, compiled = decoder(position_encoding="rope"), decoder(position_encoding="rope")
    torch.compiler.reset()
    counter = CompileCounterWithBackend("aot_eager")
    compile_blocks(compiled, backend=counter)
    for batch in batches(packs):
        expected = gradients(model, model, packs, batch)
        for found, wanted in zip(gradients(compiled, compiled, packs, batch), expected, strict=True):
            torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6)
    graphs = [graph for graph in counter.graphs if len(graph.graph.nodes)]
    assert len(graphs) == 2  # of all blocks but the last, and of the last, which computes answers alone


def test_a_model_without_blocks_is_not_compiled():
    with pytest.raises(ValueError, match="'compile_mode' needs a decoder with `layers`, this is AxiomLooped"):
        compile_blocks(make_model("axiom_looped", {}, TOKENIZER))


@pytest.mark.usefixtures("uncompiled")
def test_a_recipe_trains_a_compiled_model(tmp_path, corpus_dir):
    result = train(load_recipe("axiom-cpu", {**TINY, "compile_mode": "default"}), tmp_path / "run", corpus_dir)
    assert result.steps == 6 and (tmp_path / "run" / "model.safetensors").is_file()


def test_the_mode_of_a_recipe_reaches_torch(tmp_path, corpus_dir, monkeypatch):
    seen = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda layer, **options: seen.append(options))
    recipe = load_recipe("axiom-cpu", {**TINY, "model.num_hidden_layers": 2, "cuda_graphs": True})
    train(recipe, tmp_path / "run", corpus_dir, stop_at_step=1)
    assert seen == [{"dynamic": True, "mode": "reduce-overhead"}] * 2
