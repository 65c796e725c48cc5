"""Encoders: labels of natural language inference, class weights, and fine-tuning to a gain."""

import json
import math

import pytest
import torch
from tiny_finetuning import QUICK, pair_tokenizer, save_classifier, save_language_model
from transformers import AutoModelForSequenceClassification, AutoTokenizer, RobertaConfig
from transformers import RobertaForSequenceClassification as Roberta

from hf_causal.cli import main
from hf_causal.corpora.load import load_corpus
from hf_causal.evaluation.evaluate import evaluate_model
from hf_causal.evaluation.loading import load_pretrained
from hf_causal.evaluation.predictors import answer_classes, load_predictor
from hf_causal.posttraining.models import classifies, load_for_training
from hf_causal.posttraining.recipe import load_finetune_recipe
from hf_causal.posttraining.run import finetune
from hf_causal.posttraining.trainers import WeightedLoss

pytest.importorskip("trl", reason="TRL is not installed: pip install 'hf-causal[finetune]'")
pytest.importorskip("peft", reason="PEFT is not installed: pip install 'hf-causal[finetune]'")

MNLI = ("contradiction", "neutral", "entailment")
PROMPTS = [
    "A causes B. Are A and B d-separated?",
    "A causes B. B causes C. C causes D. Are A and D d-separated given {B, C}?",
    "x causes y. y causes z. Are x and z d-separated given {y}?",
]
PAIRS = [
    ("A causes B.", "Are A and B d-separated?"),
    ("A causes B. B causes C. C causes D.", "Are A and D d-separated given {B, C}?"),
    ("x causes y. y causes z.", "Are x and z d-separated given {y}?"),
]


