"""Sequences through recipe, trainer, scores and report, and gradient descent that finds a small graph."""

import json

import numpy as np
import pyarrow as pa
import pytest
import torch

from hf_causal.corpora import generate_shard, get_config
from hf_causal.corpora.build import build
from hf_causal.evaluation.console import print_scores
from hf_causal.evaluation.report_files import write_model_report
from hf_causal.models import make_model
from hf_causal.systems.sequences.corpus import matrix_of
from hf_causal.systems.sequences.evaluate import evaluate, induction_shares
from hf_causal.systems.sequences.latent_graphs import make_graph
from hf_causal.systems.sequences.objective import NextState
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe

pytestmark = pytest.mark.usefixtures("drawn_pictures")

OVERRIDES = {
    "fresh_rows": False,
    "max_steps": 600,
    "eval_steps": 100,
    "per_device_train_batch_size": 128,
    "optimizer": "sgd",
    "learning_rate": 4.0,
    "model.mlp_size": None,
    "model.vocab_size": 3,
    "model.max_position_embeddings": 8,
}

SMALL = {"length": 8, "states": 3, "rows": 6000, "validation_rows": 1000, "rows_per_cell": 800}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sequences") / "causal_sequences"
    build("causal_sequences", folder, ["chain"], **SMALL)
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("latent") / "model"
    train(load_recipe("latent-chain", OVERRIDES), folder, data)
    return folder


def test_gradient_descent_finds_the_graph(trained, data):
    scores = evaluate(trained, data_dir=data)
    found = scores["recovery"]["attention"]
    assert (found["f1"], found["hamming_distance"], found["top_parents"]) == (1, 0, 1)
    assert found["mean_weight"] > 0.6 > 2 * found["uniform_weight"]
    assert scores["induction"]["matching"] > 1.5 * scores["induction"]["uniform"]
    for split, own in scores["losses"].items():
        assert own["true_loss"] < own["bayes_loss"] <= own["training_prior_loss"], split
    # Who knows the graph is better, if by little.
    test = scores["losses"]["test"]
    assert test["bayes_loss"] < test["loss"] < test["bayes_loss"] + 0.08 < np.log(3)


def test_the_loss_is_that_of_the_rows(trained, data):
    from transformers import AutoModel

    rows = generate_shard("causal_sequences", get_config("causal_sequences", "chain", **SMALL), "test", 0)
    model = AutoModel.from_pretrained(trained)
    with torch.no_grad():
        logits = model(torch.tensor(matrix_of(rows["tokens"])).long()).logits.double().numpy()
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    losses = [-sum(p * np.log(q) for p, q in zip(*row, strict=True))
              for row in zip(matrix_of(rows["target_probabilities"]), shares, strict=True)]  # fmt: skip
    assert evaluate(trained, data_dir=data)["losses"]["test"]["loss"] == pytest.approx(np.mean(losses), abs=1e-4)


def test_objective_and_gradient_are_those_of_one_large_batch():
    config = get_config("causal_sequences", "chain", **{**SMALL, "rows": 40})
    rows = generate_shard("causal_sequences", config, "train", 0)
    objective = NextState(load_recipe("latent-chain", OVERRIDES), None)
    packs = objective.make_data(rows, training=True)
    model = make_model("disentangled", {"vocab_size": 3, "max_position_embeddings": 8}, None)
    parts = [packs.collate(np.arange(10), 0), packs.collate(np.arange(10, 40), 0)]
    totals = objective.count(parts)
    losses = [objective.loss_and_hits(model, part, totals) for part in parts]
    everything = packs.collate(np.arange(40), 0)
    whole = objective.loss_and_hits(model, everything, objective.count([everything]))
    assert sum(loss for loss, _, _ in losses).item() == pytest.approx(whole[0].item()) == pytest.approx(np.log(3))
    hits = sum(int(right) for _, _, right in losses)
    assert hits == int((matrix_of(rows["target_probabilities"]).argmax(1) == 0).sum())  # of equals, the first


def test_the_report_has_tables_and_pictures(trained, data, capsys):
    scores = evaluate(trained, data_dir=data, limit=300)
    write_model_report(trained, scores)
    report, card = (trained / "report.md").read_text(), (trained / "README.md").read_text()
    assert "| flat transitions | 2.0 | 300 |" in report and "mean attention on `test`, 6 edges" in report
    assert (trained / "plots" / "attention.png").stat().st_size > 5000 and (trained / "plots" / "loss.png").is_file()
    assert "bayes loss" in card and "position_attention" in card and "flat transitions" in card
    print_scores(json.loads((trained / "generalization.json").read_text()))
    assert "F1" in capsys.readouterr().out


def test_what_an_induction_head_looks_at():
    graph, tokens = make_graph("chain", 5), np.array([[0, 1, 0, 2, 0], [1, 1, 1, 1, 0], [2, 0, 2, 1, 2]])
    # Positions 1 and 3 follow a 0 in the first row; nothing follows one in the second; positions 1 and 3 in the third.
    attention = np.array([[0.1, 0.5, 0.1, 0.2, 0.1], [1, 0, 0, 0, 0], [0.0, 0.3, 0.4, 0.3, 0.0]])
    assert induction_shares(graph, tokens, attention) == {"matching": 0.65, "uniform": 0.4, "sequences": 2}


def test_mistakes_are_named(trained, data, tmp_path):
    rows = generate_shard("causal_sequences", get_config("causal_sequences", "random", rows=20), "train", 0)
    with pytest.raises(ValueError, match="'model.vocab_size' must be 10 for these sequences, got 3"):
        NextState(load_recipe("latent-chain", OVERRIDES), None).make_data(rows, training=True)
    with pytest.raises(ValueError, match="`rows` is empty"):
        NextState(load_recipe("latent-chain"), None).make_data(pa.table(rows[:0]), training=True)
    with pytest.raises(ValueError, match="`corpus` must be 'causal_sequences'"):
        evaluate(trained, "axiomatic")
    with pytest.raises(ValueError, match="`config` must be one of chain, .* got 'star'"):
        evaluate(trained, config="star")
    build("causal_sequences", tmp_path, ["chain"], length=9, states=4, rows=20, validation_rows=20, rows_per_cell=20)
    with pytest.raises(ValueError, match="the rows have 4 states and length 9; the model is made for 3 states"):
        evaluate(trained, data_dir=tmp_path)
