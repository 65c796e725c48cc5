"""Questions that share their premise in a row are taught as where each is a row alone."""

import json

import pytest
import torch
from tiny_finetuning import quick, save_language_model, word_tokenizer
from transformers import AutoModelForCausalLM

from hf_causal.corpora import generate_shard, get_config
from hf_causal.evaluation.language_models.prompts import PromptFormat, PromptRenderer
from hf_causal.posttraining.data import language_rows
from hf_causal.posttraining.run import finetune
from hf_causal.posttraining.sharing import SharedCollator, share_premises
from hf_causal.posttraining.trainers import common_arguments, shared_trainer

pytest.importorskip("trl", reason="TRL is not installed: pip install 'hf-causal[finetune]'")


@pytest.fixture(scope="module")
def separate():
    config = get_config("axiomatic", "transitivity_ts2", rows=400, validation_rows=400, nodes=(3, 5))
    rows = generate_shard("axiomatic", config, "train", 0)[:60]
    return language_rows(rows, PromptRenderer(word_tokenizer(), PromptFormat(True)), 200)


def sequences(row):
    """The token sequences and labels in a shared row, found from what each last token sees."""
    size = len(row["input_ids"])
    sees = [[j for j in range(i + 1) if i < row["subtree_ends"][j]] for i in range(size)]
    leaves = [i for i in range(size) if all(i not in sees[k] for k in range(i + 1, size))]
    return [
        (tuple(row["input_ids"][j] for j in sees[leaf]), tuple(row["labels"][j] for j in sees[leaf]))
        for leaf in leaves
    ]


@pytest.mark.parametrize("batch_size", [1, 4, 40])
def test_every_question_is_in_one_row_with_its_labels(separate, batch_size):
    shared = share_premises(separate, batch_size, seed=0)
    expected = [(tuple(row["input_ids"]), tuple(row["labels"])) for row in separate.dataset]
    assert sorted(pair for row in shared.rows.dataset for pair in sequences(row)) == sorted(expected)
    lengths = [len(row["input_ids"]) for row in shared.rows.dataset]
    rows = [len(ids) for ids, _ in expected]
    assert shared.tokens == sum(lengths) < sum(rows) / (1 if batch_size == 1 else 2)
    # A batch has at most the tokens of a batch of separate rows, or of the longest one.
    assert max(lengths) * shared.batch_size <= max(batch_size * sum(rows) / len(rows), max(rows))
    assert all(row["position_ids"][0] == 0 and max(row["position_ids"]) < max(rows) for row in shared.rows.dataset)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_loss_and_gradients_are_those_of_separate_rows(separate, kind, tmp_path):
    folder = save_language_model(tmp_path / "base", kind, scale=0.3)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), word_tokenizer()
    recipe = quick(folder, batch_size=30)
    arguments = common_arguments(recipe, tmp_path / "out", "none", False)
    trainer = shared_trainer(model, tokenizer, recipe, separate, separate, arguments)
    model.eval()
    tokens = sum(label >= 0 for row in separate.dataset for label in row["labels"])
    for row in separate.dataset:
        ids, labels = torch.tensor([row["input_ids"]]), torch.tensor([row["labels"]])
        (model(ids, labels=labels, num_items_in_batch=tokens).loss).backward()
    expected = {name: weight.grad.clone() for name, weight in model.named_parameters()}
    model.zero_grad()
    loss = 0.0
    for batch in trainer.get_train_dataloader():
        part = trainer.compute_loss(model, batch, num_items_in_batch=tokens)
        part.backward()
        loss += part.item()
    with torch.no_grad():
        alone = sum(
            model(torch.tensor([row["input_ids"]]), labels=torch.tensor([row["labels"]])).loss.item()
            for row in separate.dataset
        ) / len(separate.dataset)
    assert loss == pytest.approx(alone, rel=1e-4)
    for name, weight in model.named_parameters():
        assert torch.allclose(weight.grad, expected[name], rtol=1e-3, atol=1e-6), name


def test_padding_is_not_taught_and_sees_itself(separate):
    shared = share_premises(separate, 4, seed=0).rows.dataset
    rows = sorted(shared, key=lambda row: len(row["input_ids"]))
    batch = SharedCollator(7)([rows[0], rows[-1]])
    size = len(rows[0]["input_ids"])
    assert batch["input_ids"][0, size:].eq(7).all() and batch["labels"][0, size:].eq(-100).all()
    assert batch["subtree_ends"][0, size:].eq(0).all() and batch["input_ids"].shape[1] == len(rows[-1]["input_ids"])


def test_a_run_says_how_its_rows_are_made_and_falls_back(separation_dir, tmp_path):
    base = save_language_model(tmp_path / "base")
    recipe = quick(base, max_steps=2, evaluations=("none",), train_rows=200, lora=True)
    said = []
    result = finetune(recipe, tmp_path / "shared", [separation_dir], say=said.append)
    assert any("200 questions in" in text for text in said)
    assert result.summary["rows_per_step"] > 16 and result.summary["validation_rows"] == 40
    said.clear()
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps({**config, "sliding_window": 8}))
    result = finetune(recipe, tmp_path / "separate", [separation_dir], say=said.append)
    assert any("Each question has a copy of its premise: the sliding window of 8 tokens" in text for text in said)
    assert result.summary["rows_per_step"] == 16
