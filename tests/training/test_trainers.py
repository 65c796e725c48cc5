"""`transformers.Trainer` takes both architectures as it takes any other."""

import datasets
import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    DataCollatorForLanguageModeling,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    pipeline,
)

import hf_causal.models.axiom_looped.block_axiom_looped as block
from hf_causal.models import AxiomTokenizer, make_model

TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
QUESTION = "A causes B. B causes C. Does A cause C?"

both = pytest.mark.parametrize("architecture", ["axiom", "axiom_looped"])


@pytest.fixture(scope="module")
def tokenizer():
    return AxiomTokenizer()


@pytest.fixture(scope="module")
def rows(corpus_dir, tokenizer):
    """For each architecture, rows as its users would make them: texts with their answers, or prompts with labels."""
    rows = datasets.load_dataset(str(corpus_dir), "transitivity_ts2", split="train[:240]")
    columns = ["input_ids", "attention_mask"]

    def text(row):
        return tokenizer(f"{row['prompt']} {row['completion']}")

    return {
        "axiom": rows.map(text).select_columns(columns),
        "axiom_looped": rows.map(lambda row: tokenizer(row["prompt"])).select_columns([*columns, "label"]),
    }


def build(architecture, tokenizer, **changes):
    torch.manual_seed(0)
    return make_model(architecture, {**(TINY if architecture == "axiom" else {}), **changes}, tokenizer)


def make_trainer(model, tokenizer, rows, folder, **options):
    defaults = {
        "per_device_train_batch_size": 16,
        "per_device_eval_batch_size": 16,
        "max_steps": 10,
        "logging_steps": 1,
    }
    defaults |= {"learning_rate": 1e-2, "save_strategy": "no", "report_to": "none", "use_cpu": True, "seed": 0}
    # With padding on the left the shifted labels would also ask for the first token, of all rows but the longest.
    tokenizer = AxiomTokenizer(padding_side="right")
    collator = DataCollatorWithPadding(tokenizer)
    if model.config.model_type == "axiom":
        collator = DataCollatorForLanguageModeling(tokenizer, mlm=False)
    more = {name: options.pop(name) for name in ("compute_metrics",) if name in options}
    arguments = TrainingArguments(output_dir=str(folder), **{**defaults, **options})
    rows = rows[model.config.model_type]
    parts = {"train_dataset": rows.select(range(200)), "eval_dataset": rows.select(range(200, 240))}
    return Trainer(model, arguments, collator, processing_class=tokenizer, **parts, **more)


def losses(trainer):
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


@both
def test_ten_steps(architecture, tokenizer, rows, tmp_path):
    trainer = make_trainer(build(architecture, tokenizer), tokenizer, rows, tmp_path / "run")
    before = trainer.evaluate()["eval_loss"]
    trainer.train()
    assert len(losses(trainer)) == 10
    assert sum(losses(trainer)[-3:]) < sum(losses(trainer)[:3])
    assert trainer.evaluate()["eval_loss"] < before
    trainer.save_model(str(tmp_path / "saved"))
    head = AutoModelForCausalLM if architecture == "axiom" else AutoModelForSequenceClassification
    loaded = head.from_pretrained(tmp_path / "saved").eval()
    inputs = tokenizer(QUESTION, return_tensors="pt")
    with torch.no_grad():
        expected = trainer.model.eval()(**inputs).logits
        torch.testing.assert_close(loaded(**inputs).logits, expected, rtol=0, atol=0)
    if architecture == "axiom":
        written = pipeline("text-generation", str(tmp_path / "saved"))(QUESTION, max_new_tokens=1, do_sample=False)
        word = tokenizer.decode(expected[0, -1].argmax())
        assert written[0]["generated_text"].removeprefix(QUESTION).strip() == word.strip()
    else:
        answer = pipeline("text-classification", str(tmp_path / "saved"))(QUESTION)
        assert answer[0]["label"] == ("No", "Yes")[int(expected.argmax())]


