"""Reinforcement learning with valid proofs as the reward."""

import json
import pickle
from functools import partial

import pytest
from tiny_finetuning import quick, save_language_model

import hf_causal
from hf_causal.posttraining.grpo import grpo_rows
from hf_causal.posttraining.rewards import proof_reward, reward_rows
from hf_causal.posttraining.run import finetune
from hf_causal.posttraining.settings import RunSettings
from hf_causal.scoring import score
from hf_causal.tasks.answering import write_answer

pytest.importorskip("trl", reason="TRL is not installed: pip install 'hf-causal[finetune]'")

GRPO = {"method": "grpo", "config": "transitivity_ts2", "train_rows": 16, "batch_size": 8, "num_generations": 4}
GRPO |= {"max_new_tokens": 6, "evaluations": ("none",), "learning_rate": 1e-3, "logging_steps": 1}


@pytest.fixture(scope="module")
def rows():
    return hf_causal.create("transitivity", rows=12, seed=3)


@pytest.mark.parametrize("form", ["yes-no", "proof", "trace"])
@pytest.mark.parametrize("conversational", [False, True])
def test_exact_answers_are_rewarded_and_others_are_not(rows, form, conversational):
    asked = reward_rows(rows, form, conversational)
    texts = [write_answer(row, form) for row in rows]
    wrap = (lambda text: [{"role": "assistant", "content": text}]) if conversational else (lambda text: text)
    columns = {name: asked[name][:] for name in asked.column_names}
    assert proof_reward(completions=[wrap(text) for text in texts], **columns) == [1.0] * len(rows)
    assert proof_reward(completions=[wrap("Perhaps.")] * len(rows), **columns) == [0.0] * len(rows)
    first = asked[0]["prompt"][-1]["content"] if conversational else asked[0]["prompt"]
    assert rows[0]["prompt"] in first and "completion" not in asked.column_names


def test_components_are_logged_and_the_function_can_be_pickled(rows):
    logged = {}
    prompts = [row["prompt"] for row in rows]
    replies = [write_answer(row, "proof") if index % 2 else "Yes" for index, row in enumerate(rows)]
    reward = pickle.loads(pickle.dumps(partial(proof_reward, form="proof")))
    values = reward(replies, prompts, log_metric=logged.__setitem__, prompts=prompts, trainer_state=None)
    scores = [score(reply, row, "proof") for reply, row in zip(replies, rows, strict=True)]
    assert values == [one.value for one in scores] and logged["proof_valid"] == 0.5
    assert logged["readable"] == sum(one.readable for one in scores) / 12
    assert proof_reward([], []) == []


def test_a_run_logs_its_rewards_and_resumes_to_the_same_weights(corpus_dir, tmp_path):
    fields = {"config": "transitivity_ts2", "evaluations": ("none",), "max_steps": 30, "train_rows": 400}
    base = save_language_model(tmp_path / "random", chat=True)
    base = finetune(quick(base, **fields), tmp_path / "base", [corpus_dir]).output_dir  # it says Yes or No
    recipe = quick(base, form="yes-no", **GRPO, max_steps=4, eval_steps=2)
    complete = finetune(recipe, tmp_path / "complete", [corpus_dir])
    part = finetune(recipe, tmp_path / "parts", [corpus_dir], stop_at_step=2)
    assert not part.finished
    end = finetune(recipe, tmp_path / "parts", [corpus_dir], "latest")
    assert (complete.steps, end.steps) == (4, 4)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("complete", "parts")]
    assert weights[0] == weights[1] != (base / "model.safetensors").read_bytes()
    log = [json.loads(line) for line in (tmp_path / "complete" / "training_log.jsonl").read_text().splitlines()]
    steps = [entry for entry in log if "reward" in entry]
    assert len(steps) == 4 and max(entry["reward"] for entry in steps) > 0.2
    for entry in steps:
        assert entry["reward"] == pytest.approx(entry["answer_right"]) and 0 <= entry["readable"] <= 1
        assert 0 <= entry["frac_reward_zero_std"] <= 1
    assert complete.summary["rewards"]["reward"] == pytest.approx(steps[-1]["reward"], abs=1e-4)
    card = (tmp_path / "complete" / "README.md").read_text()
    assert "Group relative policy optimization" in card and "- grpo" in card and "- sft" not in card


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"batch_size": 6}, "'batch_size' must be a multiple of `num_generations` 4"),
        ({"num_generations": 1}, "'num_generations' must be at least 2"),
        ({"temperature": 0.0}, "'temperature' must be positive"),
        ({"levels": "easy"}, "'levels' must be numbers such as"),
        ({"method": "ppo"}, "'method' must be one of sft, grpo"),
        ({"method": "sft", "levels": "1"}, "'levels' must be empty without"),
        ({"packing": True}, "'packing' must be false with `method` 'grpo'"),
    ],
)
def test_bad_options_are_named(fields, message):
    with pytest.raises(ValueError, match=message):
        quick("nowhere", **{**GRPO, **fields})


def test_a_curriculum_has_as_many_questions_of_each_level_in_order(tmp_path):
    recipe = quick(tmp_path, form="proof", **{**GRPO, "levels": "2,1", "train_rows": 6})
    run = RunSettings(recipe, tmp_path, False, False, None, None, print)
    made = grpo_rows(run, None, conversational=False)
    levels = [hf_causal.create("transitivity", rows=3, seed=recipe.seed, level=level) for level in (1, 2)]
    assert made.dataset["row_prompt"][:] == [row["prompt"] for rows in levels for row in rows]
    assert sum(made.answers) == 6 and made.dropped == 0
