"""The recurrent transformer: independence of the batch, refusals, loops, and the classes of transformers."""

import pytest
import torch
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, pipeline

from hf_causal.models import AxiomTokenizer, make_model
from hf_causal.models.axiom_recurrent import AxiomRecurrentConfig, AxiomRecurrentForSequenceClassification

CHAIN = "A1 causes B. B causes cc. D causes cc. Does A1 cause cc?"
PROMPTS = [CHAIN, "A causes B. Does zzzzzzzzzzzz cause B?", "x causes y. y causes x. x causes z1. Does x cause y?"]
VARIANTS = {
    "as it is": {},
    "softmax": {"attention_function": "softmax"},
    "directions": {"directional_heads": 1, "conv_kernel_size": 0},
    "without priors": {
        "sharp_matching": False,
        "matched_keys": False,
        "input_injection": False,
        "outer_norm": False,
        "num_prelude_layers": 0,
        "num_loop_layers": 2,
        "initial_sink": 0.0,
    },
}


def make(variant="as it is", **arguments):
    torch.manual_seed(0)
    arguments = {"max_loops": 6, "hidden_size": 32, "num_attention_heads": 2, **VARIANTS[variant], **arguments}
    model = make_model("axiom_recurrent", arguments, AxiomTokenizer()).eval()
    torch.nn.init.normal_(model.classifier.weight)
    return model


def logits(model, *prompts, **options):
    with torch.no_grad():
        return model(**AxiomTokenizer()(list(prompts), padding=True, return_tensors="pt", **options)).logits


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_batch_answers_as_its_rows_do(variant, side):
    model = make(variant)
    together = logits(model, *PROMPTS, padding_side=side)
    for row, prompt in zip(together, PROMPTS, strict=True):
        torch.testing.assert_close(row[None], logits(model, prompt), rtol=1e-4, atol=1e-4)


def test_without_a_mask_padding_is_recognized():
    model = make()
    inputs = AxiomTokenizer()(PROMPTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        torch.testing.assert_close(model(inputs.input_ids).logits, model(**inputs).logits)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_weight_is_trained(variant):
    model = make(variant).train()
    inputs = AxiomTokenizer()(PROMPTS, padding=True, return_tensors="pt")
    outputs = model(**inputs, labels=torch.tensor([1, 0, -100]))
    (outputs.loss + outputs.mention_logits.mean()).backward()
    unused = {name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()}
    # Without sharp matching, no factor is learned.
    assert unused == (
        {name for name, _ in model.named_parameters() if "log_scale" in name} if variant == "without priors" else set()
    )


def test_a_mirrored_prompt_is_another_one():
    for variant in ("as it is", "directions"):
        there, back = logits(make(variant), "A causes B. Does A cause B?", "A causes B. Does B cause A?")
        assert not torch.allclose(there, back, atol=1e-4)


def test_heads_without_direction_or_convolution_see_a_bag_of_tokens():
    model = make("directions", directional_heads=0)
    there, back = logits(model, "A causes B. Does A cause B?", "A causes B. Does B cause A?")
    torch.testing.assert_close(there, back)


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("A causes B.", "row 0 asks no question"),
        ("A causes B. Does A cause B? Yes", "row 0 asks no question"),
        ("A leads to B. Does A cause B?", "something unknown at token"),
        ("雨 causes mud. Does 雨 cause mud?", "something unknown at token 1"),
    ],
)
def test_what_cannot_be_read_is_refused(prompt, message):
    with pytest.raises(ValueError, match=message):
        logits(make(), prompt)


