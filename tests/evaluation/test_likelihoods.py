"""Likelihoods with shared beginnings equal those of each text as a row alone, for the architectures of the field."""

import inspect

import pytest
import torch
from tiny_language_models import tiny_model, tiny_tokenizer
from transformers import AutoModelForCausalLM, LlamaConfig, MambaConfig, MistralConfig, Qwen2Config

from hf_causal.evaluation.language_models.likelihoods import Likelihoods, pack, tokenized_choice
from hf_causal.evaluation.language_models.local import LocalModel
from hf_causal.evaluation.language_models.prompts import PromptFormat

PREMISES = ["A causes B. B causes C. C causes D.", "Xy causes z9. z9 causes Q.", "A causes B. B causes C. E causes D."]
PROMPTS = [
    f"{premise} Does {cause} cause {effect}?"
    for premise, nodes in zip(PREMISES, ("ABCD", ("Xy", "z9", "Q"), "ABCDE"), strict=True)
    for cause, effect in ((nodes[0], nodes[1]), (nodes[0], nodes[-1]), (nodes[-1], nodes[0]))
]
SIZES = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}


def llama(tokenizer, config=LlamaConfig, **options):
    """A model of the Llama family with random weights large enough that everything matters."""
    torch.manual_seed(0)
    sizes = {**SIZES, "num_key_value_heads": 1, "vocab_size": len(tokenizer), "max_position_embeddings": 2048}
    model = AutoModelForCausalLM.from_config(config(**{**sizes, **options}, bos_token_id=0, eos_token_id=0))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, 0, 0.6)
    return model.eval()


def log_odds(model, tokenizer, folder, share, shots=0, **options):
    asked = LocalModel(model, tokenizer, PromptFormat(False, shots), answers=folder, share=share, **options)
    asked.predict(PROMPTS)
    replies = asked.cache.complete([asked.render(prompt) for prompt in PROMPTS], None)
    return [reply["yes"] - reply["no"] for reply in replies], asked


@pytest.mark.parametrize("architecture", ["gpt2", "llama", "qwen2", "mistral"])
@pytest.mark.parametrize(("shots", "chat", "whole_answers"), [(0, False, True), (2, True, False)])
def test_shared_beginnings_change_no_score(architecture, shots, chat, whole_answers, tmp_path):
    tokenizer = tiny_tokenizer(whole_answers, chat)
    configs = {"llama": LlamaConfig, "qwen2": Qwen2Config, "mistral": MistralConfig}
    model = tiny_model(tokenizer) if architecture == "gpt2" else llama(tokenizer, configs[architecture])
    alone, _ = log_odds(model, tokenizer, tmp_path / "alone", False, shots, tokens_per_batch=1)
    for tokens_per_batch in (1, 600, 16_384):
        shared, asked = log_odds(
            model, tokenizer, tmp_path / str(tokens_per_batch), True, shots, tokens_per_batch=tokens_per_batch
        )
        assert asked.likelihoods.why_not_shared is None
        assert shared == pytest.approx(alone, abs=1e-4)
    assert max(alone) - min(alone) > 0.1


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_scores_in_bf16_agree_up_to_its_rounding(attention, tmp_path):
    tokenizer = tiny_tokenizer()
    model = llama(tokenizer)
    exact, _ = log_odds(model, tokenizer, tmp_path / "fp32", False, shots=1)
    model = model.to(torch.bfloat16)
    model.set_attn_implementation(attention)
    errors = {}
    for share in (True, False):
        scores, asked = log_odds(model, tokenizer, tmp_path / f"bf16{share}", share, shots=1)
        assert (asked.likelihoods.why_not_shared is None) == share
        errors[share] = max(abs(one - other) for one, other in zip(scores, exact, strict=True))
    assert errors[True] < max(2 * errors[False], 0.1)


def test_each_token_of_a_shared_beginning_is_computed_once(tmp_path, monkeypatch):
    tokenizer = tiny_tokenizer()
    model, read = llama(tokenizer), []
    asked = LocalModel(model, tokenizer, PromptFormat(False, shots=4), answers=tmp_path)
    forward = model.forward

    def counted(input_ids, **options):
        read.append(input_ids.numel())
        return forward(input_ids=input_ids, **options)

    counted.__signature__ = inspect.signature(forward)
    monkeypatch.setattr(model, "forward", counted)
    asked.predict(PROMPTS)
    ids = asked.renderer.token_ids([asked.render(prompt) for prompt in PROMPTS])
    cached, row = read[-2:]  # after three short texts that try whether the model allows it
    assert cached > len(ids[0]) // 2 and sum(read[:-2]) < 60
    assert cached + row < 1.8 * max(map(len, ids)) < sum(map(len, ids)) / 4


def test_a_model_that_reads_no_mask_gets_a_row_a_text(tmp_path):
    tokenizer = tiny_tokenizer()
    sizes = {"vocab_size": len(tokenizer), "hidden_size": 16, "num_hidden_layers": 1, "state_size": 4}
    model = AutoModelForCausalLM.from_config(MambaConfig(**sizes)).eval()
    shared, asked = log_odds(model, tokenizer, tmp_path / "shared", True)
    assert "takes no `position_ids`" in asked.likelihoods.why_not_shared
    assert shared == log_odds(model, tokenizer, tmp_path / "alone", False)[0]


def test_a_sliding_window_that_is_too_short_is_not_overlooked(tmp_path):
    tokenizer = tiny_tokenizer()
    model = llama(tokenizer, MistralConfig, sliding_window=32)
    shared, _ = log_odds(model, tokenizer, tmp_path / "shared", True)
    assert shared == pytest.approx(log_odds(model, tokenizer, tmp_path / "alone", False)[0], abs=1e-5)


def test_only_equal_tokens_are_shared():
    # The tokenizer merges the end of the first premise with the question: the texts part before that token.
    model = tiny_model(tiny_tokenizer())
    beginning = list(range(10, 40))
    texts = [[*beginning, 50, 7, answer] for answer in (1, 2)], [[*beginning, 51, 8, answer] for answer in (1, 2)]
    choices = [tokenized_choice(pair) for pair in texts]
    assert [one.start for one in choices] == [32, 32] and pack(choices, 30) and pack(choices) == [[0, 1]]
    (shared,) = list(Likelihoods(model, 0, 1000).compute(choices))
    alone = [next(Likelihoods(model, 0, 1000, share=False).compute([one]))[1][0] for one in choices]
    for index, values in zip(*shared, strict=True):
        assert values == pytest.approx(alone[index], abs=1e-4)


def test_choices_with_a_common_beginning_are_in_one_row():
    premises = [list(range(start, start + 20)) for start in (100, 200, 300)]
    texts = [[*premise, question, 1] for question in range(4) for premise in premises]
    choices = [tokenized_choice([text, [*text[:-1], 2]]) for text in texts]
    rows = pack(choices, row_tokens=30)
    assert sorted(map(sorted, rows)) == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]]
    assert sorted(index for row in pack(choices, row_tokens=22) for index in row) == list(range(12))
