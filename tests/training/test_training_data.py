import numpy as np
import pyarrow as pa
import pytest
import torch

from hf_causal.corpora.load import load_corpus
from hf_causal.models import AxiomTokenizer, make_model
from hf_causal.training.dataloader import BatchSampler
from hf_causal.training.next_token import loss_and_hits
from hf_causal.training.objectives import Counts
from hf_causal.training.packing import IGNORED, PackedPrompts


@pytest.fixture(scope="module")
def tokenizer():
    return AxiomTokenizer()


@pytest.fixture(scope="module")
def rows(corpus_dir):
    return load_corpus("axiomatic", "transitivity_ts2", "train", corpus_dir)


@pytest.fixture(scope="module")
def packs(rows, tokenizer):
    return PackedPrompts(rows, tokenizer)


def branches(batch, row):
    """Each target of a row: the tokens on the branch that ends at its position, and the target."""
    tokens, ends = batch["input_ids"][row].tolist(), batch["subtree_ends"][row].tolist()
    for position, target in zip(batch["target_positions"][row].tolist(), batch["targets"][row].tolist(), strict=True):
        if target != IGNORED:
            yield [tokens[place] for place in range(position + 1) if ends[place] > position], target


@pytest.mark.parametrize("options", [{}, {"share_beginnings": False}, {"packing": False}])
def test_every_branch_of_a_pack_is_a_prompt_and_its_answer(rows, tokenizer, options):
    few = rows[:200]
    packs = PackedPrompts(few, tokenizer, **options)
    batch = packs.collate(np.arange(len(packs)), tokenizer.pad_token_id)
    found = [branch for row in range(len(packs)) for branch in branches(batch, row)]
    words = few["completion"].to_pylist()
    expected = [(tokenizer(p)["input_ids"], tokenizer.convert_tokens_to_ids(w)) for p, w in zip(
        few["prompt"].to_pylist(), words, strict=True)]  # fmt: skip
    assert found == [expected[row] for row in packs.rows]
    assert sorted(packs.rows) == list(range(200))


def test_beginnings_are_shared_as_far_as_they_go(rows, tokenizer):
    few = rows[:200]
    packs = PackedPrompts(few, tokenizer)
    for pack in range(len(packs)):
        mine = [tokenizer(few["prompt"][int(row)].as_py())["input_ids"]
                for row in packs.rows[packs.questions[:pack].sum() : packs.questions[: pack + 1].sum()]]  # fmt: skip
        assert packs.lengths[pack] == len({tuple(ids[:size]) for ids in mine for size in range(1, len(ids) + 1)})
    assert packs.lengths.sum() < 0.9 * PackedPrompts(few, tokenizer, share_beginnings=False).lengths.sum()


def test_the_same_question_twice_is_one_branch_with_two_answers(rows, tokenizer):
    twice = pa.concat_tables([rows[:1], rows[:1]])
    packs = PackedPrompts(twice, tokenizer)
    (first, second) = branches(packs.collate(np.array([0]), tokenizer.pad_token_id), 0)
    assert first == second and packs.lengths[0] == len(first[0])


def test_prompt_targets_are_every_next_token_of_the_premise_once_and_of_each_question(rows, tokenizer):
    few = rows[:60]
    packs = PackedPrompts(few, tokenizer, prompt_targets=True)
    batch = packs.collate(np.arange(len(packs)), tokenizer.pad_token_id)
    premises = dict(zip(few["graph_id"].to_pylist(), few["premise"].to_pylist(), strict=True))
    expected = []
    for premise in premises.values():
        ids = tokenizer(premise)["input_ids"]
        expected += [(ids[:size], ids[size]) for size in range(1, len(ids))]
    for row in few.to_pylist():
        ids = [*tokenizer(row["prompt"])["input_ids"], tokenizer.convert_tokens_to_ids(row["completion"])]
        start = len(tokenizer(row["premise"])["input_ids"])
        expected += [(ids[:size], ids[size]) for size in range(start + 1, len(ids))]
    assert sorted(branch for row in range(len(packs)) for branch in branches(batch, row)) == sorted(expected)


def test_padding_sees_itself_alone_and_asks_nothing(packs, tokenizer):
    batch = packs.collate(np.argsort(packs.lengths)[[0, -1]], tokenizer.pad_token_id)
    place = torch.arange(batch["input_ids"].shape[1])
    padding = place >= int(packs.lengths.min())
    assert batch["input_ids"].shape[1] % 8 == 0 and padding.any()
    assert (batch["input_ids"][0, padding] == tokenizer.pad_token_id).all()
    assert (batch["subtree_ends"][0] == torch.where(padding, place + 1, batch["subtree_ends"][0])).all()
    assert (batch["subtree_ends"][0, ~padding] <= int(packs.lengths.min())).all()


def test_every_question_is_in_exactly_one_pack(packs, rows):
    assert packs.questions.sum() == rows.num_rows
    assert len(packs) == len(rows["graph_id"].unique())


def test_without_packing_every_question_has_its_prompt(rows, tokenizer):
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
    shares = BatchSampler(lengths, batch_size=5, seed=3, world_size=2).epoch(0)
    assert shares.shape == (23, 2, 5)
    assert sorted(shares.flat) == list(range(230))


def test_the_order_is_another_in_each_epoch_and_the_same_each_time():
    batches = BatchSampler(np.arange(64), batch_size=4, seed=0)
    first, second = batches.epoch(0), batches.epoch(1)
    assert first.tolist() == BatchSampler(np.arange(64), batch_size=4, seed=0).epoch(0).tolist() != second.tolist()
    assert sorted(first.flat) == sorted(second.flat) == list(range(64))


def test_batches_hold_packs_of_like_length():
    lengths = np.random.default_rng(0).integers(10, 90, 4000)
    shares = BatchSampler(lengths, batch_size=8, seed=0).epoch(0)[:100, 0]
    waste = np.mean([1 - lengths[packs].mean() / lengths[packs].max() for packs in shares])
    assert waste < 0.05


def test_too_little_data_is_refused(rows, tokenizer):
    with pytest.raises(ValueError, match="fewer than one batch of 64"):
        BatchSampler(np.arange(10), batch_size=64, seed=0)
    with pytest.raises(ValueError, match="`rows` is empty"):
        PackedPrompts(rows[:0], tokenizer)