def test_rows_stop_by_themselves():
    """A row loops as often as it would alone, and then keeps its states."""
    model = make(max_loops=40, halting_tolerance=0.3)
    inputs = AxiomTokenizer()(PROMPTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        together = model(**inputs, output_loops=True)
        alone = [model(**AxiomTokenizer()(prompt, return_tensors="pt")) for prompt in PROMPTS]
    assert together.num_loops.tolist() == [int(output.num_loops) for output in alone]
    assert len(set(together.num_loops.tolist())) > 1 and together.num_loops.max() < 40
    assert len(together.loop_logits) == together.num_loops.max()
    for row, output in enumerate(alone):
        torch.testing.assert_close(together.loop_logits[-1][row], output.logits[0], rtol=1e-4, atol=1e-4)


def test_longer_prompts_may_loop_longer():
    """States of an untrained model rarely come to rest, so that the most loops are taken."""
    long = " ".join(f"n{index} causes n{index + 1}." for index in range(30)) + " Does n3 cause n8?"
    inputs = AxiomTokenizer()([CHAIN, long], padding=True, return_tensors="pt")
    model = make(max_loops=50, halting_tolerance=0.0)
    with torch.no_grad():
        assert model(**inputs).num_loops.tolist() == [18, 50]
        model.config.loops_per_token = 0.1
        assert model(**inputs).num_loops.tolist() == [18, -(-int(inputs.attention_mask[1].sum()) // 10)]


def test_a_fixed_number_of_loops():
    model = make()
    inputs = AxiomTokenizer()(PROMPTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        outputs = model(**inputs, num_loops=3, output_loops=True)
        torch.testing.assert_close(outputs.loop_logits[1], model(**inputs, num_loops=2).logits)
    assert outputs.num_loops.tolist() == [3, 3, 3]


def test_training_draws_the_number_of_loops():
    model = make(training_loops=[2, 5]).train()
    inputs = AxiomTokenizer()(CHAIN, return_tensors="pt")
    drawn = {int(model(**inputs).num_loops) for _ in range(30)}
    assert drawn == {2, 3, 4, 5}


@pytest.mark.parametrize("kind", ["sigmoid", "softmax"])
def test_matching_stays_exact_in_half_precision(kind):
    model = make(attention_function=kind)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        half = logits(model, *PROMPTS)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, logits(model, *PROMPTS), rtol=0.1, atol=0.1)


def test_checkpointing_changes_no_gradient():
    model, gradients = make(training_loops=[3, 3]).train(), []
    inputs = AxiomTokenizer()(PROMPTS, padding=True, return_tensors="pt")
    for enable in (model.gradient_checkpointing_disable, model.gradient_checkpointing_enable):
        enable()
        model.zero_grad()
        model(**inputs, labels=torch.tensor([0, 1, 0])).loss.backward()
        gradients.append([weight.grad for weight in model.parameters() if weight.grad is not None])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


def test_embeddings_can_replace_ids():
    model = make()
    inputs = AxiomTokenizer()(CHAIN, return_tensors="pt")
    with torch.no_grad():
        embedded = model(inputs_embeds=model.get_input_embeddings()(inputs.input_ids)).logits
    torch.testing.assert_close(embedded, logits(model, CHAIN))
    with pytest.raises(ValueError, match="and not both"):
        model()


@pytest.mark.filterwarnings("ignore:.*non-writable.*")
def test_it_is_saved_and_loaded_by_the_auto_classes(tmp_path):
    model = make(halting_tolerance=0.2)
    model.save_pretrained(tmp_path)
    AxiomTokenizer().save_pretrained(tmp_path)
    loaded = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    assert isinstance(loaded, AxiomRecurrentForSequenceClassification)
    assert logits(loaded, *PROMPTS).equal(logits(model, *PROMPTS))
    assert AutoConfig.from_pretrained(tmp_path).halting_tolerance == 0.2
    states = AutoModel.from_pretrained(tmp_path)(**AxiomTokenizer()(CHAIN, return_tensors="pt")).last_hidden_state
    assert states.shape[-1] == 32
    answer = pipeline("text-classification", str(tmp_path))(CHAIN)
    assert answer[0]["label"] == ["No", "Yes"][int(logits(model, CHAIN).argmax())]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"attention_function": "linear"}, "`attention_function` must be one of"),
        ({"hidden_size": 50}, "multiple of `num_attention_heads` 3, got 50"),
        ({"directional_heads": 2}, "at most half of `num_attention_heads` 3, got 2"),
        ({"training_loops": [9, 4]}, "the smaller first, got \\[9, 4\\]"),
        ({"initial_scale": 200.0}, "at most `max_scale` 100.0, got 200.0"),
        ({"state_noise": -1.0}, "`state_noise` must not be negative, got -1.0"),
    ],
)
def test_wrong_configurations(arguments, message):
    with pytest.raises(StrictDataclassError, match=message):
        AxiomRecurrentConfig(**arguments)
