"""What the optimizers do to each parameter, and the learning rate at each step."""

import pytest
import torch
from torch import nn

from hf_causal.models import make_model, make_tokenizer
from hf_causal.training.optimizers import make_optimizers, make_schedulers
from hf_causal.training.recipe import load_recipe

HEADS_AND_TABLES = {"lm_head.weight", "classifier.weight", "distance_bias", "embed_tokens.weight"}
RATES = {"learning_rate": 0.002, "muon_learning_rate": 0.02, "weight_decay": 0.1}


class Toy(nn.Module):
    """One parameter of every sort."""

    def __init__(self):
        super().__init__()
        self.embed_tokens = nn.Embedding(5, 4)
        self.proj = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)
        self.gates = nn.Parameter(torch.ones(2, 4, 2, 2))
        self.distance_bias = nn.Parameter(torch.ones(3, 4))
        self.classifier = nn.Linear(4, 2)
        self.lm_head = nn.Linear(4, 5, bias=False)


def groups_of(model, optimizers):
    """From parameter name to its optimizer's name and its group."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {
        names[id(parameter)]: (type(optimizer).__name__, group)
        for optimizer in optimizers
        for group in optimizer.param_groups
        for parameter in group["params"]
    }


@pytest.fixture
def toy():
    model = Toy()
    recipe = load_recipe("axiom-reasoner", {**RATES, "objective.gate_learning_rate": 0.01})
    return groups_of(model, make_optimizers(model, recipe))


def test_every_parameter_is_optimized_once(toy):
    optimizers = make_optimizers(Toy(), load_recipe("axiom-reasoner"))
    assert sum(len(group["params"]) for each in optimizers for group in each.param_groups) == len(toy)
    assert toy.keys() == dict(Toy().named_parameters()).keys()


def test_muon_updates_the_hidden_matrices_alone_at_its_learning_rate(toy):
    by_muon = {name for name, (optimizer, _) in toy.items() if optimizer == "Muon"}
    assert by_muon == {"proj.weight"} and not by_muon & HEADS_AND_TABLES
    assert toy["proj.weight"][1]["lr"] == 0.02
    assert {group["lr"] for name, (_, group) in toy.items() if name not in (*by_muon, "gates")} == {0.002}


def test_biases_norms_and_gates_have_no_weight_decay(toy):
    decays = {name: group["weight_decay"] for name, (_, group) in toy.items()}
    decayed = {"proj.weight", *HEADS_AND_TABLES}
    assert decays == {name: 0.1 if name in decayed else 0.0 for name in toy}


def test_gates_have_their_learning_rate_or_that_of_adamw(toy):
    assert toy["gates"][1]["lr"] == 0.01
    model = Toy()
    recipe = load_recipe("axiom-reasoner", {**RATES, "objective.gate_learning_rate": None})
    optimizer, group = groups_of(model, make_optimizers(model, recipe))["gates"]
    assert (optimizer, group["lr"], group["weight_decay"]) == ("AdamW", 0.002, 0.0)


@pytest.mark.parametrize(("name", "model_type"), [("axiom-reasoner", "axiom_looped"), ("axiom-cpu", "axiom")])
def test_a_step_without_gradients_shrinks_matrices_alone(name, model_type):
    """Weight decay on the models that ship, not on group tables."""
    recipe = load_recipe(name, {**RATES, "model.hidden_size": 16} if model_type == "axiom" else RATES)
    model = make_model(
        model_type, recipe.model, make_tokenizer(model_type, ["transitivity", "d_separation", "corr2cause"])
    )
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    optimizers = make_optimizers(model, recipe)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    for optimizer in optimizers:
        optimizer.step()
    muon = {name for name, (kind, _) in groups_of(model, optimizers).items() if kind == "Muon"}
    assert muon and not [name for name in muon if "classifier" in name or "lm_head" in name or "embed" in name]
    for name, parameter in model.named_parameters():
        shrunk = before[name] * (1 - (0.02 if name in muon else 0.002) * 0.1)
        expected = shrunk if parameter.ndim == 2 else before[name]
        torch.testing.assert_close(parameter.detach(), expected, rtol=1e-6, atol=1e-7, msg=name)


def test_sgd_is_plain(toy):
    (optimizer,) = make_optimizers(Toy(), load_recipe("matrix-sensing"))
    (group,) = optimizer.param_groups
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (0.08, 0, 0.0)


def rates(recipe, steps):
    """Learning rates of each optimizer before each step, and after the last one."""
    optimizers = make_optimizers(Toy(), recipe)
    schedulers = make_schedulers(optimizers, recipe, steps)
    found = []
    for _ in range(steps + 1):
        found.append([scheduler.get_last_lr()[0] for scheduler in schedulers])
        for optimizer, scheduler in zip(optimizers, schedulers, strict=True):
            optimizer.step()
            scheduler.step()
    return found


@pytest.mark.parametrize("decay_fraction", [0.5, 0.2])
def test_the_schedule_warms_up_holds_and_decays_to_a_hundredth(decay_fraction):
    fields = {**RATES, "warmup_steps": 10, "decay_fraction": decay_fraction}
    found = rates(load_recipe("axiom-reasoner", fields), 100)
    decay = 100 * decay_fraction
    for step, (adamw, muon) in enumerate(found):
        share = 0.01 + 0.99 * step / 10 if step < 10 else 1.0
        if step > 100 - decay:
            share = 0.01 + 0.99 * (100 - step) / decay
        assert adamw == pytest.approx(0.002 * share, abs=1e-9)
        assert muon == pytest.approx(0.02 * share, abs=1e-8)
