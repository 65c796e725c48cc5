"""The ordinary decoder on sequences with a latent graph: the same rows and loss as the system's model, by recipe."""

import numpy as np
import pytest
import torch

from hf_causal.corpora import generate_shard, get_config
from hf_causal.models import make_model, make_tokenizer
from hf_causal.systems.sequences.objective import NextStateToken, state_token_ids
from hf_causal.training.loop import train
from hf_causal.training.objectives import make_objective
from hf_causal.training.recipe import load_recipe

SMALL = {
    "max_steps": 2,
    "per_device_train_batch_size": 4,
    "eval_rows": 20,
    "eval_steps": 1,
    "save_steps": 1,
    "logging_steps": 1,
    "model.hidden_size": 16,
    "model.num_hidden_layers": 1,
    "model.num_attention_heads": 2,
}


@pytest.fixture(scope="module")
def rows():
    return generate_shard("causal_sequences", get_config("causal_sequences", "induction"), "validation", 0)[:8]


def test_the_loss_is_the_cross_entropy_with_the_row_that_the_next_state_was_drawn_from(rows):
    recipe, tokenizer = load_recipe("latent-decoder", SMALL), make_tokenizer("axiom")
    objective = make_objective(recipe, tokenizer)
    assert isinstance(objective, NextStateToken)
    batch = objective.make_data(rows, training=True).collate(np.arange(8), tokenizer.pad_token_id)
    states = rows["tokens"].to_pylist()
    assert tokenizer.convert_ids_to_tokens(batch["input_ids"][0].tolist()) == [str(state) for state in states[0]]
    torch.manual_seed(0)
    model = make_model("axiom", recipe.model, tokenizer)
    result = objective.loss_and_hits(model, batch, objective.count([batch]))
    logs = model(input_ids=batch["input_ids"]).logits[:, -1].log_softmax(-1)
    ids = [tokenizer.convert_tokens_to_ids(str(state)) for state in range(3)]
    expected = -(logs[:, ids] * torch.tensor(rows["target_probabilities"].to_pylist())).sum(1).mean()
    torch.testing.assert_close(result.loss, expected, rtol=1e-4, atol=1e-5)


def test_a_decoder_trains_on_sequences_by_recipe(tmp_path):
    result = train(load_recipe("latent-decoder", SMALL), tmp_path / "decoder")
    assert result.measure == "loss" and 0 < result.best_value < 10
    card = (tmp_path / "decoder" / "README.md").read_text()
    assert "structure: induction" in card and "does A cause" not in card.lower()


def test_more_states_than_characters_are_refused():
    with pytest.raises(ValueError, match="characters for 62 states, and the sequences have 70"):
        state_token_ids(make_tokenizer("axiom"), 70)
