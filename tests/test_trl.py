"""TRL's `SFTTrainer` takes the corpora as they are."""

import datasets
import pytest
from tiny_language_model import save_tiny_language_model

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
