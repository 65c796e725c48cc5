"""Language models on this machine, held against asking them one question at a time."""

import json
from dataclasses import replace

import pytest
import torch
from tiny_language_models import save_tiny, tiny_model, tiny_tokenizer

from hf_causal.cli import main
from hf_causal.evaluation.evaluate import evaluate_model
from hf_causal.evaluation.language_models.evaluate import evaluate_language_model
from hf_causal.evaluation.language_models.local import LocalModel
from hf_causal.evaluation.language_models.prompts import PromptFormat
from hf_causal.evaluation.predictors import make_predictor
from hf_causal.evaluation.report import render_report
from hf_causal.evaluation.report_files import write_model_report
from hf_causal.evaluation.scores import Scores, read_scores

PROMPTS = [
    "A causes B. Does A cause B?",
    "A causes B. B causes Cat. Cat causes d9. Does A cause d9?",
    "x causes y. Are x and y d-separated given {z}?",
    "A causes B. B causes Cat. Does Cat cause A?",
]


def made(tmp_path, whole_answers=True, chat=False, always=None, positions=4096, **options):
    tokenizer = tiny_tokenizer(whole_answers, chat)
    model = tiny_model(tokenizer, always=always, positions=positions)
    return LocalModel(model, tokenizer, **{"prompt_format": PromptFormat(False), "answers": tmp_path, **options})


def log_likelihood(asked, text, answer):
    """Of the answer after the text, space included, in one row without padding."""
    start = len(asked.tokenizer(text)["input_ids"])
    ids = torch.tensor([asked.tokenizer(text + answer)["input_ids"]])
    logs = asked.model(ids).logits[0].log_softmax(-1)
    return sum(logs[place - 1, ids[0, place]].item() for place in range(start, ids.shape[1]))


@pytest.mark.parametrize("whole_answers", [True, False])
@pytest.mark.parametrize("chat", [True, False])
@pytest.mark.parametrize("shots", [0, 2])
@torch.no_grad()
def test_likelihoods_are_those_of_each_question_alone(whole_answers, chat, shots, tmp_path):
    asked = made(tmp_path, whole_answers, chat, prompt_format=PromptFormat(False, shots))
    answers = asked.predict(PROMPTS)
    texts = [asked.render(prompt) for prompt in PROMPTS]
    space = "" if chat else " "
    for text, reply, answer in zip(texts, asked.cache.complete(texts, None), answers, strict=True):
        yes, no = (log_likelihood(asked, text, space + word) for word in ("Yes", "No"))
        # A space of its own is no part of what is compared.
        assert reply["yes"] - reply["no"] == pytest.approx(yes - no, abs=2e-3)
        assert answer == (yes > no)
    assert text.endswith("<assistant>" if chat else "?") and text.count("?") == 1 + shots


@torch.no_grad()
@pytest.mark.parametrize("chat", [True, False])
def test_what_is_written_is_what_the_model_writes_alone(chat, tmp_path):
    asked = made(tmp_path, chat=chat, generate=True, max_new_tokens=5, prompt_format=PromptFormat())
    asked.predict(PROMPTS)
    texts = [asked.render(prompt) for prompt in PROMPTS]
    for text, reply in zip(texts, asked.cache.complete(texts, None), strict=True):
        ids = asked.tokenizer(text, return_tensors="pt")["input_ids"]
        alone = asked.model.generate(ids, do_sample=False, max_new_tokens=5, pad_token_id=asked.pad_token_id)
        assert reply["text"] == asked.tokenizer.decode(alone[0, ids.shape[1] :], skip_special_tokens=True)


@pytest.mark.parametrize(("always", "answer"), [("ĠYes", 1), ("ĠNo", 0), ("Q", -1)])
def test_written_answers_are_read(always, answer, tmp_path):
    asked = made(tmp_path, always=always, generate=True, prompt_format=PromptFormat(shots=1))
    assert asked.predict(PROMPTS) == [answer] * 4


def test_a_chat_template_can_be_left_out(tmp_path):
    assert made(tmp_path, chat=True).render(PROMPTS[0]) == f"<user>{PROMPTS[0]}<eos><assistant>"
    plain = made(tmp_path, chat=True, chat_template=False)
    assert plain.render(PROMPTS[0]) == PROMPTS[0] and not plain.prompting["chat_template"]


def test_the_batch_changes_nothing(tmp_path):
    for whole_answers in (True, False):
        small = made(tmp_path / f"small{whole_answers}", whole_answers, tokens_per_batch=1)
        large = made(tmp_path / f"large{whole_answers}", whole_answers)
        texts = [small.render(prompt) for prompt in PROMPTS]
        assert small.predict(PROMPTS) == large.predict(PROMPTS)
        for one, other in zip(small.cache.complete(texts, None), large.cache.complete(texts, None), strict=True):
            assert one == pytest.approx(other, abs=2e-3)


def test_a_question_that_is_too_long_is_unparsable(tmp_path):
    for generate in (False, True):
        asked = made(tmp_path, positions=50, generate=generate, always="ĠYes")
        assert asked.predict(PROMPTS) == ([1, -1, 1, 1] if not generate else [1, -1, -1, -1])


