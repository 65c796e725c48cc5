"""The axiom decoder: padding, attention implementations, caching and packing."""

import os
from functools import partial

import pytest
import torch
from decoders import (
    PREMISE,
    PROMPTS,
    QUESTIONS,
    as_written,
    assert_close,
    build,
    every_attention,
    every_encoding,
    ids,
    pack,
)
from transformers.integrations.flex_attention import WrappedFlexAttention

from hf_causal.models.axiom import AxiomTokenizer

pytestmark = as_written
compiling_takes_long = pytest.mark.skipif(
    "HF_CAUSAL_FULL_SIZE" not in os.environ, reason="half a minute of C++: run `make attack`"
)


class TestPadding:
    @torch.no_grad()
    @every_encoding
    @every_attention
    @pytest.mark.parametrize("side", ["left", "right"])
    def test_padding_does_not_change_the_logits(self, encoding, attention, side):
        model, tokenizer = build(encoding, attention), AxiomTokenizer(padding_side=side)
        batch = tokenizer(list(PROMPTS), padding=True, return_tensors="pt")
        assert (batch.attention_mask == 0).any()
        padded = model(**batch).logits
        for row, prompt in enumerate(PROMPTS):
            alone = build(encoding)(**tokenizer(prompt, return_tensors="pt")).logits[0]
            assert_close(padded[row][batch.attention_mask[row].bool()], alone)


class TestAttentionImplementations:
    @torch.no_grad()
    @every_encoding
    @pytest.mark.parametrize("attention", ["eager", "flex_attention"])
    def test_they_agree(self, encoding, attention):
        assert_close(build(encoding, attention)(ids(20, 2)).logits, build(encoding, "sdpa")(ids(20, 2)).logits)


class TestGeneration:
    @pytest.mark.parametrize("attention", ["eager", "sdpa"])
    @every_encoding
    def test_cached_generation_equals_uncached(self, encoding, attention):
        model, tokenizer = build(encoding, attention), AxiomTokenizer()
        batch = tokenizer(list(PROMPTS), padding=True, return_tensors="pt")
        settings = {"do_sample": False, "min_new_tokens": 8, "max_new_tokens": 8}
        settings |= {"output_logits": True, "return_dict_in_generate": True}
        cached = model.generate(**batch, use_cache=True, **settings)
        uncached = model.generate(**batch, use_cache=False, **settings)
        assert cached.sequences.shape[1] == batch.input_ids.shape[1] + 8
        assert torch.equal(cached.sequences, uncached.sequences)
        assert_close(torch.stack(cached.logits), torch.stack(uncached.logits))

    @torch.no_grad()
    @every_encoding
    def test_reading_in_two_steps_equals_reading_at_once(self, encoding):
        model = build(encoding)
        whole = model(ids(12, 2)).logits
        first = model(ids(12, 2)[:, :7], use_cache=True)
        second = model(ids(12, 2)[:, 7:], past_key_values=first.past_key_values)
        assert_close(torch.cat([first.logits, second.logits], dim=1), whole)

    @torch.no_grad()
    def test_no_cache_is_kept_with_use_cache_false(self):
        assert build()(ids(), use_cache=False).past_key_values is None


class TestPacking:
    """Rows packed by hand: the premise is segment 0, the questions are 1, 2, …, padding is -1."""

    def alone(self, model, question, premise=PREMISE):
        """Logits of the question's tokens in a prompt of its own."""
        tokenizer = AxiomTokenizer()
        length = len(tokenizer(question, add_special_tokens=False).input_ids)
        return model(**tokenizer(f"{premise} {question}", return_tensors="pt")).logits[0, -length:]

    @torch.no_grad()
    @every_encoding
    @every_attention
    def test_packed_questions_equal_separate_prompts(self, encoding, attention):
        model = build(encoding, attention)
        row, segments, spans = pack()
        packed = model(row, segment_ids=segments).logits[0]
        for question, span in zip(QUESTIONS, spans, strict=True):
            assert_close(packed[span], self.alone(build(encoding), question))

    @torch.no_grad()
    @every_encoding
    def test_rows_with_premises_of_different_lengths_share_a_batch(self, encoding):
        model = build(encoding)
        short = "no causes X7."
        row, segments, spans = pack()
        missing = row.shape[1] - pack(premise=short, right=0)[0].shape[1]
        other, other_segments, other_spans = pack(premise=short, right=missing)
        packed = model(torch.cat([row, other]), segment_ids=torch.cat([segments, other_segments])).logits
        for question, span, other_span in zip(QUESTIONS, spans, other_spans, strict=True):
            assert_close(packed[0, span], self.alone(model, question))
            assert_close(packed[1, other_span], self.alone(model, question, premise=short))

    @torch.no_grad()
    @every_encoding
    def test_padding_on_the_left_changes_nothing(self, encoding):
        model = build(encoding)
        row, segments, spans = pack(left=4, right=0)
        packed = model(row, segment_ids=segments).logits[0]
        for question, span in zip(QUESTIONS, spans, strict=True):
            assert_close(packed[span], self.alone(model, question))

    @torch.no_grad()
    @every_encoding
    def test_the_order_of_the_questions_does_not_matter(self, encoding):
        model = build(encoding)
        row, segments, spans = pack()
        turned, turned_segments, turned_spans = pack(QUESTIONS[::-1])
        packed = model(row, segment_ids=segments).logits[0]
        reversed_pack = model(turned, segment_ids=turned_segments).logits[0]
        for span, turned_span in zip(spans, turned_spans[::-1], strict=True):
            assert_close(reversed_pack[turned_span], packed[span])

    @torch.no_grad()
    def test_without_segments_the_questions_would_see_each_other(self):
        row, _, spans = pack()
        leaked = build()(row).logits[0, spans[-1]]
        assert not torch.allclose(leaked, self.alone(build(), QUESTIONS[-1]), atol=1e-2)

    @torch.no_grad()
    @pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=compiling_takes_long)])
    def test_compiled_flex_attention_packs_too(self, backend, monkeypatch):
        monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=backend))
        monkeypatch.setattr(WrappedFlexAttention, "_instance", None)  # compiles once in a process
        model = build("rope", "flex_attention")
        row, segments, spans = pack()
        with torch.compiler.set_stance("default"):
            packed = model(row, segment_ids=segments).logits[0]
        for question, span in zip(QUESTIONS, spans, strict=True):
            assert_close(packed[span], self.alone(build("rope"), question))

    @torch.no_grad()
    def test_a_pack_cannot_continue_a_cache(self):
        model = build()
        past = model(ids(), use_cache=True).past_key_values
        row, segments, _ = pack()
        with pytest.raises(ValueError, match="`segment_ids`.*`past_key_values`"):
            model(row, segment_ids=segments, past_key_values=past)


