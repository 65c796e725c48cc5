"""The axiom decoder: parity with the library's models, positions and loading."""

import math

import numpy as np
import pytest
import torch
from decoders import (
    as_written,
    assert_close,
    build,
    config,
    every_encoding,
    ids,
)
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
)

from hf_causal.models.axiom import AxiomConfig, AxiomForCausalLM, AxiomModel
from hf_causal.models.axiom.modeling_axiom import sinusoidal_positions

pytestmark = as_written


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
