"""TRL's `SFTTrainer` takes the corpora as they are."""

import datasets
import pytest
import torch
from decoders import build
from tiny_language_model import save_tiny_language_model

from hf_causal.models import AxiomTokenizer

trl = pytest.importorskip("trl", reason="TRL is not installed: pip install 'hf-causal[finetune]'")


def spaced(row):
    return {"completion": f" {row['completion']}"}


@pytest.mark.parametrize("prepare", [None, spaced])
def test_ten_steps_on_a_tiny_model(corpus_dir, tmp_path, prepare):
    rows = datasets.load_dataset(str(corpus_dir), "transitivity_ts2", split="train[:200]")
    if prepare:
        rows = rows.map(prepare)
    options = {"per_device_train_batch_size": 4, "learning_rate": 1e-2, "logging_steps": 1, "save_strategy": "no"}
    options |= {"report_to": "none", "use_cpu": True, "bf16": False, "seed": 0}
    arguments = trl.SFTConfig(output_dir=str(tmp_path / "out"), max_steps=10, **options)
    model = str(save_tiny_language_model(tmp_path / "model", initializer_range=0.02))
    trainer = trl.SFTTrainer(model=model, args=arguments, train_dataset=rows)
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert len(losses) == 10
    assert sum(losses[-3:]) < sum(losses[:3])
    # The loss is over the answer and the end of text alone.
    batch = next(iter(trainer.get_train_dataloader()))
    taught = trainer.processing_class.decode(batch["labels"][0][batch["labels"][0] >= 0])
    assert taught in [f"{' ' if prepare else ''}{answer}<eos>" for answer in ("Yes", "No")]


@pytest.fixture(scope="module")
def decoder_options(tmp_path_factory):
    options = {"report_to": "none", "use_cpu": True, "bf16": False, "seed": 0, "save_strategy": "no"}
    return {"output_dir": str(tmp_path_factory.mktemp("sft")), **options}


def test_ten_steps_of_the_decoder(corpus_dir, decoder_options):
    """Prompts and completions as they are: its tokenizer reads `?Yes` as it reads `? Yes`."""
    rows = datasets.load_dataset(str(corpus_dir), "transitivity_ts2", split="train[:200]")
    options = {"per_device_train_batch_size": 16, "learning_rate": 1e-2, "logging_steps": 1, "max_steps": 10}
    arguments = trl.SFTConfig(**decoder_options, **options, gradient_checkpointing=True)
    model, tokenizer = build(), AxiomTokenizer()
    parts = {"train_dataset": rows.select(range(160)), "eval_dataset": rows.select(range(160, 200))}
    trainer = trl.SFTTrainer(model, arguments, processing_class=tokenizer, **parts)
    before = trainer.evaluate()["eval_loss"]
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert len(losses) == 10
    assert sum(losses[-3:]) < sum(losses[:3])
    assert trainer.evaluate()["eval_loss"] < before
    labels = next(iter(trainer.get_train_dataloader()))["labels"]
    assert {tokenizer.decode(row[row >= 0]) for row in labels} == {"Yes<eos>", "No<eos>"}


@pytest.mark.parametrize("encoding", ["none", "learned", "rope"])
def test_packed_rows_do_not_see_each_other(encoding, decoder_options):
    names = [("x", "yy"), ("q1", "r"), ("m", "no")]
    rows = [{"prompt": f"{a} causes B. B causes {c}. Does {a} cause {c}?", "completion": " Yes"} for a, c in names]
    model = build(encoding, max_position_embeddings=256)
    losses, shapes = [], []
    for packing in (False, True):
        options = {"per_device_train_batch_size": len(rows), "max_length": 128, "packing": packing}
        arguments = trl.SFTConfig(**decoder_options, **options)
        given = {"train_dataset": datasets.Dataset.from_list(rows), "processing_class": AxiomTokenizer()}
        batch = next(iter(trl.SFTTrainer(model, arguments, **given).get_train_dataloader()))
        shapes.append(tuple(batch["input_ids"].shape))
        with torch.no_grad():
            losses.append(float(model.eval()(**batch).loss))
    assert shapes == [(3, 18), (1, 54)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
