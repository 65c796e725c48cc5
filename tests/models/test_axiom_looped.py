"""The looped reasoner: reading sentences, symmetries, independence of the batch, and the classes of transformers."""

import itertools

import pytest
import torch
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoModel, AutoModelForSequenceClassification, pipeline

import hf_causal.models.axiom_looped.block_axiom_looped as block
from hf_causal.models import AxiomTokenizer, make_model
from hf_causal.models.axiom_looped import AxiomLoopedConfig, AxiomLoopedForSequenceClassification
from hf_causal.models.axiom_looped.reading_axiom_looped import read_sentences

CHAIN = "A1 causes B. B causes cc. D causes cc. Does A1 cause cc?"
LONG = " ".join(f"n{i} causes n{i + 1}." for i in range(90)) + " Does n3 cause n80?"


@pytest.fixture(scope="module")
def tokenizer():
    return AxiomTokenizer()


@pytest.fixture(scope="module")
def model(tokenizer):
    torch.manual_seed(0)
    return make_model("axiom_looped", {}, tokenizer).eval()


def logits(model, tokenizer, *prompts, **options):
    with torch.no_grad():
        return model(**tokenizer(list(prompts), padding=True, return_tensors="pt", **options)).logits


def spelled(tokenizer, prompt):
    """The words that the model reads, as text: for each slot a name."""
    inputs = tokenizer(prompt, return_tensors="pt")
    sentences = read_sentences(inputs.input_ids, inputs.attention_mask, AxiomLoopedConfig())
    names = [""] * (2 * (sentences.statements.shape[1] + sentences.questions.shape[1]))
    for token, word in zip(sentences.character_ids.tolist(), sentences.character_words.tolist(), strict=True):
        names[word] += tokenizer.convert_ids_to_tokens(token)
    return names


@pytest.mark.parametrize(
    "prompt", [CHAIN, CHAIN.rstrip("?"), "Does A1 cause cc? A1 causes B. B causes cc. D causes cc."]
)
def test_it_reads_names_from_sentences(tokenizer, prompt):
    assert spelled(tokenizer, prompt) == ["A1", "B", "B", "cc", "D", "cc", "A1", "cc"]


