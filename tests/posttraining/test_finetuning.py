"""Fine-tuning for real, on models of thirty thousand parameters."""

import json
from dataclasses import replace

import pytest
import torch
from tiny_finetuning import quick, save_language_model

from hf_causal.cli import main
from hf_causal.corpora.load import load_corpus
from hf_causal.evaluation.language_models.evaluate import evaluate_language_model
from hf_causal.evaluation.loading import load_pretrained
from hf_causal.posttraining.run import finetune

pytestmark = pytest.mark.usefixtures("drawn_pictures")

trl = pytest.importorskip("trl", reason="TRL is not installed: pip install 'hf-causal[finetune]'")
peft = pytest.importorskip("peft", reason="PEFT is not installed: pip install 'hf-causal[finetune]'")


def overall(result):
    (record,) = result.records
    return record.before.overall.accuracy, record.after.overall.accuracy


def test_all_weights_learn_what_holds_on_held_out_premises(separation_dir, tmp_path):
    base = save_language_model(tmp_path / "base")
    result = finetune(quick(base, max_steps=100), tmp_path / "out", [separation_dir], answers=tmp_path / "answers")
    before, after = overall(result)
    # 280 questions, a standard error of .03: three seeds ended between .64 and .68.
    assert before == pytest.approx(0.5, abs=0.05) and after > before + 0.08
    assert result.summary["trained_parameters"] == result.summary["parameters"]
    text = (tmp_path / "out" / "report.md").read_text()
    assert f"| {before:.3f} ± " in text and f"| {after:.3f} ± " in text and "| before | " in text
    assert (tmp_path / "out" / "plots" / "axiomatic-d_separation_generalization.png").is_file()


def test_adapters_learn_too_and_leave_the_base_alone(adapted, contrary):
    before, after = overall(adapted)
    # Three seeds went from .39 to between .61 and .65.
    assert before < 0.44 and after > 0.57
    names = {path.name for path in adapted.output_dir.iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "README.md"} <= names
    assert "config.json" not in names and "model.safetensors" not in names
    # Every linear layer but the head: 2 layers of q, k, v, o with 32 + 32 and of gate, up, down with 32 + 64.
    assert adapted.summary["trained_parameters"] == 2 * 8 * (4 * (32 + 32) + 3 * (32 + 64))
    assert adapted.summary["family"]["nodes"] == [5, 5]


def test_an_adapter_comes_back_by_peft_merged_and_in_an_evaluation(adapted, separation_dir, tmp_path, capsys):
    folder = adapted.output_dir
    reloaded = peft.AutoPeftModelForCausalLM.from_pretrained(folder).eval()
    ours, tokenizer = load_pretrained(folder, "cpu")
    merged, _ = load_pretrained(folder / "merged", "cpu")
    ids = tokenizer("A causes B. Are A and B d-separated?", return_tensors="pt")["input_ids"]
    with torch.no_grad():
        expected = reloaded(ids).logits
        with reloaded.disable_adapter():
            assert not torch.allclose(reloaded(ids).logits, expected, atol=1e-2)
        assert torch.equal(ours.eval()(ids).logits, expected)
        assert torch.allclose(merged.eval()(ids).logits, expected, atol=1e-4)
    again = evaluate_language_model(
        folder, "axiomatic", "d_separation_generalization", separation_dir, answers=tmp_path / "answers"
    )
    assert again.splits == adapted.records[0].after.splits
    command = ["evaluate", "--lm", str(folder), "--config", "d_separation_generalization", "--limit", "2"]
    assert main([*command, "--data-dir", str(separation_dir), "--answers", str(tmp_path)]) == 0
    assert "branching" in capsys.readouterr().out


