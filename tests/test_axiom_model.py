"""The axiom decoder: parity with the library's models, padding, caching, packing, loading and training."""

import math
import shutil

import numpy as np
import pytest
import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
)

from hf_causal.models.axiom import AxiomConfig, AxiomForCausalLM, AxiomModel, AxiomTokenizer
from hf_causal.models.axiom.configuration_axiom import POSITION_ENCODINGS
from hf_causal.models.axiom.modeling_axiom import sinusoidal_positions

TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 64}
ATTENTIONS = ("eager", "sdpa", "flex_attention")
PROMPTS = (
    "A causes B. B causes Cat. Does A cause Cat?",
    "no causes X7. Does X7 cause no?",
    "x causes y. y causes z. z causes w. Does w cause x?",
)

pytestmark = pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
every_encoding = pytest.mark.parametrize("encoding", POSITION_ENCODINGS)
every_attention = pytest.mark.parametrize("attention", ATTENTIONS)


def config(encoding: str = "none", **changes) -> AxiomConfig:
    return AxiomConfig(**{**TINY, "position_encoding": encoding, **changes})


def randomize(model: nn.Module, seed: int = 0) -> None:
    """Weights large enough, biases and norms included, that a wrong position or mask moves every logit."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)


def build(encoding: str = "none", attention: str = "sdpa", **changes) -> AxiomForCausalLM:
    model = AxiomForCausalLM(config(encoding, **changes)).eval()
    randomize(model)
    model.set_attn_implementation(attention)
    return model


def ids(length: int = 12, batch: int = 1, seed: int = 1) -> torch.Tensor:
    return torch.randint(4, 73, (batch, length), generator=torch.Generator().manual_seed(seed))


def assert_close(actual: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(actual, expected, atol=2e-5, rtol=2e-4)


@pytest.fixture(autouse=True)
def uncompiled():
    """Flex attention runs as written: compiling each of its masks would take ten seconds."""
    with torch.compiler.set_stance("force_eager"):
        yield


class TestParityWithTheLibrary:
    @staticmethod
    def gpt2(model: AxiomForCausalLM) -> GPT2LMHeadModel:
        """GPT-2 at the same weights; its linear layers are stored transposed."""
        settings = GPT2Config(vocab_size=73, n_embd=32, n_layer=2, n_head=4, n_positions=64)
        ours, theirs = model.state_dict(), {}
        for name, weights in ours.items():
            for old, new in [
                ("model.embed_tokens", "transformer.wte"),
                ("model.embed_positions", "transformer.wpe"),
                ("model.norm", "transformer.ln_f"),
                ("model.layers", "transformer.h"),
                ("input_layernorm", "ln_1"),
                ("post_attention_layernorm", "ln_2"),
                ("self_attn.qkv_proj", "attn.c_attn"),
                ("self_attn.o_proj", "attn.c_proj"),
                ("mlp.up_proj", "mlp.c_fc"),
                ("mlp.down_proj", "mlp.c_proj"),
            ]:
                name = name.replace(old, new)
            theirs[name] = weights.T if weights.ndim == 2 and ".c_" in name else weights
        theirs.setdefault("transformer.wpe.weight", torch.zeros(64, 32))
        reference = GPT2LMHeadModel(settings).eval()
        reference.load_state_dict(theirs, strict=True)
        return reference

    @staticmethod
    def gpt_neox(model: AxiomForCausalLM) -> GPTNeoXForCausalLM:
        """GPT-NeoX at the same weights; it stores query, key and value head by head."""
        settings = GPTNeoXConfig(
            vocab_size=73,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=128,
            hidden_act="gelu_pytorch_tanh",
            use_parallel_residual=False,
            rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 1.0},
        )
        theirs = {}
        for name, weights in model.state_dict().items():
            if "qkv_proj" in name:
                weights = weights.unflatten(0, (3, 4, 8)).transpose(0, 1).flatten(0, 2)
            for old, new in [
                ("model.embed_tokens", "gpt_neox.embed_in"),
                ("model.norm", "gpt_neox.final_layer_norm"),
                ("model.layers", "gpt_neox.layers"),
                ("self_attn.qkv_proj", "attention.query_key_value"),
                ("self_attn.o_proj", "attention.dense"),
                ("mlp.up_proj", "mlp.dense_h_to_4h"),
                ("mlp.down_proj", "mlp.dense_4h_to_h"),
            ]:
                name = name.replace(old, new)
            theirs[name] = weights
        reference = GPTNeoXForCausalLM(settings).eval()
        reference.load_state_dict(theirs, strict=True)
        return reference

    @torch.no_grad()
    def test_learned_positions_are_gpt2(self):
        model = build("learned", tie_word_embeddings=True)
        assert_close(model(ids(20, 2)).logits, self.gpt2(model)(ids(20, 2)).logits)

    @torch.no_grad()
    def test_no_positions_is_gpt2_with_an_empty_position_table(self):
        model = build("none", tie_word_embeddings=True)
        assert_close(model(ids(20, 2)).logits, self.gpt2(model)(ids(20, 2)).logits)

    @torch.no_grad()
    def test_rope_is_gpt_neox(self):
        model = build("rope")
        assert_close(model(ids(20, 2)).logits, self.gpt_neox(model)(ids(20, 2)).logits)


class TestArchitecture:
    def test_the_default_has_the_parameters_of_the_paper_in_use(self):
        with torch.device("meta"):
            model = AxiomForCausalLM(AxiomConfig())
        assert 37.8e6 < model.num_parameters() < 38.0e6

    def test_learned_positions_add_their_table_and_nothing_else(self):
        with torch.device("meta"):
            plain, learned = (AxiomForCausalLM(AxiomConfig(position_encoding=name)) for name in ("none", "learned"))
        assert learned.num_parameters() - plain.num_parameters() == 2048 * 512

    def test_the_feed_forward_layer_is_four_times_as_wide(self):
        assert config().intermediate_size == 128
        assert config(intermediate_size=48).intermediate_size == 48

    def test_projections_into_the_residual_stream_start_smaller(self):
        model = AxiomForCausalLM(config(hidden_size=128))
        layer = model.model.layers[0]
        for module in (layer.self_attn.o_proj, layer.mlp.down_proj):
            assert module.weight.std().item() == pytest.approx(0.02 / math.sqrt(4), rel=0.1)
        for module in (layer.self_attn.qkv_proj, layer.mlp.up_proj, model.lm_head, model.model.embed_tokens):
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.1)
        assert not layer.self_attn.qkv_proj.bias.any()

    @torch.no_grad()
    @every_encoding
    def test_order_in_the_past_matters(self, encoding):
        model = build(encoding)
        assert not torch.allclose(
            model(ids()).logits[:, -1], model(ids()[:, [3, 1, 2, 0, *range(4, 12)]]).logits[:, -1]
        )

    @torch.no_grad()
    @every_encoding
    def test_the_future_does_not_matter(self, encoding):
        model = build(encoding)
        changed = ids().clone()
        changed[:, 7:] = 9
        assert_close(model(changed).logits[:, :7], model(ids()).logits[:, :7])

    @torch.no_grad()
    @pytest.mark.parametrize(("encoding", "moves"), [("none", 0), ("rope", 0), ("learned", 1), ("sinusoidal", 1)])
    def test_only_absolute_positions_move_the_logits_when_shifted(self, encoding, moves):
        model = build(encoding)
        shifted = model(ids(), position_ids=torch.arange(12)[None] + 5).logits
        difference = (shifted - model(ids()).logits).abs().max()
        assert difference > 1e-2 if moves else difference < 1e-4


class TestSinusoidalPositions:
    @pytest.mark.parametrize("width", [2, 7, 32])
    def test_they_are_those_of_the_formula(self, width):
        positions, columns = np.arange(600)[:, None], np.arange(width)[None]
        angles = positions / 10000 ** (2 * (columns // 2) / width)
        expected = np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))
        actual = sinusoidal_positions(torch.arange(600)[None], width)
        assert actual.shape == (1, 600, width)
        np.testing.assert_allclose(actual[0].numpy(), expected, atol=1e-3)

    @torch.no_grad()
    def test_the_model_adds_them_to_the_embeddings(self):
        model, plain = build("sinusoidal"), build("none")
        plain.load_state_dict(model.state_dict())
        embeds = model.model.embed_tokens(ids()) + sinusoidal_positions(torch.arange(12)[None], 32)
        assert_close(model(ids()).logits, plain(inputs_embeds=embeds).logits)


class TestLoading:
    @torch.no_grad()
    @every_encoding
    def test_save_then_load_gives_equal_logits(self, encoding, tmp_path):
        model = build(encoding)
        model.save_pretrained(tmp_path)
        for loaded in (AxiomForCausalLM.from_pretrained(tmp_path), AutoModelForCausalLM.from_pretrained(tmp_path)):
            assert loaded.config.position_encoding == encoding
            assert torch.equal(loaded(ids()).logits, model(ids()).logits)

    @pytest.mark.parametrize(
        "missing",
        [
            "model.layers.0.self_attn.qkv_proj.bias",
            "model.layers.0.self_attn.o_proj.bias",
            "model.layers.1.mlp.down_proj.bias",
            "model.layers.1.input_layernorm.bias",
            "model.norm.bias",
        ],
    )
    def test_a_missing_key_leaves_the_loaded_weights_alone(self, missing, tmp_path):
        build("learned").save_pretrained(tmp_path)
        file = tmp_path / "model.safetensors"
        weights = load_file(file)
        del weights[missing]
        save_file(weights, file, metadata={"format": "pt"})
        loaded, report = AxiomForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
        assert set(report["missing_keys"]) == {missing}
        state = loaded.state_dict()
        assert not state.pop(missing).any()
        assert set(state) == set(weights)
        assert [name for name in state if not torch.equal(state[name], weights[name])] == []

    def test_the_decoder_without_a_head_loads_from_the_same_folder(self, tmp_path):
        model = build("rope")
        model.save_pretrained(tmp_path)
        decoder = AxiomModel.from_pretrained(tmp_path)
        assert torch.equal(decoder(ids()).last_hidden_state, model.model(ids()).last_hidden_state)

    def test_tied_embeddings_are_saved_once_and_tied_again(self, tmp_path):
        model = build(tie_word_embeddings=True)
        assert model.lm_head.weight is model.model.embed_tokens.weight
        model.save_pretrained(tmp_path)
        names = [name for name in load_file(tmp_path / "model.safetensors") if "lm_head" in name or "embed" in name]
        loaded = AxiomForCausalLM.from_pretrained(tmp_path)
        assert len(names) == 1
        assert loaded.lm_head.weight is loaded.model.embed_tokens.weight
        assert torch.equal(loaded(ids()).logits, model(ids()).logits)

    def test_untied_embeddings_are_two_tables(self):
        model = build()
        assert model.lm_head.weight is not model.model.embed_tokens.weight


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

    PREMISE = "A causes B. B causes Cat."
    QUESTIONS = ("Does A cause Cat?", "Does Cat cause A?", "Does B cause A?")

    def pack(self, questions=QUESTIONS, premise=PREMISE, left=0, right=3):
        """Ids and segments of one row, and the slice of each question in it."""
        tokenizer = AxiomTokenizer()
        row = [0] * left + tokenizer(premise).input_ids
        segments = [-1] * left + [0] * (len(row) - left)
        spans = []
        for number, question in enumerate(questions, start=1):
            tokens = tokenizer(question, add_special_tokens=False).input_ids
            spans.append(slice(len(row), len(row) + len(tokens)))
            row += tokens
            segments += [number] * len(tokens)
        return torch.tensor([row + [0] * right]), torch.tensor([segments + [-1] * right]), spans

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
        row, segments, spans = self.pack()
        packed = model(row, segment_ids=segments).logits[0]
        for question, span in zip(self.QUESTIONS, spans, strict=True):
            assert_close(packed[span], self.alone(build(encoding), question))

    @torch.no_grad()
    @every_encoding
    def test_rows_with_premises_of_different_lengths_share_a_batch(self, encoding):
        model = build(encoding)
        short = "no causes X7."
        row, segments, spans = self.pack()
        missing = row.shape[1] - self.pack(premise=short, right=0)[0].shape[1]
        other, other_segments, other_spans = self.pack(premise=short, right=missing)
        packed = model(torch.cat([row, other]), segment_ids=torch.cat([segments, other_segments])).logits
        for question, span, other_span in zip(self.QUESTIONS, spans, other_spans, strict=True):
            assert_close(packed[0, span], self.alone(model, question))
            assert_close(packed[1, other_span], self.alone(model, question, premise=short))

    @torch.no_grad()
    @every_encoding
    def test_padding_on_the_left_changes_nothing(self, encoding):
        model = build(encoding)
        row, segments, spans = self.pack(left=4, right=0)
        packed = model(row, segment_ids=segments).logits[0]
        for question, span in zip(self.QUESTIONS, spans, strict=True):
            assert_close(packed[span], self.alone(model, question))

    @torch.no_grad()
    @every_encoding
    def test_the_order_of_the_questions_does_not_matter(self, encoding):
        model = build(encoding)
        row, segments, spans = self.pack()
        turned, turned_segments, turned_spans = self.pack(self.QUESTIONS[::-1])
        packed = model(row, segment_ids=segments).logits[0]
        reversed_pack = model(turned, segment_ids=turned_segments).logits[0]
        for span, turned_span in zip(spans, turned_spans[::-1], strict=True):
            assert_close(reversed_pack[turned_span], packed[span])

    @torch.no_grad()
    def test_without_segments_the_questions_would_see_each_other(self):
        row, _, spans = self.pack()
        leaked = build()(row).logits[0, spans[-1]]
        assert not torch.allclose(leaked, self.alone(build(), self.QUESTIONS[-1]), atol=1e-2)

    @torch.no_grad()
    @pytest.mark.skipif(not any(map(shutil.which, ("c++", "g++", "clang++"))), reason="compiling needs a C++ compiler")
    def test_compiled_flex_attention_packs_too(self):
        model = build("rope", "flex_attention")
        row, segments, spans = self.pack()
        with torch.compiler.set_stance("default"):
            packed = model(row, segment_ids=segments).logits[0]
        for question, span in zip(self.QUESTIONS, spans, strict=True):
            assert_close(packed[span], self.alone(build("rope"), question))

    @torch.no_grad()
    def test_a_pack_cannot_continue_a_cache(self):
        model = build()
        past = model(ids(), use_cache=True).past_key_values
        row, segments, _ = self.pack()
        with pytest.raises(ValueError, match="`segment_ids`.*`past_key_values`"):
            model(row, segment_ids=segments, past_key_values=past)


class TestLogitsToKeep:
    @torch.no_grad()
    def test_the_last_positions(self):
        model = build()
        assert_close(model(ids(12, 2), logits_to_keep=3).logits, model(ids(12, 2)).logits[:, -3:])

    @torch.no_grad()
    def test_positions_by_index(self):
        model = build()
        kept = model(ids(12, 2), logits_to_keep=torch.tensor([5, 0])).logits
        assert_close(kept, model(ids(12, 2)).logits[:, [5, 0]])

    @torch.no_grad()
    def test_positions_by_mask(self):
        model = build()
        mask = torch.zeros(2, 12, dtype=torch.bool)
        mask[0, 3] = mask[0, 11] = mask[1, 7] = True
        kept = model(ids(12, 2), logits_to_keep=mask).logits
        assert kept.shape == (3, 73)
        assert_close(kept, model(ids(12, 2)).logits[mask])


class TestLoss:
    LABELS = torch.where(torch.arange(12) % 3 == 0, ids(12, 2), -100)

    def by_hand(self, logits: torch.Tensor) -> torch.Tensor:
        """Sum of the cross-entropies of the labelled tokens, each predicted one position earlier."""
        total = torch.tensor(0.0)
        for row in range(2):
            for position in range(1, 12):
                if (label := self.LABELS[row, position]) != -100:
                    total -= logits[row, position - 1].log_softmax(-1)[label]
        return total

    @torch.no_grad()
    def test_it_is_the_cross_entropy_of_the_labelled_tokens(self):
        outputs = build()(ids(12, 2), labels=self.LABELS)
        labelled = int((self.LABELS[:, 1:] != -100).sum())
        assert labelled == 6
        assert_close(outputs.loss, self.by_hand(outputs.logits) / labelled)

    @torch.no_grad()
    def test_gradient_accumulation_divides_by_the_items_it_is_given(self):
        outputs = build()(ids(12, 2), labels=self.LABELS, num_items_in_batch=torch.tensor(24))
        assert_close(outputs.loss, self.by_hand(outputs.logits) / 24)

    @torch.no_grad()
    def test_shift_labels_go_with_the_kept_positions(self):
        shifted = nn.functional.pad(self.LABELS[:, 1:], (0, 1), value=-100)
        mask = shifted != -100
        expected = build()(ids(12, 2), labels=self.LABELS).loss
        outputs = build()(ids(12, 2), labels=self.LABELS, logits_to_keep=mask, shift_labels=shifted[mask])
        assert_close(outputs.loss, expected)

    @torch.no_grad()
    def test_shift_labels_alone_give_a_loss(self):
        shifted = nn.functional.pad(self.LABELS[:, 1:], (0, 1), value=-100)
        expected = build()(ids(12, 2), labels=self.LABELS).loss
        outputs = build()(ids(12, 2), shift_labels=shifted)
        assert outputs.loss is not None
        assert_close(outputs.loss, expected)

    @torch.no_grad()
    def test_there_is_none_without_labels(self):
        assert build()(ids()).loss is None


class TestTraining:
    @every_encoding
    def test_every_parameter_learns_under_bf16_autocast(self, encoding):
        model, tokenizer = build(encoding).train(), AxiomTokenizer()
        inputs = tokenizer([f"{prompt} Yes" for prompt in PROMPTS], padding=True, return_tensors="pt")
        labels = torch.where(inputs.attention_mask == 1, inputs.input_ids, -100)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model(**inputs, labels=labels).loss
        loss.backward()
        assert loss.isfinite()
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.any(), name

    @every_encoding
    def test_the_model_runs_in_bf16(self, encoding):
        model = build(encoding)
        expected = model(ids(), labels=ids()).loss
        outputs = model.to(torch.bfloat16)(ids(), labels=ids())
        assert outputs.logits.dtype == torch.bfloat16
        torch.testing.assert_close(outputs.loss.float(), expected, rtol=0.1, atol=0.1)

    @every_encoding
    def test_gradient_checkpointing_gives_the_same_gradients(self, encoding):
        gradients, calls = [], []
        for checkpointing in (False, True):
            model = build(encoding).train()
            if checkpointing:
                model.gradient_checkpointing_enable()
            runs = []
            model.model.layers[0].input_layernorm.register_forward_hook(lambda *_, runs=runs: runs.append(1))
            model(ids(12, 2), labels=ids(12, 2)).loss.backward()
            gradients.append({name: parameter.grad for name, parameter in model.named_parameters()})
            calls.append(len(runs))
        assert calls == [1, 2]
        for name, gradient in gradients[0].items():
            torch.testing.assert_close(gradients[1][name], gradient, msg=name)

    def test_packed_questions_train_under_gradient_checkpointing(self):
        row, segments, _ = TestPacking().pack()
        gradients = []
        for checkpointing in (False, True):
            model = build("rope").train()
            if checkpointing:
                model.gradient_checkpointing_enable()
            model(row, segment_ids=segments, labels=row).loss.backward()
            gradients.append(model.model.embed_tokens.weight.grad)
        torch.testing.assert_close(*gradients)

    @pytest.mark.parametrize("name", ["attention_dropout", "hidden_dropout"])
    def test_dropout_acts_in_training_only(self, name):
        model = build(**{name: 0.5})
        assert torch.equal(model(ids()).logits, model(ids()).logits)
        model.train()
        assert not torch.equal(model(ids()).logits, model(ids()).logits)


class TestOutputs:
    @torch.no_grad()
    def test_hidden_states_go_from_the_embeddings_to_the_final_norm(self):
        model = build("learned").model
        outputs = model(ids(), output_hidden_states=True)
        assert len(outputs.hidden_states) == 3
        embeds = model.embed_tokens(ids()) + model.embed_positions.weight[:12]
        assert_close(outputs.hidden_states[0], embeds)
        assert_close(outputs.hidden_states[1], model.layers[0](embeds))
        assert_close(outputs.hidden_states[-1], outputs.last_hidden_state)

    @torch.no_grad()
    def test_attentions_are_causal_distributions(self):
        outputs = build(attention="eager")(ids(12, 2), output_attentions=True)
        assert len(outputs.attentions) == 2
        for weights in outputs.attentions:
            assert weights.shape == (2, 4, 12, 12)
            assert_close(weights.sum(-1), torch.ones(2, 4, 12))
            assert not weights.triu(1).any()

    @torch.no_grad()
    def test_neither_is_returned_unasked(self):
        outputs = build(attention="eager")(ids())
        assert outputs.hidden_states is None
        assert outputs.attentions is None

    @torch.no_grad()
    def test_a_tuple_is_returned_when_asked_for(self):
        outputs = build()(ids(), return_dict=False)
        assert isinstance(outputs, tuple)
        assert torch.equal(outputs[0], build()(ids()).logits)


class TestBadInput:
    @pytest.mark.parametrize(
        ("changes", "parts"),
        [
            ({"position_encoding": "alibi"}, ["`position_encoding`", "'alibi'", "sinusoidal"]),
            ({"num_attention_heads": 5}, ["`num_attention_heads`", "5", "32"]),
            ({"num_attention_heads": 0}, ["`num_attention_heads`", "0"]),
            ({"position_encoding": "rope", "hidden_size": 36}, ["`position_encoding`", "rope", "9"]),
            ({"hidden_size": "wide"}, ["hidden_size", "wide"]),
        ],
    )
    def test_a_bad_config_names_the_argument_and_the_value(self, changes, parts):
        with pytest.raises((ValueError, StrictDataclassError)) as error:
            AxiomConfig(**{**TINY, **changes})
        assert [part for part in parts if part not in str(error.value)] == []

    @torch.no_grad()
    def test_learned_positions_end_with_the_table(self):
        model = build("learned", max_position_embeddings=12)
        assert model(ids(12)).logits.isfinite().all()
        with pytest.raises(ValueError, match="13 tokens.*`max_position_embeddings` 12"):
            model(ids(13))

    @torch.no_grad()
    @pytest.mark.parametrize("encoding", ["none", "sinusoidal", "rope"])
    def test_other_encodings_have_no_end(self, encoding):
        assert build(encoding, max_position_embeddings=4)(ids(40)).logits.isfinite().all()

    @pytest.mark.parametrize("model", [build(), build().model], ids=["with head", "without head"])
    def test_ids_and_embeddings_exclude_each_other(self, model):
        embeds = model.get_input_embeddings()(ids())
        for wrong in ({"input_ids": ids(), "inputs_embeds": embeds}, {}):
            with pytest.raises(ValueError, match="`input_ids`.*`inputs_embeds`"):
                model(**wrong)

    @torch.no_grad()
    def test_embeddings_may_stand_for_ids(self):
        model = build("learned")
        assert_close(model(inputs_embeds=model.get_input_embeddings()(ids())).logits, model(ids()).logits)
