"""Other ways to call the decoder: compiled blocks and CUDA graphs."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from small import TINY
from torch._dynamo.testing import CompileCounterWithBackend

from hf_causal.corpora.load import load_corpus
from hf_causal.models import AxiomTokenizer, make_model
from hf_causal.training.compiled import GraphedModel, compile_blocks, make_forward
from hf_causal.training.loop import train
from hf_causal.training.objectives import Counts, loss_and_hits
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
    with pytest.raises(ValueError, match="'compile' needs a decoder with `layers`, this is AxiomLooped"):
        compile_blocks(make_model("axiom_looped", {}, TOKENIZER))


def test_each_shape_is_recorded_once_and_called_with_new_values(packs, monkeypatch):
    recorded = []

    def record(module, example):
        """Like `torch.cuda.make_graphed_callables`: reads later inputs from the tensors it was given."""
        recorded.append(example)

        def replay(*inputs):
            for place, value in zip(example, inputs, strict=True):
                place.copy_(value)
            return module(*example)

        return replay

    monkeypatch.setattr("torch.cuda.make_graphed_callables", record)
    model = decoder()
    forward = GraphedModel(model, limit=3)
    some = batches(packs)
    some += [{name: tensor.flip(0) for name, tensor in batch.items()} for batch in some]
    kept = [{name: tensor.clone() for name, tensor in batch.items()} for batch in some]
    for batch in some:
        expected = gradients(model, model, packs, batch)
        for found, wanted in zip(gradients(forward, model, packs, batch), expected, strict=True):
            assert torch.equal(found, wanted)
    assert len(recorded) == 3  # the fourth shape goes without
    # What was recorded has places of its own for its inputs: nobody's batch is written over.
    for batch, before in zip(some, kept, strict=True):
        assert all(torch.equal(batch[name], before[name]) for name in batch)


@pytest.mark.parametrize(
    ("fields", "device", "processes", "problem"),
    [
        ({}, "cpu", 1, "needs a CUDA GPU, this is cpu"),
        ({}, "cuda", 2, "needs one process without gradient accumulation"),
        ({"gradient_accumulation_steps": 2}, "cuda", 1, "needs one process without gradient accumulation"),
        ({"model_type": "axiom_looped", "model": {}}, "cuda", 1, "needs a decoder that packs prompts, this is AxiomL"),
    ],
)
def test_graphs_are_refused_where_they_would_go_wrong(fields, device, processes, problem):
    recipe = load_recipe("axiom-cpu", {"cuda_graphs": True, **fields})
    model = make_model(recipe.model_type, recipe.model, TOKENIZER)
    accelerator = SimpleNamespace(
        device=torch.device(device), num_processes=processes, unwrap_model=lambda wrapped: wrapped
    )
    with pytest.raises(ValueError, match=f"'cuda_graphs' {problem}"):
        make_forward(model, recipe, accelerator)


@pytest.mark.usefixtures("uncompiled")
def test_a_recipe_says_how_the_model_is_called(tmp_path, corpus_dir):
    result = train(load_recipe("axiom-cpu", {**TINY, "compile": True}), tmp_path / "run", corpus_dir)
    assert result.steps == 6 and (tmp_path / "run" / "model.safetensors").is_file()
    with pytest.raises(ValueError, match="'cuda_graphs' needs a CUDA GPU"):
        train(load_recipe("axiom-cpu", {**TINY, "cuda_graphs": True}), tmp_path / "graphs", corpus_dir)
