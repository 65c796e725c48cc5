"""The forms of relevance and adjustment in fine-tuning: what is taught scores one, and what is rewarded is proved."""

import pytest
from tiny_finetuning import quick, save_language_model, word_tokenizer

import hf_causal
from hf_causal.corpora.build import build
from hf_causal.evaluation.language_models.prompts import PromptFormat, PromptRenderer
from hf_causal.posttraining.data import language_rows
from hf_causal.posttraining.recipe import load_finetune_recipe
from hf_causal.posttraining.rewards import proof_reward, reward_rows
from hf_causal.posttraining.run import finetune
from hf_causal.scoring import score
from hf_causal.tasks.answering import applies, write_answer
from hf_causal.tasks.registry import get_task

pytest.importorskip("trl", reason="TRL is not installed: pip install 'hf-causal[finetune]'")

FORMS = [(task, form) for task in ("relevance", "adjustment") for form in ("yes-no", *get_task(task).forms)]


@pytest.fixture(scope="module")
def rows_of():
    return {task: hf_causal.create(task, rows=8, seed=1) for task in ("relevance", "adjustment")}


@pytest.fixture(scope="module", params=FORMS, ids=" ".join)
def asked(request, rows_of):
    task, form = request.param
    rows = rows_of[task]
    kept = rows.filter(lambda row: applies(row, form))
    assert len(kept)
    return kept, form


def test_what_is_taught_scores_one(asked):
    rows, form = asked
    tokenizer = word_tokenizer()
    made = language_rows(rows.with_format("arrow")[:], PromptRenderer(tokenizer, PromptFormat(form=form)), 4000)
    assert made.dropped == 0 and len(made.dataset) == len(rows)
    for row, example in zip(rows, made.dataset, strict=True):
        taught = [token for token, label in zip(example["input_ids"], example["labels"], strict=True) if label >= 0]
        assert score(tokenizer.decode(taught, skip_special_tokens=True), row, form).value == 1


def test_exact_answers_are_rewarded_and_others_are_not(asked):
    rows, form = asked
    texts = [write_answer(row, form) for row in rows]
    prepared = reward_rows(rows, form, conversational=False)
    columns = {name: prepared[name][:] for name in prepared.column_names}
    assert proof_reward(completions=texts, **columns) == [1.0] * len(rows)
    assert proof_reward(completions=["Perhaps."] * len(rows), **columns) == [0.0] * len(rows)


@pytest.mark.parametrize(("task", "method", "form"), [("relevance", "sft", "trace"), ("adjustment", "grpo", "proof")])
def test_a_short_run(task, method, form, tmp_path):
    build("causal_ladder", tmp_path / "data", [task], rows=240, validation_rows=240)
    base = save_language_model(tmp_path / "base")
    fields = {"corpus": "causal_ladder", "config": task, "method": method, "form": form, "evaluations": ("none",)}
    fields |= {"train_rows": 16, "validation_rows": 8, "max_steps": 2, "max_length": 2000, "batch_size": 4}
    fields |= {"num_generations": 2, "max_new_tokens": 4} if method == "grpo" else {}
    result = finetune(quick(base, **fields), tmp_path / "out", [tmp_path / "data"])
    assert (result.output_dir / "model.safetensors").is_file()


def test_the_recipe_trains_on_the_traces_of_relevance():
    recipe = load_finetune_recipe("smollm2-135m-relevance")
    assert recipe.form in get_task("relevance").forms and recipe.config in get_task("relevance").configs
    assert recipe.evaluations == ("causal_ladder/relevance_generalization",)
