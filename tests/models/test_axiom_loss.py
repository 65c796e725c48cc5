"""The axiom decoder: the head, losses, training and what it refuses."""

import pytest
import torch
from decoders import (
    PROMPTS,
    TINY,
    as_written,
    assert_close,
    build,
    every_encoding,
    ids,
    pack,
)
from huggingface_hub.errors import StrictDataclassError
from torch import nn

from hf_causal.models.axiom import AxiomConfig, AxiomTokenizer

pytestmark = as_written


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
        row, segments, _ = pack()
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
    def test_a_tuple_is_returned_on_request(self):
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
    def test_embeddings_may_replace_ids(self):
        model = build("learned")
        assert_close(model(inputs_embeds=model.get_input_embeddings()(ids())).logits, model(ids()).logits)
