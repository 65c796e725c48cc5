from pathlib import Path

import pytest
from tiny_finetuning import save_classifier
from tiny_language_model import log_likelihoods, save_tiny_language_model

from hf_causal.evaluation import predictors as predict
from hf_causal.evaluation.predictors import ClassifierPredictor, NextTokenPredictor, PairClassifierPredictor

MODEL_CARDS = Path(__file__).resolve().parents[2] / "model_cards"


def test_padding_does_not_move_the_positions_of_a_stock_model(tmp_path, monkeypatch):
    """GPT-2 counts positions from the first column of a batch, padding and all, unless it is told otherwise."""
    monkeypatch.setattr(predict, "has_bf16", lambda device: False)
    model = save_tiny_language_model(tmp_path)
    prompts = ["Does A cause B?", "A causes B. B causes C. C causes D. Does A cause D?", "A causes B. Does A cause B?"]
    found = predict.load_predictor(model, "cpu").probabilities(prompts)
    alone = [1 / (1 + 2.718281828459045 ** (no - yes)) for no, yes in log_likelihoods(model, prompts)]
    assert found == pytest.approx(alone, abs=1e-4)


def test_each_architecture_has_its_predictor(tmp_path):
    folders = {
        save_tiny_language_model(tmp_path / "decoder"): NextTokenPredictor,
        save_classifier(tmp_path / "classifier", ("No", "Yes")): ClassifierPredictor,
        save_classifier(tmp_path / "mnli", ("contradiction", "neutral", "entailment")): PairClassifierPredictor,
        MODEL_CARDS / "axiom-cpu": NextTokenPredictor,
        MODEL_CARDS / "axiom-looped": ClassifierPredictor,
    }
    for folder, kind in folders.items():
        predictor = predict.load_predictor(folder, "cpu")
        assert type(predictor) is kind
        assert predictor.is_classifier == (kind is not NextTokenPredictor)
        assert predictor.can_loop == (folder.name == "axiom-looped")


def test_a_classifier_with_other_labels_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must have a label 'Yes'"):
        predict.load_predictor(save_classifier(tmp_path, ("cat", "dog")), "cpu")


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_is_that_of_the_tokenizer(tmp_path, side):
    predictor = predict.load_predictor(save_classifier(tmp_path, ("No", "Yes")), "cpu")
    predictor.tokenizer.padding_side = side
    encoded = predictor.encode(["Does A cause B?", "A causes B. B causes C. Does A cause C?", "A causes B."])
    encoded |= {"token_type_ids": [[1] * len(ids) for ids in encoded["input_ids"]]}
    batch = predictor.collate(encoded, [2, 0, 1])
    fields = {name: [values[row] for row in (2, 0, 1)] for name, values in encoded.items()}
    expected = predictor.tokenizer.pad(fields, return_tensors="pt")
    assert set(batch) == set(expected)
    assert all(batch[name].equal(expected[name]) for name in batch)