def test_metrics_of_the_reasoner_get_the_logits_alone(tokenizer, rows, tmp_path):
    """Its other outputs have the shape of their batch, so that those of two batches cannot be put together."""
    seen = []

    def accuracy(prediction):
        seen.append(prediction)
        return {"accuracy": float((prediction.predictions.argmax(-1) == prediction.label_ids).mean())}

    model = build("axiom_looped", tokenizer)
    trainer = make_trainer(model, tokenizer, rows, tmp_path, compute_metrics=accuracy, per_device_eval_batch_size=7)
    found = trainer.evaluate()["eval_accuracy"]
    assert seen[0].predictions.shape == (40, 2)
    held_out = rows["axiom_looped"].select(range(200, 240))
    with torch.no_grad():
        logits = [model.eval()(input_ids=torch.tensor([row["input_ids"]])).logits[0] for row in held_out]
    right = [int(row.argmax()) == label for row, label in zip(logits, held_out["label"], strict=True)]
    assert found == pytest.approx(sum(right) / 40)


@both
def test_a_resumed_run_ends_where_an_uninterrupted_one_does(architecture, tokenizer, rows, tmp_path):
    options = {"save_strategy": "steps", "save_steps": 4, "max_steps": 6}
    whole = make_trainer(build(architecture, tokenizer), tokenizer, rows, tmp_path, **options)
    whole.train()
    resumed = make_trainer(build(architecture, tokenizer), tokenizer, rows, tmp_path, **options)
    resumed.train(resume_from_checkpoint=str(tmp_path / "checkpoint-4"))
    assert resumed.state.global_step == 6
    for (name, expected), got in zip(whole.model.named_parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(expected, got), name


@both
def test_four_small_batches_step_as_one_large_one(architecture, tokenizer, rows, tmp_path):
    """The loss is over the labels of all batches that are added up, not an average of averages."""
    weights = []
    for size, batches in ((16, 1), (4, 4)):
        # Without what is drawn at random for each batch.
        quiet = {} if architecture == "axiom" else {"flag_noise": 0.0, "training_loops": [8, 8]}
        model = build(architecture, tokenizer, **quiet)
        options = {"per_device_train_batch_size": size, "gradient_accumulation_steps": batches, "max_steps": 2}
        trainer = make_trainer(model, tokenizer, rows, tmp_path, optim="sgd", max_grad_norm=0.0, **options)
        trainer.train()
        weights.append(torch.cat([parameter.detach().flatten() for parameter in model.parameters()]))
    fresh = torch.cat([parameter.flatten() for parameter in build(architecture, tokenizer, **quiet).parameters()])
    moved = (weights[0] - fresh).abs().max()
    assert moved > 0
    assert (weights[0] - weights[1]).abs().max() < 1e-3 * moved


@both
def test_gradient_checkpointing_changes_no_gradient(architecture, tokenizer, rows, tmp_path, monkeypatch):
    computed = []
    spread = block.Matches.aggregate
    monkeypatch.setattr(block.Matches, "aggregate", lambda *args: computed.append(1) or spread(*args))
    gradients, counts = [], []
    for checkpointing in (False, True):
        model = build(architecture, tokenizer)
        trainer = make_trainer(
            model, tokenizer, rows, tmp_path, gradient_checkpointing=checkpointing, max_steps=1, learning_rate=0.0
        )
        trainer.train()
        computed.clear()
        batch = next(iter(trainer.get_train_dataloader()))
        model.zero_grad()
        torch.manual_seed(1)
        model.train()(**batch).loss.backward()
        counts.append(len(computed))
        gradients.append([parameter.grad.clone() for parameter in model.parameters()])
    for plain, checkpointed in zip(*gradients, strict=True):
        torch.testing.assert_close(checkpointed, plain)
    if architecture == "axiom_looped":
        assert counts[1] == 2 * counts[0] > 0  # each loop once more on the way back
