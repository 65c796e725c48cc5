"""Rows of sequences with common beginnings: the same logits, losses and gradients as from separate rows."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_finetuning import save_language_model
from transformers import AutoModelForCausalLM

from hf_causal.utils.shared_prefix import (
    fill_rows,
    pad_rows,
    share_prefixes,
    shared_inputs,
    why_not_shared,
)

IGNORED = -100
SEQUENCES = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=8), min_size=1, max_size=8)


@given(SEQUENCES)
@settings(max_examples=60, deadline=None)
def test_a_row_holds_every_sequence_and_stores_each_beginning_once(sequences):
    row = share_prefixes(sequences)
    for number, sequence in enumerate(sequences):
        indices = row.indices(number)
        assert [row.input_ids[index] for index in indices] == sequence
        assert [row.position_ids[index] for index in indices] == list(range(len(sequence)))
        # What a token sees is exactly its sequence up to itself.
        for index in indices:
            seen = [j for j in range(len(row)) if j <= index < row.subtree_ends[j]]
            assert seen == indices[: row.position_ids[index] + 1]
    distinct = {tuple(sequence[:end]) for sequence in sequences for end in range(1, len(sequence) + 1)}
    assert len(row) == len(distinct)


@given(SEQUENCES, st.integers(0, 4))
@settings(max_examples=40, deadline=None)
def test_no_sequence_shares_more_than_it_may(sequences, limit):
    row = share_prefixes(sequences, [limit] * len(sequences))
    tails = [index for number in range(len(sequences)) for index in row.indices(number)[limit:]]
    assert len(set(tails)) == len(tails)


@given(st.lists(st.integers(1, 9), max_size=20), st.integers(9, 20))
@settings(max_examples=40, deadline=None)
def test_rows_are_filled_and_never_too_full(sizes, capacity):
    rows = fill_rows(sizes, capacity)
    assert sorted(item for row in rows for item in row) == list(range(len(sizes)))
    loads = [sum(sizes[item] for item in row) for row in rows]
    assert all(load <= capacity for load in loads)
    assert sum(load * 2 <= capacity for load in loads) <= 1


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def model(request, tmp_path_factory):
    folder = save_language_model(tmp_path_factory.mktemp(request.param), request.param, scale=0.3)
    return AutoModelForCausalLM.from_pretrained(folder).eval()


def questions(generator, count):
    """Sequences behind one beginning, with labels for the last tokens of each."""
    draw = lambda size: torch.randint(2, 60, (size,), generator=generator).tolist()  # noqa: E731
    premise = draw(9)
    rows = []
    for _ in range(count):
        prompt, answer = [*premise, *draw(int(torch.randint(3, 7, (1,), generator=generator)))], draw(3)
        rows.append(([*prompt, *answer], [IGNORED] * len(prompt) + answer))
    return rows


def gradients(model, losses):
    model.zero_grad()
    sum(losses).backward()
    return {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_losses_and_gradients_are_those_of_separate_rows(model, implementation):
    model.set_attn_implementation(implementation)
    generator = torch.Generator().manual_seed(0)
    groups = [questions(generator, 4), questions(generator, 2)]
    alone = [
        model(input_ids=torch.tensor([ids]), labels=torch.tensor([labels]), num_items_in_batch=18).loss
        for group in groups
        for ids, labels in group
    ]
    expected = gradients(model, alone)
    rows = [share_prefixes([ids for ids, _ in group], [len(ids) - 4 for ids, _ in group]) for group in groups]
    targets = []
    for row, group in zip(rows, groups, strict=True):
        targets.append([IGNORED] * len(row))
        for number, (_, labels) in enumerate(group):
            for index, label in zip(row.indices(number), labels, strict=True):
                targets[-1][index] = label
    inputs = shared_inputs(rows, 0, model)
    loss = model(**inputs, labels=pad_rows(targets, IGNORED), num_items_in_batch=18).loss
    assert loss.item() == pytest.approx(sum(one.item() for one in alone), rel=1e-5)
    found = gradients(model, [loss])
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        assert torch.allclose(found[name], gradient, rtol=1e-3, atol=1e-5), name


def test_branches_are_predicted_from_their_parents(model):
    """Two answers to one prompt, as scoring by likelihood compares them."""
    model.set_attn_implementation("sdpa")
    prompt, answers = [5, 6, 7, 8], ([20, 21], [20, 22, 23], [30])
    row = share_prefixes([[*prompt, *answer] for answer in answers])
    assert len(row) == 9
    with torch.no_grad():
        log_probs = model(**shared_inputs([row], 0, model)).logits[0].log_softmax(-1)
        for number, answer in enumerate(answers):
            tail = row.indices(number)[len(prompt) :]
            found = [log_probs[row.parents[index], row.input_ids[index]].item() for index in tail]
            ids = torch.tensor([[*prompt, *answer]])
            alone = model(ids).logits[0].log_softmax(-1)
            expected = [alone[len(prompt) - 1 + place, token].item() for place, token in enumerate(answer)]
            assert found == pytest.approx(expected, abs=1e-4)


def test_models_that_can_and_cannot(model, monkeypatch):
    for implementation in ("sdpa", "eager"):
        model.set_attn_implementation(implementation)
        assert why_not_shared(model) is None
    assert why_not_shared(model.to(torch.bfloat16)) is None
    model.to(torch.float32)
    model.set_attn_implementation("sdpa")
    monkeypatch.setattr(model.config, "_attn_implementation_internal", "flash_attention_2")
    assert "'flash_attention_2' takes no mask" in why_not_shared(model)
    monkeypatch.undo()
    monkeypatch.setattr(model.config, "sliding_window", 8, raising=False)
    assert why_not_shared(model, 8) is None and "window of 8 tokens" in why_not_shared(model, 9)
    monkeypatch.undo()
    # A model that drops the mask, or the positions.
    forward = model.forward
    for dropped in ("attention_mask", "position_ids"):

        def without(input_ids, position_ids=None, attention_mask=None, use_cache=None, dropped=dropped):
            options = {"position_ids": position_ids, "attention_mask": attention_mask} | {dropped: None}
            return forward(input_ids, **options, use_cache=False)

        monkeypatch.setattr(model, "forward", without)
        assert "does not keep the questions of a row apart" in why_not_shared(model)
    monkeypatch.setattr(model, "forward", lambda input_ids, attention_mask=None: None)
    assert "takes no `position_ids`" in why_not_shared(model)