def save_roberta(folder):
    """Its positions begin behind the padding token, and it has no types of texts."""
    tokenizer = pair_tokenizer()
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    labels = {"id2label": dict(enumerate(MNLI)), "label2id": {label: index for index, label in enumerate(MNLI)}}
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        pad_token_id=0,
        max_position_embeddings=130,
        initializer_range=0.5,
        **sizes,
        **labels,
    )
    Roberta(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("save", [save_roberta, lambda folder: save_classifier(folder, MNLI, scale=0.5)])
def test_entailment_is_yes_and_everything_else_no(save, tmp_path, monkeypatch):
    monkeypatch.setattr("hf_causal.evaluation.predictors.has_bf16", lambda kind: False)
    folder = save(tmp_path / "mnli")
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    expected = []
    for premise, question in PAIRS:
        with torch.no_grad():
            contradiction, neutral, entailment = model(**tokenizer(premise, question, return_tensors="pt")).logits[0]
        expected.append(float(torch.sigmoid(entailment - max(contradiction, neutral))))
    predictor = load_predictor(folder, "cpu")
    assert predictor.probabilities(PROMPTS) == pytest.approx(expected, abs=1e-5)  # all in one batch
    assert len({round(value, 3) for value in expected}) == 3


def test_labels_are_read_in_any_order_and_case():
    class Config:
        label2id = {"ENTAILMENT": 0, "Neutral": 1, "contradiction": 2}

    assert answer_classes(Config) == (0, [1, 2])
    Config.label2id = {"not_entailment": 1, "entailment": 0}
    assert answer_classes(Config) == (0, [1])
    Config.label2id = {"Yes": 0, "no": 1}
    assert answer_classes(Config) == (0, [1])
    Config.label2id = {"LABEL_0": 0, "LABEL_1": 1}
    with pytest.raises(ValueError, match="the classifier must have a label 'Yes', its labels are LABEL_0, LABEL_1"):
        answer_classes(Config)


def test_the_head_begins_from_what_its_classes_meant(tmp_path):
    folder = save_classifier(tmp_path / "mnli", MNLI)
    before = AutoModelForSequenceClassification.from_pretrained(folder)
    model, tokenizer = load_for_training(load_finetune_recipe(None, {"model": str(folder)}), True, False)
    weight = before.classifier.weight
    assert torch.allclose(model.classifier.weight, torch.stack([(weight[0] + weight[1]) / 2, weight[2]]))
    assert model.config.id2label == {0: "No", 1: "Yes"} and tokenizer.model_max_length == 256
    rest = {name for name, tensor in model.state_dict().items() if not name.startswith("classifier")}
    assert all(torch.equal(before.state_dict()[name], model.state_dict()[name]) for name in rest)
    recipe = load_finetune_recipe(None, {"model": str(save_roberta(tmp_path / "roberta"))})
    # 130 positions, of which the first is that of padding.
    assert load_for_training(recipe, True, False)[1].model_max_length == 129


def test_class_weights_by_hand():
    logits = torch.tensor([[2.0, 0.0], [0.0, 1.0], [-1.0, 1.0]])
    labels = torch.tensor([0, 0, 1])
    losses = [math.log(1 + math.exp(-2)), math.log(1 + math.e), math.log(1 + math.exp(-2))]
    by_hand = (0.5 * losses[0] + 0.5 * losses[1] + 3 * losses[2]) / 3
    loss = WeightedLoss(0.5, 3)
    assert loss({"logits": logits}, labels).item() == pytest.approx(by_hand)
    # Of two batches of one step, each loss is divided by the rows of both: their sum is that of one large batch.
    parts = [loss({"logits": logits[part]}, labels[part], torch.tensor(3)) for part in (slice(0, 2), slice(2, 3))]
    assert sum(parts).item() == pytest.approx(by_hand)
    assert load_finetune_recipe(None, {}).weights_of_classes(no=2, yes=1) == (0.75, 1.5)
    assert load_finetune_recipe(None, {"class_weights": "0.5,3"}).weights_of_classes(9, 1) == (0.5, 3.0)
    assert load_finetune_recipe(None, {"class_weights": "none"}).weights_of_classes(9, 1) == (1.0, 1.0)


@pytest.mark.parametrize("lora", [False, True])
def test_an_encoder_learns(lora, separation_dir, tmp_path, capsys):
    base = save_classifier(tmp_path / "base", MNLI if lora else ("LABEL_0", "LABEL_1"), scale=0.15)
    # An encoder of random weights has little that adapters could turn; they are checked, not their gain.
    fields = {"max_steps": 5} if lora else {"max_steps": 100, "learning_rate": 2e-3, "warmup_steps": 10}
    recipe = load_finetune_recipe(None, {**QUICK, "model": str(base), "lora": lora, **fields})
    (record,) = finetune(recipe, tmp_path / "out", [separation_dir], merge=lora).records
    if lora:
        assert record.before.overall.n == record.after.overall.n  # by the labels of inference
        folders = (tmp_path / "out", tmp_path / "out" / "merged")
        own, merged = (load_predictor(folder, "cpu").probabilities(PROMPTS) for folder in folders)
        assert own == pytest.approx(merged, abs=0.02)
        assert main(["evaluate", "--lm", str(tmp_path / "out"), "--data-dir", str(separation_dir)]) == 2
        assert "must be a causal language model" in capsys.readouterr().err
    else:
        # On a larger build of the same questions four seeds ended between .59 and .63.
        assert record.before is None and record.after.overall.accuracy > 0.56
        again = evaluate_model(tmp_path / "out", "axiomatic", "d_separation_generalization", separation_dir)
        assert again.splits == record.after.splits
    summary = json.loads((tmp_path / "out" / "training_summary.json").read_text())
    assert summary["task"] == "classification" and set(summary["validation"]) >= {"f1", "accuracy"}
    assert summary["class_weights"] == pytest.approx([800 / summary["answers"][0], 800 / summary["answers"][1]])
    card = (tmp_path / "out" / "README.md").read_text()
    assert "pipeline_tag: text-classification" in card and "class weights" in card
    if not lora:
        assert "no head for it" in card
        model, _ = load_pretrained(tmp_path / "out", "cpu")
        assert model.config.label2id == {"No": 0, "Yes": 1}


def test_premises_that_are_too_long_lose_their_end_and_never_the_question(separation_dir, tmp_path):
    folder = save_classifier(tmp_path / "mnli", MNLI)
    predictor = load_predictor(folder, "cpu")
    row = load_corpus("axiomatic", "d_separation", "train", separation_dir)[:1].to_pylist()[0]
    predictor.tokenizer.model_max_length = 60
    (ids,) = predictor.encode([row["prompt"]])["input_ids"]
    shown = predictor.tokenizer.decode(ids)
    assert len(ids) == 60 and shown.endswith(f"[SEP]{row['question']}[SEP]")
    assert row["premise"].startswith(shown.removeprefix("[CLS]").split("[SEP]")[0])


@pytest.mark.parametrize(
    ("architecture", "task", "found"),
    [
        ("GPT2LMHeadModel", "auto", False),
        ("LlamaForCausalLM", "auto", False),
        ("BertForSequenceClassification", "auto", True),
        ("RobertaForMaskedLM", "auto", True),
        ("BertModel", "auto", True),
        ("LlamaForCausalLM", "classification", True),
        ("T5ForConditionalGeneration", "auto", "give `task`"),
        ("RobertaForMaskedLM", "causal-lm", "needs a causal language model"),
    ],
)
def test_the_task_follows_from_the_architecture(architecture, task, found):
    class Config:
        architectures = [architecture]

    recipe = load_finetune_recipe(None, {"model": "org/name", "task": task})
    if isinstance(found, bool):
        assert classifies(recipe, Config) is found
    else:
        with pytest.raises(ValueError, match=found):
            classifies(recipe, Config)


def test_a_language_model_is_no_classifier_that_answers(tmp_path):
    base = save_language_model(tmp_path / "base")
    recipe = load_finetune_recipe(None, {"model": str(base), "task": "classification", "packing": True})
    with pytest.raises(ValueError, match="`packing` is for causal language models"):
        finetune(recipe, tmp_path / "out")