def test_chat_templates_and_written_answers(separation_dir, tmp_path):
    """With the instruction, in the template, answers are written out, read, and end where the turn ends."""
    base = save_language_model(tmp_path / "base", chat=True)
    recipe = quick(base, generate=True, max_steps=50, eval_limit=20)
    (record,) = finetune(recipe, tmp_path / "out", [separation_dir], answers=tmp_path / "answers").records
    assert record.after.prompting["chat_template"] and record.after.prompting["instructed"]
    # An untrained model writes anything; the trained one a Yes or a No.
    unparsable = {
        when: sum(score.unparsable for score in getattr(record, when).splits.values()) for when in ("before", "after")
    }
    assert unparsable["before"] > 100 and unparsable["after"] == 0
    replies = [
        json.loads(line) for path in (tmp_path / "answers").glob("*.jsonl") for line in path.read_text().splitlines()
    ]
    assert {reply["text"] for reply in replies if reply.get("text") in ("Yes", "No")}


def test_a_run_that_was_stopped_ends_with_the_same_weights(separation_dir, tmp_path, monkeypatch):
    base = save_language_model(tmp_path / "base")
    recipe = quick(base, max_steps=8, eval_steps=4, lora=True, lora_dropout=0.1, evaluations=("none",), batch_size=4)
    whole = finetune(recipe, tmp_path / "whole", [separation_dir])
    part = finetune(recipe, tmp_path / "parts", [separation_dir], stop_at_step=3)
    assert not part.finished and part.steps == 3 and not (tmp_path / "parts" / "adapter_config.json").exists()
    with pytest.raises(ValueError, match="holds a run already"):
        finetune(recipe, tmp_path / "parts", [separation_dir])
    with pytest.raises(ValueError, match="started with another recipe"):
        finetune(replace(recipe, seed=1), tmp_path / "parts", [separation_dir], "latest")
    half = tmp_path / "parts" / "checkpoints" / "checkpoint-7"  # a process was killed while writing it
    half.mkdir()
    taken, step = [], trl.SFTTrainer.training_step
    monkeypatch.setattr(trl.SFTTrainer, "training_step", lambda *given: taken.append(1) or step(*given))
    end = finetune(recipe, tmp_path / "parts", [separation_dir], "latest")
    assert (whole.steps, end.steps, len(taken)) == (8, 8, 5)
    weights = [(tmp_path / name / "adapter_model.safetensors").read_bytes() for name in ("whole", "parts")]
    assert weights[0] == weights[1]
    other = finetune(replace(recipe, seed=1), tmp_path / "other", [separation_dir])
    assert (other.output_dir / "adapter_model.safetensors").read_bytes() != weights[0]


def test_a_finished_run_that_is_resumed_scores_what_is_missing(separation_dir, tmp_path):
    base = save_language_model(tmp_path / "base")
    recipe = quick(base, max_steps=2, evaluations=("none",))
    first = finetune(recipe, tmp_path / "out", [separation_dir])
    weights = (tmp_path / "out" / "model.safetensors").stat().st_mtime_ns
    assert first.records == [] and "## Before and after" not in (tmp_path / "out" / "README.md").read_text()
    rows = load_corpus("axiomatic", "d_separation", "validation", separation_dir).slice(0, 20)
    lines = [json.dumps({"prompt": row["prompt"], "completion": row["completion"]}) for row in rows.to_pylist()]
    (tmp_path / "mine.jsonl").write_text("\n".join(lines))
    asked = ("axiomatic/d_separation_generalization", str(tmp_path / "mine.jsonl"))
    more = replace(recipe, evaluations=asked, eval_limit=2)
    scored = finetune(more, tmp_path / "out", [separation_dir], "latest", answers=tmp_path / "answers")
    assert (tmp_path / "out" / "model.safetensors").stat().st_mtime_ns == weights
    assert [record.title for record in scored.records] == [asked[0], "mine.jsonl"]
    text = (tmp_path / "out" / "README.md").read_text()
    assert "## Before and after" in text and "| mine | 20 | " in text and str(tmp_path) not in text


def test_gradient_checkpointing_changes_no_weight(separation_dir, tmp_path):
    base = save_language_model(tmp_path / "base", "gpt2")
    found = []
    for on in (True, False):
        recipe = quick(base, max_steps=2, gradient_checkpointing=on, evaluations=("none",), batch_size=4)
        finetune(recipe, tmp_path / str(on), [separation_dir])
        found.append(load_pretrained(tmp_path / str(on), "cpu")[0].state_dict())
    for name, tensor in found[0].items():
        assert torch.allclose(tensor, found[1][name], atol=1e-6), name
