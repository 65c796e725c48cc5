"""Long prompts are answered along the names that sentences share, as along all pairs of sentences."""

from random import Random

import pytest
import torch

import hf_causal.models.axiom_looped.loop_axiom_looped as loop
from hf_causal.models import AxiomTokenizer, make_model, make_tokenizer

OPTIONS = [{}, {"name_encoder": "spelling"}, {"name_encoder": "spelling", "match_floor": 0.0}]


@pytest.fixture(scope="module")
def tokenizer():
    return AxiomTokenizer()


def statements(seed, nodes):
    """A shuffled chain with a few more statements, some of which close loops."""
    random = Random(seed)
    edges = [(index, index + 1) for index in range(nodes)]
    edges += [(random.randrange(nodes), random.randrange(nodes)) for _ in range(nodes // 3)]
    random.shuffle(edges)
    return " ".join(f"n{cause} causes n{effect}." for cause, effect in edges)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_short_prompts_are_answered_alike_both_ways(tokenizer, monkeypatch, options):
    torch.manual_seed(1)
    model = make_model("axiom_looped", options, tokenizer).eval()
    prompts = [f"{statements(seed, 5 + 4 * seed)} Does n1 cause n4? Does n3 cause n0?" for seed in range(4)]
    inputs = tokenizer(prompts, padding=True, return_tensors="pt")
    with torch.no_grad():
        expected = model(**inputs)
        monkeypatch.setattr(loop, "LONG", 0)
        found = model(**inputs)
    torch.testing.assert_close(found.question_logits, expected.question_logits, rtol=1e-4, atol=1e-4)
    assert found.num_loops.tolist() == expected.num_loops.tolist()
    filled = expected.sentence_logits.shape[2] - 1
    longest = slice(-1, None)  # the last prompt fills all slots
    torch.testing.assert_close(
        found.sentence_logits[longest, :, :filled], expected.sentence_logits[longest, :, :filled], rtol=1e-4, atol=1e-4
    )


def test_questions_about_separation_too(monkeypatch):
    torch.manual_seed(2)
    tokenizer = make_tokenizer("axiom_looped", ["transitivity", "d_separation"])
    options = {"separate_blocks": True, "name_encoder": "spelling"}
    model = make_model("axiom_looped", options, tokenizer).eval()
    prompts = [
        "A causes B. C causes B. B causes D. Are A and C d-separated given {D}?",
        "A causes B. C causes B. B causes D. Does A cause D?",
    ]
    inputs = tokenizer(prompts, padding=True, return_tensors="pt")
    with torch.no_grad():
        expected = model(**inputs).logits
        monkeypatch.setattr(loop, "LONG", 0)
        torch.testing.assert_close(model(**inputs).logits, expected, rtol=1e-4, atol=1e-4)


def test_many_statements_about_one_name_take_little_memory(tokenizer):
    """All pairs of 3,000 statements and 16 heads would be more than half a gigabyte."""
    torch.manual_seed(1)
    model = make_model("axiom_looped", {"name_encoder": "spelling"}, tokenizer).eval()
    star = " ".join(f"hub causes n{index}." for index in range(3000))
    few = " ".join(f"hub causes n{index}." for index in range(10))
    with torch.no_grad():
        answers = [
            model(**tokenizer(f"{text} Does hub cause n7?", return_tensors="pt")).logits for text in (star, few)
        ]
    torch.testing.assert_close(*answers, rtol=1e-4, atol=1e-4)