def test_words_may_be_names(tokenizer):
    prompt = "causes causes No. No causes Does. Does causes cause Does?"
    assert spelled(tokenizer, prompt) == ["causes", "No", "No", "Does", "causes", "Does"]


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("A causes B.", "asks no question"),
        ("A leads to B. Does A cause B?", "sentence 1 cannot be read"),
        ("A causes B. Does A cause B? Yes", "sentence 3 cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused(model, tokenizer, prompt, message):
    with pytest.raises(ValueError, match=message):
        logits(model, tokenizer, prompt)


def test_a_prompt_that_is_too_long_is_refused(tokenizer):
    model = AxiomLoopedForSequenceClassification(AxiomLoopedConfig(max_sentences=3))
    logits(model, tokenizer, CHAIN)
    with pytest.raises(ValueError, match="prompt of 90 statements; this model reads up to 3"):
        logits(model, tokenizer, LONG)


def test_the_order_of_sentences_does_not_matter(model, tokenizer):
    *statements, question = CHAIN.split(". ")
    for order in itertools.permutations(statements):
        changed = logits(model, tokenizer, ". ".join([*order, question]))
        torch.testing.assert_close(changed, logits(model, tokenizer, CHAIN), rtol=0, atol=1e-6)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_batch_answers_as_its_rows_do(model, tokenizer, side):
    prompts = [CHAIN, LONG, "A causes B. Does zzzzzzzzzzzz cause B?", "x causes y. y causes x. Does x cause y?"]
    together = logits(model, tokenizer, *prompts, padding_side=side)
    for row, prompt in zip(together, prompts, strict=True):
        torch.testing.assert_close(row[None], logits(model, tokenizer, prompt), rtol=1e-5, atol=1e-5)


def test_rows_stop_by_themselves(model, tokenizer):
    inputs = tokenizer([CHAIN, LONG], padding=True, return_tensors="pt")
    together = model(**inputs).num_loops.tolist()
    assert together == [int(model(**tokenizer(prompt, return_tensors="pt")).num_loops) for prompt in (CHAIN, LONG)]


def test_flags_spread_along_matches_as_along_all_pairs(model, tokenizer, monkeypatch):
    sparse = logits(model, tokenizer, LONG)
    monkeypatch.setattr(block, "DENSE_LIMIT", 10**6)
    torch.testing.assert_close(sparse, logits(model, tokenizer, LONG))


@pytest.mark.parametrize("pairs", [block.DENSE_LIMIT, 0])  # along all pairs, and along matches
def test_closed_heads_are_not_computed_and_change_nothing(tokenizer, monkeypatch, pairs):
    torch.manual_seed(3)
    model = make_model("axiom_looped", {"name_encoder": "spelling"}, tokenizer).eval()
    with torch.no_grad():
        model.model.blocks[0].gates[:, 2:] = -10
    inputs = tokenizer([CHAIN, "A causes B. B causes C. Does C cause A?"], padding=True, return_tensors="pt")
    with torch.no_grad():
        assert model.model.blocks[0].open_heads().tolist() == [0, 1]
        monkeypatch.setattr(block, "DENSE_LIMIT", pairs)
        few = model(**inputs, output_loops=True)
        monkeypatch.setattr(block.AxiomLoopedBlock, "open_heads", lambda self: None)
        every = model(**inputs, output_loops=True)
    assert few.question_logits.equal(every.question_logits)
    assert all(one.equal(other) for one, other in zip(few.loop_states, every.loop_states, strict=True))


def test_closed_heads_have_no_gradients_in_training(tokenizer, monkeypatch):
    torch.manual_seed(3)
    model = make_model("axiom_looped", {"name_encoder": "spelling", "training_loops": [7, 7]}, tokenizer).train()
    with torch.no_grad():
        model.model.blocks[0].gates[:, 2:] = -10
    inputs = tokenizer([CHAIN, "A causes B. B causes C. Does C cause A?"], padding=True, return_tensors="pt")

    def loss_and_gradients():
        torch.manual_seed(4)
        loss = model(**inputs, labels=torch.tensor([1, 0])).loss
        return loss, torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)

    few_loss, few = loss_and_gradients()
    monkeypatch.setattr(block.AxiomLoopedBlock, "open_heads", lambda self: None)
    loss, every = loss_and_gradients()
    torch.testing.assert_close(few_loss, loss)
    for one, other in zip(few, every, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_questions_can_point_at_names(model, tokenizer):
    premise, _, _ = CHAIN.rpartition(" Does")
    pairs = {(0, 1): "A1 cause B", (0, 3): "A1 cause cc", (5, 4): "cc cause D"}
    pointed = model(
        **tokenizer(premise, return_tensors="pt"), question_words=torch.tensor([list(map(list, pairs))])
    ).question_logits[0]
    written = logits(model, tokenizer, *(f"{premise} Does {asked}?" for asked in pairs.values()))
    torch.testing.assert_close(pointed, written, rtol=1e-5, atol=1e-6)


def test_many_questions_are_answered_at_once(model, tokenizer):
    premise, _, _ = CHAIN.rpartition(" Does")
    asked = ["Does A1 cause B?", "Does D cause A1?"]
    outputs = model(**tokenizer([f"{premise} {' '.join(asked)}", CHAIN], padding=True, return_tensors="pt"))
    single = logits(model, tokenizer, *(f"{premise} {question}" for question in asked))
    torch.testing.assert_close(outputs.question_logits[0], single, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(outputs.logits, torch.stack([single[1], logits(model, tokenizer, CHAIN)[0]]))


def test_every_loop_can_be_watched(model, tokenizer):
    inputs = tokenizer(CHAIN, return_tensors="pt")
    outputs = model(**inputs, output_loops=True)
    assert len(outputs.loop_states) == len(outputs.loop_logits) == int(outputs.num_loops)
    assert outputs.loop_states[0].shape == (1, 1, 4, model.config.num_attention_heads)
    torch.testing.assert_close(outputs.loop_states[-1], outputs.last_hidden_state)
    torch.testing.assert_close(outputs.loop_logits[-1][:, 0, -1], outputs.logits)
    assert model(**inputs).loop_states is None
    assert int(model(**inputs, num_loops=3).num_loops) == 3


def test_the_cap_on_loops_holds(tokenizer):
    torch.manual_seed(0)
    model = AxiomLoopedForSequenceClassification(AxiomLoopedConfig(max_loops=2)).eval()
    assert int(model(**tokenizer(LONG, return_tensors="pt")).num_loops) == 2


def test_the_or_does_not_count(tokenizer):
    """One cause that says so is enough among many that do not: the average fades, the OR does not."""
    matches = torch.full((1, 1, 1, 1, 50), 1.0)
    said = torch.zeros(1, 1, 1, 50)
    said[..., 7] = 1
    assert block.Matches(matches, average=False).aggregate(said).item() == 1
    assert block.Matches(matches / 50, average=True).aggregate(said).item() == pytest.approx(1 / 50)


def test_similar_names_differ_and_equal_names_do_not(model, tokenizer):
    names = [
        "variable1",
        "variable2",
        "variable12",
        "variable21",
        "ab",
        "ba",
        "abab",
        "baba",
        "aa",
        "aaa",
        "0011010",
        "0010110",
    ]
    ids, words = [], []
    for index, name in enumerate([*names, *names]):
        letters = tokenizer.convert_tokens_to_ids(list(name))
        ids += letters
        words += [index] * len(letters)
    vectors = model.model.name_encoder(torch.tensor(ids), torch.tensor(words), 2 * len(names))
    vectors = torch.nn.functional.normalize(model.model.metric(vectors - vectors.mean(0)), dim=-1)
    cosines = vectors @ vectors.T
    equal = torch.eye(len(names), dtype=torch.bool).repeat(2, 2)
    assert cosines[equal].min() > 1 - 1e-5
    assert cosines[~equal].max() < 0.95


@pytest.mark.parametrize(
    "options",
    [
        {"aggregation": "softmax"},
        {"name_encoder": "random"},
        {"sentence_positions": "relative"},
        {"num_blocks": 3, "training_loops": [1, 1], "max_loops": 1},
    ],
)
def test_variants_learn_and_survive_saving(tokenizer, tmp_path, options):
    torch.manual_seed(0)
    model = make_model("axiom_looped", options, tokenizer).train()
    inputs = tokenizer([CHAIN, LONG], padding=True, return_tensors="pt")
    model(**inputs, labels=torch.tensor([1, 0])).loss.backward()
    unused = {name for name, value in model.named_parameters() if value.grad is None}
    assert unused == (
        {f"model.name_encoder.{part}.weight" for part in ("embed_characters", "conv")}
        if "name_encoder" in options
        else set()
    )
    model.eval().save_pretrained(tmp_path)
    loaded = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    torch.manual_seed(1)
    expected = logits(model, tokenizer, CHAIN)
    torch.manual_seed(1)
    torch.testing.assert_close(logits(loaded, tokenizer, CHAIN), expected)


def test_the_loss_is_the_cross_entropy_of_the_last_question(model, tokenizer):
    inputs = tokenizer([CHAIN, LONG], padding=True, return_tensors="pt")
    outputs = model(**inputs, labels=torch.tensor([1, 0]))
    torch.testing.assert_close(outputs.loss, torch.nn.functional.cross_entropy(outputs.logits, torch.tensor([1, 0])))


def test_the_pipeline_answers(model, tokenizer, tmp_path):
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert type(AutoModel.from_pretrained(tmp_path)).__name__ == "AxiomLoopedModel"
    ask = pipeline("text-classification", str(tmp_path))
    answers = ask([CHAIN, LONG])
    probabilities = logits(model, tokenizer, CHAIN).softmax(-1)[0]
    assert answers[0]["label"] == ("No", "Yes")[int(probabilities.argmax())]
    assert answers[0]["score"] == pytest.approx(float(probabilities.max()), abs=1e-5)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("aggregation", "mean"),
        ("name_encoder", "words"),
        ("sentence_positions", "rope"),
        ("name_size", 7),
        ("num_attention_heads", 0),
        ("match_floor", 0.6),
        ("training_loops", [5, 3]),
        ("max_loops", "many"),
    ],
)
def test_a_config_that_cannot_be_is_refused(field, value, tokenizer):
    with pytest.raises(StrictDataclassError, match=field):
        AxiomLoopedConfig(**{field: value})
    with pytest.raises(ValueError, match=field):
        make_model("axiom_looped", {field: value}, tokenizer)


def test_embeddings_cannot_replace_ids(model):
    with pytest.raises(ValueError, match="give `input_ids`"):
        model(None, inputs_embeds=torch.zeros(1, 3, 64))
