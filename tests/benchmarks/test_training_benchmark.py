"""What the training benchmarks count and compare is what they say it is, and they run from end to end."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from small import TINY
from torch.utils.flop_counter import FlopCounterMode

from hf_causal.corpora.build import build
from hf_causal.corpora.load import load_corpus
from hf_causal.models import AxiomTokenizer, make_model
from hf_causal.training.packing import PackedPrompts
from hf_causal.training.recipe import load_recipe

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import gpu  # noqa: E402
import training  # noqa: E402
from flops import decoder_flops, work_of  # noqa: E402
from released_method import ReleasedModel  # noqa: E402
from training_settings import LOOPED, WAYS  # noqa: E402

SMALL = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2}


@pytest.fixture(scope="module")
def rows(corpus_dir):
    return load_corpus("axiomatic", "transitivity_ts2", "train", corpus_dir)


def test_the_flops_of_a_forward_pass_are_those_that_torch_counts(rows):
    tokenizer = AxiomTokenizer()
    model = make_model("axiom", SMALL, tokenizer, "eager")
    packs = PackedPrompts(rows[:300], tokenizer)
    batch = packs.collate(np.arange(20), tokenizer.pad_token_id)
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model(
            input_ids=batch["input_ids"],
            subtree_ends=batch["subtree_ends"],
            logits_to_keep=batch["target_positions"],
            use_cache=False,
        )
    # Torch computes padding and hidden pairs too, so here everything is a token and sees everything.
    size, length = batch["input_ids"].shape
    kept = batch["targets"].numel()
    assert counter.get_total_flops() == decoder_flops(
        model.config, size * length, size * length**2, kept, kept * length
    )


def test_the_work_of_a_batch_is_that_of_its_tokens(rows):
    tokenizer = AxiomTokenizer()
    packs = PackedPrompts(rows[:100], tokenizer)
    work = work_of(packs.collate(np.arange(len(packs)), tokenizer.pad_token_id), tokenizer.pad_token_id)
    prompts = [tuple(tokenizer(prompt)["input_ids"]) for prompt in rows["prompt"][:100].to_pylist()]
    beginnings = {prompt[:size] for prompt in prompts for size in range(1, len(prompt) + 1)}
    # Premises that begin alike are packed apart, all else is shared; here no two premises do but for <bos>.
    shared = sum(packs.lengths) - len(beginnings)
    assert work["tokens"] == packs.lengths.sum() and shared >= len(packs) - 1
    assert work["kept"] == 100 and work["kept_pairs"] == sum(map(len, prompts))
    # A token sees what begins its branch, so pairs are the lengths of all beginnings.
    alone = PackedPrompts(rows[:100], tokenizer, packing=False)
    work = work_of(alone.collate(np.arange(100), tokenizer.pad_token_id), tokenizer.pad_token_id)
    assert work["pairs"] == sum(len(prompt) * (len(prompt) + 1) // 2 for prompt in prompts)


def test_the_released_method_has_the_loss_of_the_decoder(rows):
    tokenizer = AxiomTokenizer()
    torch.manual_seed(0)
    decoder = make_model("axiom", SMALL, tokenizer).eval()
    released = ReleasedModel(len(tokenizer), 16, 3, 2).eval()
    released.copy_decoder(decoder)
    prompts = tokenizer(rows["prompt"][:30].to_pylist())["input_ids"]
    answers = tokenizer.convert_tokens_to_ids(rows["completion"][:30].to_pylist())
    expected = torch.tensor(0.0)
    for prompt, answer in zip(prompts, answers, strict=True):
        expected -= decoder(torch.tensor([prompt])).logits[0, -1].log_softmax(-1)[answer] / 30
    assert released(prompts, answers).item() == pytest.approx(expected.item(), rel=1e-5)


def test_every_way_is_measured_and_has_the_same_loss(tmp_path, corpus_dir, monkeypatch):
    # A process for each would take longer than all of them together.
    monkeypatch.setattr(training, "run_apart", lambda function, *arguments: function(*arguments))
    ways = [way.name for way in WAYS if way.device in (None, "cpu") and way.name != "compile"]
    threads = torch.get_num_threads()
    arguments = ["--out", str(tmp_path), "--data", str(corpus_dir), "--model", "16", "2", "2", "--steps", "1"]
    arguments += ["--questions", "16", "--rows", "400", "--threads", str(threads), "--ways", *ways]
    results = training.main(arguments)
    assert json.loads((tmp_path / "training.json").read_text()) == results
    assert [way["name"] for way in results["ways"]] == ways
    for way in results["ways"]:
        assert way["examples_per_second"] > 0 and way["mfu"] > 0, way
    losses = [way["loss"] for way in results["ways"] if "loss" in way]
    assert len(losses) == len(ways) - 2
    assert losses == pytest.approx([losses[0]] * len(losses), rel=2e-3)
    text = (tmp_path / "training.md").read_text()
    assert all(way.title in text for way in WAYS if way.name in ways)


def test_a_way_that_fails_costs_no_other_its_row(corpus_dir, monkeypatch, capsys):
    def in_this_process(function, *arguments):
        if arguments[0] is LOOPED[1]:
            raise RuntimeError("out of memory\nand a long report")
        return function(*arguments)

    monkeypatch.setattr(training, "run_apart", in_this_process)
    arguments = ["--looped", "--data", str(corpus_dir), "--steps", "1", "--questions", "4", "--rows", "200"]
    results = training.main([*arguments, "--threads", str(torch.get_num_threads())])
    assert [way.get("error") for way in results["ways"]] == [None, "out of memory", None]
    assert "failed: out of memory |" in capsys.readouterr().out


def test_gpu_trains_scores_and_keeps_everything(tmp_path, corpus_dir, monkeypatch, capsys):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "data").symlink_to(corpus_dir)
    files = tmp_path / "files"
    files.mkdir()
    chain = {"prompt": "A causes B. B causes C. Does A cause C?", "completion": "Yes"}
    (files / "chain.jsonl").write_text(4 * (json.dumps(chain) + "\n"))
    other = {"prompt": "A causes B. B causes C. Are A and C d-separated given {B}?", "completion": "Yes"}
    (files / "other.jsonl").write_text(json.dumps(other) + "\n")
    tried = []

    def probe(name, fields, steps, folder, data, timeout):
        tried.append(fields.get("attn_implementation"))
        return {"loss": 1.0, "examples_per_second": float(len(tried))}

    monkeypatch.setattr(gpu, "probe", probe)
    small = {name: value for name, value in TINY.items() if name not in ("eval_rows", "save_steps", "logging_steps")}
    overrides = [f"--{name}={json.dumps(value)}" for name, value in {**small, "max_steps": 10_000}.items()]
    arguments = ["--out", str(tmp_path / "out"), "--work", str(tmp_path / "work"), "--files", str(files)]
    arguments += ["--minutes", "0.1", "--probe-steps", "3", "--limit", "2", "--recipes", "axiom-cpu", "axiom-looped"]
    monkeypatch.setattr(gpu, "SCORING_SECONDS", 1.0)
    results = gpu.main([*arguments, *overrides])
    assert json.loads((tmp_path / "out" / "results.json").read_text()) == results
    assert tried == [None, "eager"] and results["way"] == "attention as plain products"
    for row in results["results"]:
        assert 1 <= row["steps"] < 10_000 and row["examples_per_second"] > 0
        assert list(row["files"]) == ["chain"] and len(row["splits"]) == 6
        assert (tmp_path / "out" / "scores" / f"{row['recipe']}.json").is_file()
        assert load_recipe(tmp_path / "work" / row["recipe"] / "recipe.yaml").max_steps == row["steps"]
    assert "| axiom-looped | 0 |" in (tmp_path / "out" / "table.md").read_text()
    assert (tmp_path / "out" / "table.md").read_text() in capsys.readouterr().out


def test_gpu_scores_a_recipe_on_its_task(tmp_path, corpus_dir):
    (tmp_path / "data").symlink_to(corpus_dir)
    transitivity = gpu.Corpus("axiomatic", "transitivity_ts2", tmp_path)
    assert (transitivity.task, transitivity.evaluation) == ("transitivity", "transitivity_generalization")
    build("corr2cause", tmp_path / "data-corr2cause", ["balanced"], nodes=(4,), rows=60, rows_per_cell=20)
    balanced = gpu.Corpus("corr2cause", "balanced", tmp_path)
    assert (balanced.task, balanced.evaluation, balanced.rows.num_rows) == ("corr2cause", "balanced", 60)
    assert balanced.flops_per_question(load_recipe("axiom-cpu-corr2cause")) > 0


def test_the_table_has_a_part_for_each_config_that_was_scored():
    numbers = ("seed", "steps", "epochs", "steps_of_the_recipe", "train_seconds", "examples_per_second")
    row = {**dict.fromkeys(numbers, 1), "in_family_accuracy": 1.0, "flops_per_question": None, "files": {}}
    rows = [
        {**row, "recipe": "one", "scored_on": "first", "splits": {"sequential": {"n": 8, "accuracy": 0.25}}},
        {**row, "recipe": "two", "scored_on": "second", "splits": {"test": {"n": 4, "accuracy": 0.75}}},
    ]
    results = {"hardware": "", "date": "", "bf16_matrix_rate": 1.0, "way": "", "results": rows, "failures": {}}
    text = gpu.table(results)
    assert "| split of first | n | one |" in text and "| sequential | 8 | 0.250 |" in text
    assert "| split of second | n | two |" in text and "| test | 4 | 0.750 |" in text


def test_a_recipe_that_fails_costs_no_other_its_result(tmp_path, corpus_dir, monkeypatch):
    def run(name, fields, seconds, probe_steps, work, corpus):
        ran.append((name, fields))
        raise RuntimeError("CUDA error: out of memory\nand a long report")

    ran = []
    (tmp_path / "data").symlink_to(corpus_dir)
    monkeypatch.setattr(gpu, "run", run)
    monkeypatch.setattr(gpu, "probe", lambda *rest: {"loss": 1.0, "examples_per_second": float(len(rest[1]))})
    results = gpu.main(["--out", str(tmp_path), "--work", str(tmp_path), "--recipes", "axiom-cpu", "axiom-67m-rope"])
    # The way to call the model may have been what failed, so the next recipe goes without.
    assert ran == [("axiom-cpu", {"attn_implementation": "eager"}), ("axiom-67m-rope", {})]
    assert results["failures"] == dict.fromkeys(("axiom-cpu", "axiom-67m-rope"), "CUDA error: out of memory")
    assert "axiom-67m-rope failed: CUDA error" in (tmp_path / "table.md").read_text()


def test_a_trial_is_a_separate_run_and_says_what_went_wrong(tmp_path, corpus_dir):
    good = gpu.probe("axiom-cpu", TINY, 3, tmp_path / "good", corpus_dir, 200)
    assert good["examples_per_second"] > 0 and 0 < good["loss"] < 20
    bad = gpu.probe("axiom-cpu", {"compile_mod": "default"}, 3, tmp_path / "bad", corpus_dir, 200)
    assert "did you mean 'compile_mode'?" in bad["error"]


def test_a_way_that_learns_otherwise_is_not_taken():
    ways = {"plain": {}, "wrong": {}, "fast": {}, "broken": {}}
    probes = {
        "plain": {"loss": 1.0, "examples_per_second": 10.0},
        "wrong": {"loss": 1.3, "examples_per_second": 90.0},
        "fast": {"loss": 1.001, "examples_per_second": 40.0},
        "broken": {"error": "CUDA error"},
    }
    assert gpu.choose_way(ways, probes) == "fast"
    with pytest.raises(RuntimeError, match="CUDA error"):
        gpu.choose_way({"broken": {}}, probes)
