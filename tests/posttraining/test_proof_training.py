"""Fine-tuning on answers with proofs: what is taught, and what counts before and after."""

import json
from types import SimpleNamespace

import pytest
from tiny_finetuning import quick, save_language_model, word_tokenizer

from hf_causal.cli import main
from hf_causal.corpora import generate_shard, get_config
from hf_causal.evaluation.language_models.prompts import PromptFormat, PromptRenderer
from hf_causal.posttraining.data import language_rows
from hf_causal.posttraining.options import find_form
from hf_causal.posttraining.proofs import MEASURES, ProofPredictor
from hf_causal.posttraining.run import finetune
from hf_causal.scoring import score
from hf_causal.tasks.answering import write_answer

pytest.importorskip("trl", reason="TRL is not installed: pip install 'hf-causal[finetune]'")


@pytest.fixture(scope="module")
def rows():
    config = get_config("axiomatic", "transitivity_ts2", rows=400, validation_rows=400)
    return generate_shard("axiomatic", config, "train", 0)[:24]


@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize("form", ["proof", "trace"])
def test_the_exact_answer_is_taught_and_scores_one(rows, form, chat):
    tokenizer = word_tokenizer(chat)
    made = language_rows(rows, PromptRenderer(tokenizer, PromptFormat(form=form), chat), 2000)
    for row, example in zip(rows.to_pylist(), made.dataset, strict=True):
        taught = [token for token, label in zip(example["input_ids"], example["labels"], strict=True) if label >= 0]
        text = tokenizer.decode(taught, skip_special_tokens=True)
        assert text.strip() == write_answer({"prompt": row["prompt"]}, form) and taught[-1] == tokenizer.eos_token_id
        assert score(text, row, form).value == 1


def test_right_answers_and_valid_proofs_are_counted_apart():
    prompts = ["A causes B. B causes C. Does A cause C?", "A causes B. B causes C. Does C cause A?"]

    def predictions(replies, measure):
        local = SimpleNamespace(
            renderer=SimpleNamespace(prompt_format=PromptFormat(form="proof")),
            reply=lambda prompts, progress: [{"text": reply} for reply in replies],
        )
        return ProofPredictor(local, measure).predict(prompts)

    right, wrong, unreadable = (
        ["Yes\nPath: A -> B -> C", "No\nReached: none"],
        ["No\nReached: B", "Yes\nPath: C -> A"],
        ["Perhaps", None],
    )
    for measure in MEASURES:
        assert predictions(right, measure) == [1, 0]
        assert predictions(wrong, measure) == [0, 1]
        assert predictions(unreadable, measure) == [-1, -1]
    unproved = ["Yes\nPath: A -> C", "No\nReached: B"]
    assert predictions(unproved, "answer right") == [1, 0] and predictions(unproved, "proof valid") == [0, 1]


def test_the_report_has_answers_and_proofs_before_and_after(separation_dir, tmp_path):
    base = save_language_model(tmp_path / "base")
    config = json.loads((base / "config.json").read_text())  # its tokens are characters, and instructions are long
    (base / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 2048}))
    fields = {"train_rows": 100, "max_steps": 2, "max_length": 2048, "eval_limit": 1, "max_new_tokens": 4}
    recipe = quick(base, form="proof", **fields)
    result = finetune(recipe, tmp_path / "out", [separation_dir], answers=tmp_path / "replies")
    name = "axiomatic/d_separation_generalization"
    assert [record.title for record in result.records] == [f"{name}, answer right", f"{name}, proof valid"]
    text = (tmp_path / "out" / "report.md").read_text()
    assert f"| `{name}, proof valid`, all | " in text
    assert (tmp_path / "out" / "plots" / "axiomatic-d_separation_generalization-proof-valid.png").is_file()
    assert (tmp_path / "out" / "README.md").is_file()


def test_a_form_and_a_folder_are_told_apart(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert find_form("trace") == "trace" and find_form("runs/replies") is None and find_form("answers") is None
    with pytest.raises(ValueError, match="`answers` must be a form, yes-no, proof.*got 'prof': 'proof', or './prof'"):
        find_form("prof")
    (tmp_path / "prof").mkdir()
    assert find_form("prof") is None
    command = ["finetune", "nowhere", "--output-dir", str(tmp_path / "out"), "--answers"]
    assert main([*command, "tracee"]) == 2 and "`answers` must be a form" in capsys.readouterr().err


def test_a_form_of_another_task_is_refused_before_anything_is_loaded(tmp_path):
    with pytest.raises(ValueError, match="`form` must be one of yes-no, proof, trace.* for d_separation, got 'cpdag'"):
        finetune(quick(tmp_path / "nowhere", form="cpdag"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
