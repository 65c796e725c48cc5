import numpy as np
import pytest
import torch

from hf_causal.dataset_builders import load_corpus
from hf_causal.models import AxiomTokenizer, make_model
from hf_causal.training.data import IGNORED, PADDING_SEGMENT, Batches, PackedPrompts
from hf_causal.training.objective import Counts, loss_and_hits


@pytest.fixture(scope="module")
def tokenizer():
    return AxiomTokenizer()


@pytest.fixture(scope="module")
def rows(corpus_dir):
    return load_corpus("axiomatic", "transitivity_ts2", "train", corpus_dir)


@pytest.fixture(scope="module")
def packs(rows, tokenizer):
    return PackedPrompts(rows, tokenizer)


def test_a_pack_is_its_premise_and_every_question_about_it(packs, rows, tokenizer):
    first = [row for row in rows.slice(0, 20).to_pylist() if row["graph_id"] == rows["graph_id"][0].as_py()]
    batch = packs.collate(np.array([0]), tokenizer.pad_token_id)
    tokens, segments, targets = (batch[name][0] for name in ("input_ids", "segment_ids", "targets"))
    for number, row in enumerate(first, start=1):
        alone = tokenizer(row["prompt"])["input_ids"]
        mine = tokens[(segments == 0) | (segments == number)]
        assert mine.tolist() == alone
        assert targets[segments == number][-1] == tokenizer.convert_tokens_to_ids(row["completion"])
        assert targets[segments == number][:-1].tolist() == tokens[segments == number][1:].tolist()
    assert segments.max() == len(first)
    assert (tokens[segments == PADDING_SEGMENT] == tokenizer.pad_token_id).all()
    assert (targets[segments == PADDING_SEGMENT] == IGNORED).all()


def test_every_question_is_in_exactly_one_pack(packs, rows):
    assert packs.questions.sum() == rows.num_rows
    assert len(packs) == len(rows["graph_id"].unique())


def test_without_packing_every_question_stands_alone(rows, tokenizer):
    alone = PackedPrompts(rows[:50], tokenizer, packing=False)
    assert len(alone) == 50 and (alone.questions == 1).all()


@pytest.mark.parametrize("encoding", ["none", "learned", "sinusoidal", "rope"])
@pytest.mark.parametrize("prompt_loss_weight", [0.0, 1.0])
def test_the_loss_of_packed_questions_is_that_of_separate_prompts(rows, tokenizer, encoding, prompt_loss_weight):
    torch.manual_seed(0)
    arguments = {"position_encoding": encoding, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = make_model("axiom", arguments, tokenizer)
    results = []
    for packing in (True, False):
        packed = PackedPrompts(rows[:40], tokenizer, packing)
        batch = packed.collate(np.arange(len(packed)), tokenizer.pad_token_id)
        totals = Counts(torch.tensor(40.0), torch.tensor(1.0))
        _, answer_sum, hits = loss_and_hits(model, batch, packed.answer_ids, totals)
        # Prompt tokens of a shared premise are counted once, so only the answers are equal between the two forms.
        results.append((answer_sum.item(), hits.item()))
        loss, _, _ = loss_and_hits(model, batch, packed.answer_ids, totals, prompt_loss_weight)
        assert torch.isfinite(loss)
    assert results[0][1] == results[1][1]
    assert results[0][0] == pytest.approx(results[1][0], rel=1e-5)


def test_an_epoch_uses_every_pack_once_over_all_processes():
    lengths = np.random.default_rng(0).integers(10, 90, 230)
    shares = Batches(lengths, batch_size=5, seed=3, world_size=2).epoch(0)
    assert shares.shape == (23, 2, 5)
    assert sorted(shares.flat) == list(range(230))


def test_the_order_is_another_in_each_epoch_and_the_same_each_time():
    batches = Batches(np.arange(64), batch_size=4, seed=0)
    first, second = batches.epoch(0), batches.epoch(1)
    assert first.tolist() == Batches(np.arange(64), batch_size=4, seed=0).epoch(0).tolist() != second.tolist()
    assert sorted(first.flat) == sorted(second.flat) == list(range(64))


def test_batches_hold_packs_of_like_length():
    lengths = np.random.default_rng(0).integers(10, 90, 4000)
    shares = Batches(lengths, batch_size=8, seed=0).epoch(0)[:100, 0]
    waste = np.mean([1 - lengths[packs].mean() / lengths[packs].max() for packs in shares])
    assert waste < 0.05


def test_too_little_data_is_refused(rows, tokenizer):
    with pytest.raises(ValueError, match="fewer than one batch of 64"):
        Batches(np.arange(10), batch_size=64, seed=0)
    with pytest.raises(ValueError, match="`rows` is empty"):
        PackedPrompts(rows[:0], tokenizer)
