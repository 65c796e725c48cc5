"""The ways to train that `training.py` compares, each measured in a separate process."""

from __future__ import annotations

import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from flops import TRAINING, clock, decoder_flops, work_of
from released_method import BATCH, ReleasedModel
from torch import nn
from training_settings import SHARED, Form, Settings, Way

from hf_causal.models import make_model, make_tokenizer
from hf_causal.training.compiled import compile_blocks
from hf_causal.training.next_token import loss_and_hits
from hf_causal.training.objectives import Counts, make_objective
from hf_causal.training.optimizers import make_optimizers
from hf_causal.training.packing import PackedPrompts
from hf_causal.training.recipe import load_recipe

RECIPE, LOOPED_RECIPE = "axiom-67m-none", "axiom-looped"


def measure(way: Way, settings: Settings) -> dict[str, Any]:
    """Times one way; to be called in a separate process."""
    torch.set_num_threads(settings.threads)
    return {"released": _released, "trainer": _trainer, "form": _form, "loop": _loop, "looped": _looped}[way.kind](
        way, settings
    )


def profile(way: Way, settings: Settings) -> str:
    """Where the time of a step goes: the operations that take most of it."""
    from torch.profiler import ProfilerActivity

    step, batches = _form_step(way.form, settings)
    step(batches[0])
    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (settings.device == "cuda")
    with torch.profiler.profile(activities=activities) as profiler:
        step(batches[1 % len(batches)])
    by = "self_device_time_total" if settings.device == "cuda" else "self_cpu_time_total"
    return profiler.key_averages().table(sort_by=by, row_limit=25, max_name_column_width=50)


def _timed(
    step: Callable[[Any], Any],
    batches: list[Any],
    settings: Settings,
    work: list[dict[str, int]],
    warm: int,
    **about: Any,
) -> dict[str, Any]:
    """Rates over the batches; `work` says what each asks for, and the first `warm` of them are run before."""
    for batch in batches[:warm]:
        step(batch)
    if settings.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    began, busy = clock(settings.device), time.process_time()
    for batch in batches:
        step(batch)
    seconds, busy = clock(settings.device) - began, time.process_time() - busy
    total = {name: sum(one[name] for one in work) for name in work[0]}
    peak = torch.cuda.max_memory_allocated() / 2**20 if settings.device == "cuda" else _peak_mb()
    rates = {
        "examples_per_second": total["questions"] / seconds,
        "tokens_per_second": total["tokens"] / seconds,
        "seconds_per_step": seconds / len(batches),
        # What a machine shared with others can be compared by.
        "examples_per_cpu_second": total["questions"] / busy,
        "peak_mb": peak,
    }
    if "flops" in total:
        rates["flops_per_second"] = TRAINING * total["flops"] / seconds
    return {**rates, **about}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _decoder_work(config: Any, batch: dict[str, torch.Tensor], pad_token_id: int) -> dict[str, int]:
    work = work_of(batch, pad_token_id)
    return {"questions": work["kept"], "tokens": work["tokens"], "flops": decoder_flops(config, **work)}


def _prompts(rows: pa.Table, tokenizer: Any) -> tuple[list[list[int]], list[int]]:
    ids = tokenizer(rows["prompt"].to_pylist())["input_ids"]
    return ids, tokenizer.convert_tokens_to_ids(rows["completion"].to_pylist())


def _released(way: Way, settings: Settings) -> dict[str, Any]:
    tokenizer, rows, decoder = make_tokenizer("axiom"), settings.table(), settings.decoder()
    model = ReleasedModel(len(tokenizer), settings.width, settings.layers, settings.heads).to(settings.device)
    model.copy_decoder(decoder)
    prompts, answers = _prompts(rows, tokenizer)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    size = min(BATCH, settings.questions)
    batches, work = [], []
    for start in range(0, settings.steps * size, size):
        batches.append((prompts[start : start + size], answers[start : start + size]))
        packs = PackedPrompts(rows[start : start + size], tokenizer, packing=False)
        batch = packs.collate(np.arange(len(packs)), tokenizer.pad_token_id)
        work.append(_decoder_work(decoder.config, batch, tokenizer.pad_token_id))
    with torch.no_grad():
        loss = model.eval()(prompts[:size], answers[:size]).item()
    model.train()

    def step(batch: Any) -> None:
        optimizer.zero_grad()
        model(*batch).backward()
        optimizer.step()

    return _timed(step, batches, settings, work, 1, precision="fp32", loss=loss)


