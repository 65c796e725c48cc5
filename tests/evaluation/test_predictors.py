import pytest
from tiny_language_model import log_likelihoods, save_tiny_language_model

from hf_causal.evaluation import predictors as predict


def test_padding_does_not_move_the_positions_of_a_stock_model(tmp_path, monkeypatch):
    """GPT-2 counts positions from the first column of a batch, padding and all, unless it is told otherwise."""
    monkeypatch.setattr(predict, "has_bf16", lambda device: False)
    model = save_tiny_language_model(tmp_path)
    prompts = ["Does A cause B?", "A causes B. B causes C. C causes D. Does A cause D?", "A causes B. Does A cause B?"]
    found = predict.load_predictor(model, "cpu").probabilities(prompts)
    alone = [1 / (1 + 2.718281828459045 ** (no - yes)) for no, yes in log_likelihoods(model, prompts)]
    assert found == pytest.approx(alone, abs=1e-4)
