"""Names that are compared by spelling: no two different ones are taken for each other."""

from itertools import product
from random import Random
from string import ascii_letters, digits

import pytest
import torch
from similar_names import similar_pairs
from transformers import AutoModelForSequenceClassification

from hf_causal.models import AxiomTokenizer, make_model
from hf_causal.models.axiom_looped.names_axiom_looped import number_codes, spelling_codes

LETTERS = ascii_letters + digits
VOCAB = 73


@pytest.fixture(scope="module")
def tokenizer():
    return AxiomTokenizer()


@pytest.fixture(scope="module")
def model(tokenizer):
    torch.manual_seed(0)
    return make_model("axiom_looped", {"name_encoder": "spelling"}, tokenizer).eval()


def codes(names, vocab_size=VOCAB):
    ids = [LETTERS.index(letter) + 4 for name in names for letter in name]
    words = [index for index, name in enumerate(names) for _ in name]
    return spelling_codes(torch.tensor(ids), torch.tensor(words), len(names), vocab_size)


def logits(model, tokenizer, *prompts):
    with torch.no_grad():
        return model(**tokenizer(list(prompts), padding=True, return_tensors="pt")).logits


def test_no_two_names_of_one_to_three_characters_collide():
    names = ["".join(name) for length in (1, 2, 3) for name in product(LETTERS, repeat=length)]
    numbers = codes(names)
    assert len(names) == 242_234 == len(numbers.unique()) and numbers.shape[1] == 1 and (numbers != 0).all()


@pytest.mark.parametrize("vocab_size", [127, 1000])
def test_larger_vocabularies_cut_names_into_more_pieces(vocab_size):
    names = [name for pair in similar_pairs(100, Random(1)) for name in pair]
    numbers = codes(names, vocab_size).tolist()
    assert [a == b for a in names for b in names] == [a == b for a in numbers for b in numbers]


def test_similar_names_do_not_collide():
    pairs = similar_pairs(2000, Random(0))
    first, second = codes([name for pair in pairs for name in pair]).view(len(pairs), 2, -1).unbind(1)
    assert all(one != other for one, other in pairs)
    assert not (first == second).all(-1).any()


def test_equal_names_have_equal_numbers_within_a_row():
    names = ["ab", "abc", "ab", "c" * 30, "c" * 29, "c" * 30, "cab", "bac"]
    numbers = number_codes(codes(names).view(1, len(names), -1))[0].tolist()
    assert [[one == other for other in numbers] for one in numbers] == [[a == b for b in names] for a in names]
    assert min(numbers) > 0
    padded = torch.cat([codes(names), torch.zeros(2, codes(names).shape[1], dtype=torch.long)])
    assert number_codes(padded[None])[0, -2:].tolist() == [0, 0]


def test_many_names_are_numbered_as_few_are(monkeypatch):
    import hf_causal.models.axiom_looped.names_axiom_looped as module

    names = [f"n{index % 40}" for index in range(120)]
    shape = (2, 60, -1)
    by_pairs = number_codes(codes(names).view(shape))
    monkeypatch.setattr(module, "NAMES_COMPARED", 10)
    by_sorting = number_codes(codes(names).view(shape))
    for one, other in zip(by_pairs, by_sorting, strict=True):
        torch.testing.assert_close(one[:, None] == one, other[:, None] == other)


def test_answers_do_not_depend_on_names(model, tokenizer):
    """Names that differ in one character of thirty are as different as A and B."""
    base = "x" * 30
    similar = {"A": base, "B": base[:-1], "C": base[:15] + "X" + base[16:], "D": "X" + base[1:]}
    prompt = "{A} causes {B}. {B} causes {C}. {C} causes {A}. {D} causes {B}. Does {C} cause {D}?"
    plain, renamed = (prompt.format(**names) for names in ({name: name for name in similar}, similar))
    torch.testing.assert_close(logits(model, tokenizer, plain), logits(model, tokenizer, renamed))


def test_it_has_no_weights_for_names_and_survives_saving(model, tokenizer, tmp_path):
    assert not [name for name, _ in model.named_parameters() if "name_encoder" in name or "metric" in name]
    model.save_pretrained(tmp_path)
    prompts = ["A1 causes B. B causes cc. Does A1 cause cc?", "abcdefghijklmnop causes b. Does b cause b?"]
    loaded = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    assert loaded.get_input_embeddings() is None
    torch.testing.assert_close(logits(loaded, tokenizer, *prompts), logits(model, tokenizer, *prompts))


def test_it_learns(tokenizer):
    torch.manual_seed(0)
    model = make_model("axiom_looped", {"name_encoder": "spelling"}, tokenizer).train()
    inputs = tokenizer(["A causes B. Does A cause B?", "A causes B. Does B cause A?"], return_tensors="pt")
    outputs = model(**inputs, labels=torch.tensor([1, 0]))
    outputs.loss.backward()
    assert outputs.name_overlap is None
    assert [name for name, value in model.named_parameters() if value.grad is None] == []


def test_a_stated_self_cause_is_one(model, tokenizer):
    """'A causes A.' is a path from A to A; no trained model has seen such a statement."""
    stated, other = logits(model, tokenizer, "A causes A. A causes B. Does A cause A?", "B causes A. Does A cause A?")
    raised = model._classify(torch.ones(1, 1, 1, model.config.num_attention_heads))[0, 0, 0]
    torch.testing.assert_close(stated, raised)
    torch.testing.assert_close(other, model._classify(torch.zeros(1, 1, 1, model.config.num_attention_heads))[0, 0, 0])
