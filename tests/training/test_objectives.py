"""The terms of the losses, each against its definition."""

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import nn

from hf_causal.corpora import generate_shard, get_config
from hf_causal.models import make_model, make_tokenizer
from hf_causal.training import data_sources
from hf_causal.training.data_sources import TrainingData
from hf_causal.training.objectives import Counts, make_objective
from hf_causal.training.recipe import load_recipe

NO_LOSSES = {f"objective.{name}_loss_weight": 0.0 for name in ("sentence", "name", "gate")}


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer("axiom_looped", ["transitivity", "d_separation", "corr2cause"])


@pytest.fixture(scope="module")
def rows():
    config = get_config("axiomatic", "d_separation", rows=400, validation_rows=240)
    return generate_shard("axiomatic", config, "train", 0)


@pytest.fixture(scope="module")
def batch(rows, tokenizer):
    objective = make_objective(load_recipe("axiom-looped-d-separation"), tokenizer)
    return objective.make_data(rows, training=True, task="d_separation").collate(np.arange(6), tokenizer.pad_token_id)


@pytest.fixture(scope="module")
def model(tokenizer):
    torch.manual_seed(0)
    return make_model("axiom_looped", {"flag_noise": 0.0, "training_loops": [7, 7]}, tokenizer).train()


def loss_of(model, batch, tokenizer, totals=None, **weights):
    options = {**NO_LOSSES, **{f"objective.{name}_loss_weight": weight for name, weight in weights.items()}}
    objective = make_objective(load_recipe("axiom-looped-d-separation", options), tokenizer)
    torch.manual_seed(1)
    return objective.loss_and_hits(model, batch, totals or objective.count([batch])).loss


@pytest.mark.parametrize(("name", "output"), [("gate", "block_cost"), ("name", "name_overlap")])
def test_the_losses_of_the_model_are_added_with_their_weights(name, output, model, batch, tokenizer):
    torch.manual_seed(1)
    term = getattr(model(**{key: value for key, value in batch.items() if not key.endswith("labels")}), output)
    plain, weighted = (loss_of(model, batch, tokenizer, **{name: weight}) for weight in (0.0, 0.5))
    assert term.item() > 0
    torch.testing.assert_close(weighted - plain, 0.5 * term, rtol=1e-4, atol=1e-6)
    # A micro-batch with a quarter of the step's answers adds a quarter of its mean.
    totals = Counts(4.0 * (batch["labels"] >= 0).sum(), torch.tensor(1.0))
    quarter = loss_of(model, batch, tokenizer, totals, **{name: 0.5}) - loss_of(model, batch, tokenizer, totals)
    torch.testing.assert_close(quarter, 0.5 * term / 4, rtol=1e-4, atol=1e-6)


def test_the_weights_reach_the_parameters(model, batch, tokenizer):
    (gates,) = (parameter for name, parameter in model.named_parameters() if name.endswith("gates"))
    plain, weighted = (
        torch.autograd.grad(loss_of(model, batch, tokenizer, gate=weight), gates)[0] for weight in (0.0, 0.5)
    )
    assert (weighted - plain).abs().max() > 0


def test_the_balls_labels_are_counted_and_their_loss_is_a_mean(model, batch, tokenizer):
    objective = make_objective(load_recipe("axiom-looped-d-separation"), tokenizer)
    labels = batch["ball_labels"]
    counts = objective.count([batch, batch])
    assert counts.answers == 2 * (batch["labels"] != -100).sum()
    assert counts.auxiliary == 2 * (labels != -100).sum() > counts.answers
    torch.manual_seed(1)
    logits = model(**{key: value for key, value in batch.items() if not key.endswith("labels")}).ball_logits
    mean = nn.functional.binary_cross_entropy_with_logits(logits[labels != -100], labels[labels != -100].float())
    plain, weighted = (loss_of(model, batch, tokenizer, sentence=weight) for weight in (0.0, 0.5))
    torch.testing.assert_close(weighted - plain, 0.5 * mean, rtol=1e-4, atol=1e-6)


def test_prompt_tokens_are_targets_in_training_alone(corpus_dir):
    objective = make_objective(load_recipe("axiom-cpu"), make_tokenizer("axiom", ["transitivity"]))
    rows = generate_shard("axiomatic", get_config("axiomatic", "transitivity_ts2", rows=240), "train", 0)[:40]
    batches = [objective.make_data(rows, training).collate(np.arange(3), 0) for training in (True, False)]
    training, validation = (objective.count([batch]) for batch in batches)
    assert training.answers == validation.answers > 0
    assert training.auxiliary > 0 and validation.auxiliary == 0


def test_a_task_without_sentences_is_refused(rows, tokenizer):
    objective = make_objective(load_recipe("axiom-looped"), tokenizer)
    with pytest.raises(ValueError, match="transitivity, .*, adjustment, got 'co_occurrence'"):
        objective.make_data(rows, training=True, task="co_occurrence")


def test_a_limit_takes_the_first_rows(monkeypatch):
    splits = {"train": pa.table({"row": range(100)}), "validation": pa.table({"row": range(100, 150)})}
    read = []

    class Objective:
        def family(self, rows):
            return {"rows": rows.num_rows}

        def make_data(self, rows, training, task):
            read.append((training, rows["row"].to_pylist()))

    monkeypatch.setattr(data_sources, "load_corpus", lambda corpus, config, split, folder: splits[split])
    data = TrainingData(load_recipe("axiom-cpu", {"train_rows": 7, "eval_rows": 3}), Objective())
    assert read == [(False, [100, 101, 102]), (True, list(range(7)))]
    assert data.family == {"rows": 7}