def _trainer(way: Way, settings: Settings) -> dict[str, Any]:
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainerCallback, TrainingArguments

    tokenizer, rows, model = make_tokenizer("axiom"), settings.table(), settings.decoder()
    prompts, answers = _prompts(rows, tokenizer)
    data = [
        {"input_ids": [*ids, answer], "labels": [-100] * len(ids) + [answer]}
        for ids, answer in zip(prompts, answers, strict=True)
    ]
    times: list[float] = []

    class Clock(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **options: Any) -> None:
            times.append(clock(settings.device))

    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder, max_steps=4 * settings.steps + 1, disable_tqdm=True, save_strategy="no",
            use_cpu=settings.device == "cpu", seed=settings.seed,
        )  # fmt: skip
        size = arguments.per_device_train_batch_size
        Trainer(
            model, arguments, train_dataset=data, data_collator=DataCollatorForSeq2Seq(tokenizer), callbacks=[Clock()]
        ).train()
    # Of all rows: the trainer draws others.
    packs = PackedPrompts(rows[:2000], tokenizer, packing=False)
    work = _decoder_work(
        model.config, packs.collate(np.arange(len(packs)), tokenizer.pad_token_id), tokenizer.pad_token_id
    )
    per_second = size * (len(times) - 1) / (times[-1] - times[0])
    return {
        "examples_per_second": per_second,
        "tokens_per_second": per_second * work["tokens"] / work["questions"],
        "seconds_per_step": size / per_second,
        "peak_mb": torch.cuda.max_memory_allocated() / 2**20 if settings.device == "cuda" else _peak_mb(),
        "flops_per_second": TRAINING * per_second * work["flops"] / work["questions"],
        "precision": "fp32",
    }


def _form_step(form: Form, settings: Settings) -> tuple[Any, list[Any]]:
    """What takes a step, with its model and optimizer, and its batches."""
    step = _FormStep(form, settings)
    return step, step.batches