def test_an_interrupted_evaluation_asks_the_rest(tmp_path, monkeypatch):
    asked = made(tmp_path, tokens_per_batch=1, share=False)
    compute, batches = asked.likelihoods._compute_rows, []

    def interrupted(choices):
        batches.append(choices)
        if len(batches) == 3:
            raise KeyboardInterrupt
        return compute(choices)

    monkeypatch.setattr(asked.likelihoods, "_compute_rows", interrupted)
    with pytest.raises(KeyboardInterrupt):
        asked.predict(PROMPTS)
    again = made(tmp_path, tokens_per_batch=1, share=False)
    rest = again.likelihoods._compute_rows
    monkeypatch.setattr(again.likelihoods, "_compute_rows", lambda rows: batches.append(rows) or rest(rows))
    assert again.predict(PROMPTS) == made(tmp_path / "other").predict(PROMPTS)
    assert len(batches) == 3 + 2


def test_replies_belong_to_weights_and_form(tmp_path):
    tokenizer = tiny_tokenizer(chat=True)
    same = {"prompt_format": PromptFormat(), "answers": tmp_path}
    paths = {
        LocalModel(tiny_model(tokenizer, seed), tokenizer, **{**same, **changes}).cache.path
        for seed, changes in (
            (0, {}),
            (1, {}),
            (0, {"generate": True}),
            (0, {"chat_template": False}),
            (0, {"prompt_format": PromptFormat(shots=1)}),
            (0, {"prompt_format": PromptFormat(shots=1, seed=1)}),
        )
    }
    assert len(paths) == 6
    assert LocalModel(tiny_model(tokenizer), tokenizer, **same).cache.path in paths


def test_padding_takes_no_positions(tmp_path):
    # A GPT-2 numbers the places of a row unless it is told where the row begins.
    tokenizer = tiny_tokenizer()
    predictor = make_predictor(tiny_model(tokenizer), tokenizer)
    together = predictor.probabilities(PROMPTS)
    alone = [predictor.probabilities([prompt])[0] for prompt in PROMPTS]
    assert together == pytest.approx(alone, abs=0.02)  # bf16


def test_every_split_is_scored_with_shortcuts_and_published_rows(corpus_dir, trained_model, tmp_path):
    folder = save_tiny(tmp_path / "lm", always="ĠYes")
    common = {"data_dir": corpus_dir, "limit": 2, "answers": tmp_path / "answers"}
    scores = evaluate_language_model(folder, generate=True, shots=2, **common)
    assert len(scores.splits) == 6 and scores.overall.accuracy == pytest.approx(0.5, abs=0.2)
    assert scores.prompting["way"] == "generation" and scores.prompting["shots"] == 2
    assert all(score.unparsable == 0 for score in scores.splits.values())

    own = evaluate_model(trained_model, data_dir=corpus_dir, limit=2)
    text = write_model_report(trained_model, own, [scores]).read_text()
    assert "| lm (generation, 2 examples), shuffled and flipped | " in text
    assert "GPT-4 (published)" in text
    kept = Scores.from_json(read_scores(trained_model / "generalization.json"))
    assert text.startswith(render_report(kept))
    with pytest.raises(ValueError, match="`beside` must be scores on 'transitivity_generalization'"):
        write_model_report(trained_model, own, [replace(scores, config="default")])


def test_the_command_line_scores_a_language_model(corpus_dir, tmp_path, capsys):
    folder = save_tiny(tmp_path / "lm", always="Q", chat=True)
    command = ["evaluate", "--lm", folder, "--data-dir", str(corpus_dir), "--limit", "2"]
    command += ["--answers", str(tmp_path / "answers")]
    page = tmp_path / "page"
    assert main([*command, "--generate", "--json", str(tmp_path / "s.json"), "--report", str(page)]) == 0
    shown = capsys.readouterr().out
    assert "questions got neither a Yes nor a No, or were too long, and count as wrong" in shown
    text = (page / "report.md").read_text()
    assert "Asked by generation, zero-shot, chat template; " in text and (page / "plots" / "overview.png").is_file()
    scores = json.loads((tmp_path / "s.json").read_text())
    assert scores["overall"]["accuracy"] == 0
    assert scores["splits"]["reversed"]["unparsable"] == scores["splits"]["reversed"]["n"]
    assert main(command) == 0
    assert "neither" not in capsys.readouterr().out  # one of two likelihoods is always the larger one


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give either MODEL, which was trained on these questions, or `--lm`"),
        (["model", "--lm", "x"], "give either MODEL"),
        (["model", "--endpoint", "http://x"], "`--endpoint` needs `--lm`"),
        (["--lm", "OUT/none"], "no model folder"),
        (["--lm", "OUT/none", "--shots", "1000"], "`shots` must lie in"),
        (["--lm", "OUT/none", "--max-new-tokens", "0"], "`max_new_tokens` must be at least 1"),
        (["--lm", "model_cards/axiom-looped"], "the model must be a causal language model"),
        (["--lm", "m", "--endpoint", "ftp://x"], "`endpoint` must be a URL"),
        (["--lm", "m", "--endpoint", "http://u:secret@x/v1"], "without user, password and query; got 'http://x/v1'"),
        (["--lm", "m", "--endpoint", "http://x", "--concurrency", "0"], "`concurrency` must be at least 1"),
        (["--lm", "m", "--endpoint", "http://x", "--requests-per-minute", "0"], "`requests_per_minute` must be"),
    ],
)
def test_mistakes_get_one_line(arguments, message, tmp_path, capsys):
    assert main(["evaluate", *(part.replace("OUT", str(tmp_path)) for part in arguments)]) == 2
    shown = capsys.readouterr().err
    assert message in shown and shown.count("\n") == 1 and "secret" not in shown