class TestTrees:
    """Prompts that share what they begin with, written depth first by hand."""

    PROMPTS = (
        "A causes B. Does A cause B?",
        "A causes B. Does A cause C?",
        "A causes B. Does B cause A?",
        "A causes C.",
    )

    def tree(self, left=0, right=0):
        """One row of all prompts: ids, subtree ends, and the place of each token of each prompt."""
        row, places, paths = [0] * left, [], {}
        for tokens in AxiomTokenizer()(list(self.PROMPTS)).input_ids:
            beginnings = [tuple(tokens[:size]) for size in range(1, len(tokens) + 1)]
            for beginning in beginnings:
                if beginning not in paths:
                    paths[beginning] = len(row)
                    row.append(beginning[-1])
            places.append([paths[beginning] for beginning in beginnings])
        ends = list(range(1, len(row) + right + 1))
        for path, place in paths.items():
            ends[place] = 1 + max(other for longer, other in paths.items() if longer[: len(path)] == path)
        return torch.tensor([row + [0] * right]), torch.tensor([ends]), places

    @torch.no_grad()
    @every_encoding
    @every_attention
    @pytest.mark.parametrize("padding", [(0, 0), (0, 3), (4, 0)])
    def test_every_branch_is_read_as_if_it_stood_alone(self, encoding, attention, padding):
        row, ends, places = self.tree(*padding)
        assert row.shape[1] - sum(padding) < 0.7 * sum(map(len, places))
        packed = build(encoding, attention)(row, subtree_ends=ends).logits[0]
        for prompt, place in zip(self.PROMPTS, places, strict=True):
            alone = build(encoding)(**AxiomTokenizer()(prompt, return_tensors="pt")).logits[0]
            assert_close(packed[place], alone)

    @torch.no_grad()
    @every_encoding
    @every_attention
    def test_the_last_block_computes_what_is_kept(self, encoding, attention):
        row, ends, places = self.tree(right=3)
        keep = torch.tensor([[place[-1] for place in places]])
        model = build(encoding, attention)
        kept = model(row, subtree_ends=ends, logits_to_keep=keep).logits
        assert_close(kept, model(row, subtree_ends=ends).logits[:, keep[0]])

    @every_encoding
    @pytest.mark.parametrize("attention", ["eager", "sdpa"])  # flex attention has no backward pass on a CPU
    def test_what_is_kept_has_the_same_gradients(self, encoding, attention):
        row, ends, places = self.tree(right=3)
        keep = torch.tensor([[place[-1] for place in places] + [0]])
        models = [build(encoding, attention) for _ in range(2)]
        kept = models[0](row, subtree_ends=ends, logits_to_keep=keep).logits
        whole = models[1](row, subtree_ends=ends).logits[:, keep[0]]
        assert kept.shape == (1, 5, 73)
        assert_close(kept, whole)
        kept.square().sum().backward()
        whole.square().sum().backward()
        for mine, other in zip(models[0].parameters(), models[1].parameters(), strict=True):
            torch.testing.assert_close(mine.grad, other.grad, rtol=1e-3, atol=1e-3)

    @torch.no_grad()
    def test_the_last_block_computes_fewer_tokens(self):
        model, seen = build(), []
        model.model.layers[-1].mlp.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].shape[1]))
        row, ends, places = self.tree()
        model(row, subtree_ends=ends, logits_to_keep=torch.tensor([[3, 5]]))
        states = model(row, subtree_ends=ends, logits_to_keep=torch.tensor([[3, 5]]), output_hidden_states=True)
        assert seen == [2, row.shape[1]]
        assert states.hidden_states[-1].shape[1] == row.shape[1] and states.logits.shape[1] == 2

    def test_a_row_is_packed_in_one_way_and_without_a_cache(self):
        row, ends, _ = self.tree()
        with pytest.raises(ValueError, match="`segment_ids` or `subtree_ends`, not both"):
            build()(row, segment_ids=torch.zeros_like(row), subtree_ends=ends)
        past = build()(ids(), use_cache=True).past_key_values
        with pytest.raises(ValueError, match="`subtree_ends`.*`past_key_values`"):
            build()(row, subtree_ends=ends, past_key_values=past)
