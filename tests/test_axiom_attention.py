"""The axiom decoder: padding, attention implementations, caching and packing."""

import shutil

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

from hf_causal.models.axiom import AxiomTokenizer

pytestmark = as_written


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
    def test_no_cache_is_kept_when_none_is_wanted(self):
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
    @pytest.mark.skipif(not any(map(shutil.which, ("c++", "g++", "clang++"))), reason="compiling needs a C++ compiler")
    def test_compiled_flex_attention_packs_too(self):
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
