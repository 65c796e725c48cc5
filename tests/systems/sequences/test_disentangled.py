"""The disentangled transformer, against its formula in plain NumPy, finite differences, and a saved copy."""

import numpy as np
import pytest
import torch
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoConfig, AutoModel

from hf_causal.models import make_model
from hf_causal.systems.sequences.disentangled import DisentangledConfig, DisentangledModel

STATES, LENGTH = 3, 5


def make(num_heads=(2, 1), mlp_size=None, seed=0):
    """A model with random weights, in double precision."""
    config = DisentangledConfig(
        vocab_size=STATES, max_position_embeddings=LENGTH, num_heads=list(num_heads), mlp_size=mlp_size
    )
    model = DisentangledModel(config).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return model


def plain(model, tokens):
    """The formulas of arXiv 2402.14735 for one sequence, by loops."""
    stream = [np.concatenate([np.eye(STATES)[token], np.eye(LENGTH)[place]]) for place, token in enumerate(tokens)]
    attentions = []
    for layer in model.layers:
        heads = [matrix.detach().numpy() for matrix in layer.attention]
        weights = np.zeros((len(heads), len(tokens), len(tokens)))
        wider = []
        for place, own in enumerate(stream):
            read = []
            for head, matrix in enumerate(heads):
                scores = np.array([own @ matrix @ stream[other] for other in range(place + 1)])
                shares = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
                weights[head, place, : place + 1] = shares
                read.append(sum(share * stream[other] for other, share in enumerate(shares)))
            wider.append(np.concatenate([own, *read]))
            if layer.mlp is not None:
                weight, bias = layer.mlp.weight.detach().numpy(), layer.mlp.bias.detach().numpy()
                wider[-1] = np.concatenate([wider[-1], np.maximum(weight @ wider[-1] + bias, 0)])
        stream = wider
        attentions.append(weights)
    return model.output.weight.detach().numpy() @ stream[-1], attentions


@pytest.mark.parametrize(
    "num_heads, mlp_size", [((1, 1), None), ((2, 1), None), ((1, 2, 1), None), ((2, 1), 4), ((2, 1), [0, 4])]
)
def test_it_computes_its_formula(num_heads, mlp_size):
    model = make(num_heads, mlp_size)
    tokens = np.random.default_rng(0).integers(STATES, size=(4, LENGTH))
    whole = model(torch.from_numpy(tokens), output_attentions=True)
    last = model(torch.from_numpy(tokens)).logits  # the last layer computes the last position alone
    for row, sequence in enumerate(tokens):
        logits, attentions = plain(model, sequence)
        assert whole.logits[row].detach().numpy() == pytest.approx(logits, rel=1e-9)
        assert last[row].detach().numpy() == pytest.approx(logits, rel=1e-9)
        for found, expected in zip(whole.attentions, attentions, strict=True):
            assert found[row].detach().numpy() == pytest.approx(expected, abs=1e-12)


def test_gradients_are_finite_differences():
    model = make((2, 1), 3)
    tokens = torch.tensor([[0, 2, 1, 1], [2, 2, 0, 1]])
    targets = torch.tensor([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0]], dtype=torch.float64)
    model(tokens, labels=targets).loss.backward()
    generator = np.random.default_rng(0)
    for parameter in model.parameters():
        flat = parameter.detach().view(-1)
        for place in generator.integers(len(flat), size=5):
            losses, step = [], 1e-5
            for sign in (1, -1):
                with torch.no_grad():
                    flat[place] += sign * step
                    losses.append(model(tokens, labels=targets).loss.item())
                    flat[place] -= sign * step
            found = parameter.grad.view(-1)[place].item()
            assert (losses[0] - losses[1]) / (2 * step) == pytest.approx(found, abs=1e-8)


def test_it_begins_with_uniform_attention_and_predictions():
    model = make_model("disentangled", {"vocab_size": STATES, "max_position_embeddings": LENGTH}, None)
    outputs = model(torch.tensor([[0, 1, 2, 0, 1]]), labels=torch.tensor([2]), output_attentions=True)
    assert outputs.loss.item() == pytest.approx(np.log(STATES)) and not outputs.logits.any()
    uniform = np.tril(np.ones((LENGTH, LENGTH))) / np.arange(1, LENGTH + 1)[:, None]
    assert outputs.attentions[0][0, 0].detach().numpy() == pytest.approx(uniform)
    assert model.position_attention()[0].detach().numpy() == pytest.approx(uniform)
    assert sum(parameter.numel() for parameter in model.parameters()) == 8**2 + 16**2 + 32 * STATES


def test_attention_by_positions_is_that_of_a_model_without_tokens():
    model = make()
    with torch.no_grad():
        model.layers[0].attention[:, :STATES] = 0
        model.layers[0].attention[:, :, :STATES] = 0
    found = model(torch.tensor([[0, 1, 2, 0, 1]]), output_attentions=True).attentions[0][0]
    assert found.detach().numpy() == pytest.approx(model.position_attention().detach().numpy(), abs=1e-12)


def test_hard_and_soft_labels_agree():
    model, tokens = make(), torch.tensor([[0, 1, 2], [1, 1, 0]])
    hard = model(tokens, labels=torch.tensor([2, 0])).loss
    soft = model(tokens, labels=torch.eye(STATES, dtype=torch.float64)[[2, 0]]).loss
    assert hard.item() == pytest.approx(soft.item())


def test_a_saved_model_is_the_same_and_carries_its_code(tmp_path):
    model = make((1, 2), 2)
    model.save_pretrained(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"configuration_disentangled.py", "modeling_disentangled.py"} <= names
    again = AutoModel.from_pretrained(tmp_path, dtype=torch.float64)
    assert isinstance(again, DisentangledModel) and again.config.num_heads == [1, 2]
    assert AutoConfig.from_pretrained(tmp_path).auto_map["AutoModel"] == "modeling_disentangled.DisentangledModel"
    tokens = torch.tensor([[0, 1, 2, 2, 1]])
    assert torch.equal(model(tokens).logits, again(tokens).logits)


def test_mistakes_are_named():
    for arguments, message in [
        ({"vocab_size": 1}, "`vocab_size` must be at least 2, got 1"),
        ({"num_heads": []}, "at least 1 head for each layer"),
        ({"num_heads": [1, 0]}, "at least 1 head for each layer"),
        ({"mlp_size": 0}, "`mlp_size` must be at least 1"),
        ({"mlp_size": [-1, 4]}, "`mlp_size` must be at least 1 .0 in a list."),
        ({"mlp_size": [4]}, "`mlp_size` must have one number for each of 2 layers"),
        ({"mlp_size": []}, "`mlp_size` must have one number for each of 2 layers"),
        ({"initializer_range": -1.0}, "`initializer_range` must not be negative"),
    ]:
        with pytest.raises((StrictDataclassError, ValueError), match=message):
            DisentangledConfig(**arguments)
    with pytest.raises(ValueError, match="`input_ids` have 6 tokens, at most 5 are possible"):
        make()(torch.zeros(1, 6, dtype=torch.long))