class _FormStep:
    def __init__(self, form: Form, settings: Settings):
        self.form, self.settings = form, settings
        self.tokenizer, rows = make_tokenizer("axiom"), settings.table()
        self.model = settings.decoder(form.attention)
        options = {"packing": form.share_premise, "share_beginnings": form.share_beginnings}
        packs = PackedPrompts(rows, self.tokenizer, **options)
        checked = PackedPrompts(rows[: min(BATCH, settings.questions)], self.tokenizer, **options)
        self.checked = checked.collate(np.arange(len(checked)), self.tokenizer.pad_token_id)
        self.answer_ids = packs.answer_ids
        size = max(1, settings.questions * form.batches // (SHARED if form.share_premise else 1))
        order = np.random.default_rng(settings.seed).permutation(len(packs))
        if form.like_lengths:
            order = order[np.argsort(packs.lengths[order], kind="stable")]
        starts = np.linspace(0, len(order) - size, settings.steps + 2).astype(int)[1:-1]
        self.batches = [packs.collate(order[start : start + size], self.tokenizer.pad_token_id) for start in starts]
        if form.bf16 and settings.bf16:
            # Around the model, as Accelerate does it.
            self.model.forward = torch.autocast(settings.device, torch.bfloat16)(self.model.forward)
        if form.compile_mode:
            compile_blocks(self.model, mode=form.compile_mode)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4, fused=form.fused or None)

    def loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Mean loss of the answers."""
        batch = {name: tensor.to(self.settings.device, non_blocking=True) for name, tensor in batch.items()}
        count = (batch["targets"] >= 0).sum()
        if self.form.last_block_at_answers:
            return loss_and_hits(self.model, batch, self.answer_ids, Counts(count, count))[0]
        positions = batch["target_positions"][..., None]
        options = {"input_ids": batch["input_ids"], "subtree_ends": batch["subtree_ends"], "use_cache": False}
        with torch.autocast(self.settings.device, torch.bfloat16, enabled=self.form.bf16 and self.settings.bf16):
            if self.form.head_at_answers:
                states = self.model.model(**options).last_hidden_state
                logits = self.model.lm_head(torch.take_along_dim(states, positions, dim=1))
            else:
                logits = torch.take_along_dim(self.model(**options).logits, positions, dim=1)
        return nn.functional.cross_entropy(logits.float().flatten(0, 1), batch["targets"].flatten())

    def __call__(self, batch: dict[str, torch.Tensor]) -> None:
        self.loss(batch).backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()

    @torch.no_grad()
    def check(self) -> float:
        """The loss of the questions that all ways have in common, in eval mode."""
        self.model.eval()
        loss = self.loss(self.checked).item()
        self.model.train()
        return loss


def _form(way: Way, settings: Settings) -> dict[str, Any]:
    step, batches = _form_step(way.form, settings)
    pad = step.tokenizer.pad_token_id
    work = [_decoder_work(step.model.config, batch, pad) for batch in batches]
    loss = step.check()
    # Compiling and recording belong to no step; every shape is seen once before the clock starts.
    warm = len(batches) if way.form.compile_mode else 1
    precision = "bf16" if way.form.bf16 and settings.bf16 else "fp32"
    return _timed(step, batches, settings, work, warm, precision=precision, loss=loss)


def _loop(way: Way, settings: Settings) -> dict[str, Any]:
    from hf_causal.training.loop import train

    on_gpu = settings.device == "cuda"
    lap = max(settings.steps, 50 if on_gpu else 1)
    recipe = load_recipe(
        RECIPE,
        {
            **{f"model.{name}": value for name, value in settings.sizes().items()},
            "attn_implementation": "sdpa" if on_gpu else "eager",
            "compile_mode": "reduce-overhead" if on_gpu else None,
            "mixed_precision": "bf16" if settings.bf16 else "no",
            "train_rows": settings.rows,
            "per_device_train_batch_size": max(1, settings.questions // SHARED),
            "max_steps": 3 * lap,
            "logging_steps": lap,
            "eval_steps": 10**9,
            "eval_rows": 50,
            "save_steps": 10**9,
            "seed": settings.seed,
        },
    )
    settings.table()
    data = settings.data or Path(tempfile.gettempdir()) / "hf_causal-benchmark"
    with tempfile.TemporaryDirectory() as folder:
        train(recipe, Path(folder) / "run", data)
        log = (Path(folder) / "run" / "training_log.jsonl").read_text(encoding="utf-8").splitlines()
    laps = [json.loads(line) for line in log if '"train"' in line]
    tokenizer = make_tokenizer("axiom")
    packs = PackedPrompts(settings.table(), tokenizer)
    some = packs.collate(np.arange(min(2000, len(packs))), tokenizer.pad_token_id)
    work = _decoder_work(settings.decoder().config, some, tokenizer.pad_token_id)
    # The first lap warms up.
    per_second = float(np.mean([entry["examples_per_second"] for entry in laps[1:]]))
    return {
        "examples_per_second": per_second,
        "tokens_per_second": per_second * work["tokens"] / work["questions"],
        "peak_mb": torch.cuda.max_memory_allocated() / 2**20 if on_gpu else _peak_mb(),
        "flops_per_second": TRAINING * per_second * work["flops"] / work["questions"],
        "precision": "bf16" if settings.bf16 else "fp32",
    }


def _looped(way: Way, settings: Settings) -> dict[str, Any]:
    recipe = load_recipe(LOOPED_RECIPE, {"all_questions": way.form.share_beginnings, "seed": settings.seed})
    tokenizer, rows = make_tokenizer(recipe.model_type), settings.table()
    if not way.form.share_premise:
        rows = rows.set_column(rows.schema.get_field_index("graph_id"), "graph_id", pa.array(range(rows.num_rows)))
    torch.manual_seed(settings.seed)
    model = make_model(recipe.model_type, recipe.model, tokenizer).to(settings.device).train()
    objective = make_objective(recipe, tokenizer)
    packs = objective.make_data(rows, training=True)
    optimizers = make_optimizers(model, recipe)
    size = max(1, 4 * settings.questions // (SHARED if way.form.share_premise else 1))
    order = np.argsort(packs.lengths, kind="stable")
    starts = np.linspace(0, len(order) - size, settings.steps + 2).astype(int)[1:-1]
    batches = [packs.collate(order[start : start + size], tokenizer.pad_token_id) for start in starts]
    work = [
        {
            "questions": int((batch["labels"] >= 0).sum()),
            "tokens": int((batch["input_ids"] != tokenizer.pad_token_id).sum()),
        }
        for batch in batches
    ]

    def step(batch: dict[str, torch.Tensor]) -> None:
        batch = {name: tensor.to(settings.device, non_blocking=True) for name, tensor in batch.items()}
        objective.loss_and_hits(model, batch, objective.count([batch]))[0].backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe.max_grad_norm)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()

    return _timed(step, batches, settings, work, 1, precision="fp32")
