"""Text that a model does not understand is refused, and text that the prover reads is read alike."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

import hf_causal.models  # noqa: F401  # registers the architectures
from hf_causal.models import AxiomConfig, AxiomForCausalLM, AxiomTokenizer
from hf_causal.models.axiom_looped.configuration_axiom_looped import WORDS
from hf_causal.models.axiom_looped.system_reading_axiom_looped import read_systems
from hf_causal.tasks.corr2cause.text import HYPOTHESES, PARAPHRASES
from hf_causal.tasks.proving import prove
from hf_causal.tasks.registry import get_task

CARDS = ("axiom-looped", "axiom-reasoner")


@pytest.fixture(scope="module")
def classifiers():
    return {card: pipeline("text-classification", f"model_cards/{card}", trust_remote_code=False) for card in CARDS}


@pytest.fixture(scope="module")
def reasoner(classifiers):
    return classifiers["axiom-reasoner"]


def system(statements, variables="A and B", size=2, hypothesis="A directly causes B."):
    return (
        f"Premise: Suppose there is a closed system of {size} variables, {variables}. All the statistical relations "
        f"among these {size} variables are as follows: {statements}\nHypothesis: {hypothesis}"
    )


@pytest.mark.parametrize("task", WORDS)
def test_the_words_are_those_of_the_registry(task):
    assert get_task(task).vocabulary == WORDS[task]


@pytest.mark.parametrize(
    "text",
    [
        "rain causes mud; mud causes slips. Does rain cause slips?",
        "Suppose rain causes mud. Does rain cause mud?",
        "rain, causes mud. Does rain cause mud?",
        "wet rain causes mud. Does rain cause mud?",
        "rain causes deep mud. Does rain cause mud?",
        "rain causes mud. Does light rain cause mud?",
        "rain causes mud. Tell me: Does rain cause mud?",
        "naïveté causes mud. Does mud cause mud2?",
        "雨 causes mud. Does 雨 cause mud?",
        "rain causes mud (always). Does rain cause mud?",
        "rain-causes mud. Does rain cause mud?",
        "rain causes mud. Does rain cause mud",  # read: a final mark may be missing
        "rain causes mud and slips. Does rain cause slips?",
        "rain causes mud! Does rain cause mud?",
        "rain does not cause mud. Does rain cause mud?",
        "x",
        "?",
        "rain mud",
        "rain causes mud. Why does rain cause mud?",
    ],
)
@pytest.mark.parametrize("card", CARDS)
def test_a_text_is_read_completely_or_refused(classifiers, card, text):
    if text.endswith("Does rain cause mud"):
        assert classifiers[card](text)[0]["label"] == "Yes"
        return
    with pytest.raises(ValueError, match="cannot be read"):
        classifiers[card](text)


def test_the_error_quotes_the_sentence(reasoner):
    with pytest.raises(ValueError, match="row 0: sentence 2 .*'wet�ain causes fog.*'X causes Y"):
        reasoner("rain causes mud. wet-ain causes fog. Does rain cause mud?")


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("text", ["", " ", "\n\t", "rain causes mud."])
def test_a_text_without_a_question_is_refused(classifiers, card, text):
    with pytest.raises(ValueError, match="asks no question"):
        classifiers[card](text)


@pytest.mark.parametrize(
    "text",
    [
        "rain causes mud. Are rain and rain d-separated?",
        "rain causes mud. Are mud and mud d-separated given {rain}?",
    ],
)
def test_d_separation_of_a_node_from_itself_is_refused_as_the_prover_does(reasoner, text):
    with pytest.raises(ValueError, match="two different nodes"):
        prove(text)
    with pytest.raises(ValueError, match="two different nodes"):
        reasoner(text)


@pytest.mark.parametrize(
    "text",
    [
        system("Note that A correlates with B."),
        system("A strongly correlates with B."),
        system("A correlates with B, however."),
        system("A correlates with B!"),
        system("A correlates with B. Good luck."),
        system("A correlates with B.", hypothesis="A probably directly causes B."),
        system("A correlates with B.", hypothesis="A correlates with B."),
        system("A correlates with B.", hypothesis="A directly causes directly causes B."),
        system("A correlates with B.", hypothesis="A directly causes B. A directly causes B."),
        system("A correlates with B.", hypothesis="There exists at least one collider A and B."),
        system("A correlates with B.", variables="A and B and"),
        system("A correlates with B.", size=3),
        system("A correlates with B.", hypothesis="A directly causes A."),
        system("A correlates with A."),
        system("A correlates with B. However, A is independent of B."),
        system("A are independent given B and C.", variables="A, B and C", size=3),
        system("A correlates with B.").replace("All the", "Note: All the"),
        system("A correlates with B.").replace("Suppose", "Now suppose"),
        system("A correlates with B.").replace("Premise: ", "Premise: Premise: "),
    ],
)
def test_closed_systems_are_read_completely_or_refused(reasoner, text):
    with pytest.raises(ValueError, match="`input_ids` row 0"):
        reasoner(text)


@pytest.mark.parametrize("hypothesis", [*HYPOTHESES.values(), *PARAPHRASES.values()])
def test_every_hypothesis_of_the_task_is_read(reasoner, hypothesis):
    assert reasoner(system("A correlates with B.", hypothesis=hypothesis.format(i="A", j="B")))
    assert reasoner(system("A correlates with B.", hypothesis=hypothesis.format(i="A", j="B").rstrip(".")))


@pytest.mark.parametrize(
    ("variables", "size", "statements"),
    [
        ("wind and rust", 2, "However, wind is independent of rust."),
        ("wind and rust", 2, "wind is independent of rust."),
        ("wind and rust", 2, "wind correlates with rust."),
    ],
)
def test_systems_without_correlations_are_read_as_by_the_prover(reasoner, variables, size, statements):
    text = system(statements, variables, size, "wind directly causes rust.")
    parsed = get_task("corr2cause").parse(text).system
    read = read_systems(reasoner.tokenizer(text, return_tensors="pt").input_ids, None, reasoner.model.config)
    order = read.listed[0].numpy()
    correlated = ~parsed.table[:, :, 0] & ~np.eye(size, dtype=bool)
    np.testing.assert_array_equal(read.pairs[0, ..., 0].numpy()[np.ix_(order, order)], correlated)
    assert reasoner(text)[0]["label"] == prove(text).answer


@pytest.mark.parametrize(
    ("variables", "size", "statements"),
    [
        ("wind and rust", 2, ""),
        ("wind, rust and age", 3, "However, wind is independent of age."),
        ("wind, rust, and age", 3, "wind correlates with rust. However, wind and age are independent given rust."),
    ],
)
def test_a_premise_that_leaves_out_a_pair_is_refused_as_by_the_prover(reasoner, variables, size, statements):
    text = system(statements, variables, size, "wind directly causes rust.")
    with pytest.raises(ValueError, match="relation"):
        prove(text)
    with pytest.raises(ValueError, match="relation"):
        reasoner(text)


@pytest.mark.parametrize(
    "premise",
    [
        "sun causes heat.",
        "sun causes heat. heat causes sun.",
        "sun causes sun. sun causes heat.",
        "heat causes ice. sun causes heat. ice causes melt. melt causes sun.",
        "sun causes a. sun causes b. sun causes c. c causes d. d causes sun.",
        "x causes y.",
    ],
)
@pytest.mark.parametrize("node", ["sun", "heat", "melt"])
@pytest.mark.parametrize("card", CARDS)
def test_a_node_causes_itself_where_a_cycle_leads_back(classifiers, card, premise, node):
    text = f"{premise} Does {node} cause {node}?"
    assert classifiers[card](text)[0]["label"] == prove(text).answer


@pytest.mark.parametrize("node", ["sun", "heat"])
def test_a_cycle_that_does_not_lead_back_changes_nothing(reasoner, node):
    text = f"heat causes ice. sun causes heat. ice causes melt. melt causes ice. Does {node} cause {node}?"
    assert reasoner(text)[0]["label"] == prove(text).answer == "No"


def test_names_that_begin_alike_are_no_self_question(reasoner):
    assert reasoner("rain causes rains. Does rain cause rains?")[0]["label"] == "Yes"
    assert reasoner("rains causes rain. Does rain cause rains?")[0]["label"] == "No"


@torch.no_grad()
def test_self_questions_leave_the_other_answers_of_a_batch_alone(reasoner):
    others = ["a causes b. b causes cc. Does a cause cc?", "a causes b. Are a and b d-separated?"]
    inputs = reasoner.tokenizer(
        [others[0], "a causes b. Does a cause a?", others[1]], padding=True, return_tensors="pt"
    )
    logits = reasoner.model(**inputs).logits
    alone = reasoner.model(**reasoner.tokenizer(others, padding=True, return_tensors="pt")).logits
    torch.testing.assert_close(logits[[0, 2]], alone, rtol=0, atol=1e-5)
    assert logits[1].argmax() == 0


PROMPTS = [
    "n1 causes n2. n2 causes n3. n4 causes n3. Does n1 cause n3?",
    "n1 causes n2. n2 causes n3. n4 causes n3. Does n1 cause n4?",
    "gene1 causes gene2. gene3 causes gene2. Does gene1 cause gene3?",
    "gene1 causes gene1. Does gene2 cause gene2?",
    "abcabc causes abcacb. Does abcabc cause abcacb?",
    " ".join(f"k{i} causes k{i + 1}." for i in range(80)) + " Does k2 cause k77?",
    " ".join(f"k{i} causes k{i + 1}." for i in range(80)) + " Does k77 cause k2?",
]
FURTHER = [
    "a causes b. c causes b. Are a and c d-separated?",
    "a causes b. c causes b. Are a and c d-separated given {b}?",
    system(
        "A correlates with C. B correlates with C. However, A is independent of B.",
        "A, B and C",
        3,
        "A directly causes C.",
    ),
    system(
        "A correlates with C. B correlates with C. However, A is independent of B.",
        "A, B and C",
        3,
        "C directly causes A.",
    ),
]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("card", CARDS)
def test_half_precision_answers_the_same(classifiers, card, dtype):
    prompts = [*PROMPTS, *(FURTHER if card == "axiom-reasoner" else ())]
    expected = [answer["label"] for answer in classifiers[card](prompts)]
    half = pipeline("text-classification", f"model_cards/{card}", dtype=dtype, trust_remote_code=False)
    assert {parameter.dtype for parameter in half.model.parameters()} == {dtype}
    assert [answer["label"] for answer in half(prompts)] == expected
    cast = AutoModelForSequenceClassification.from_pretrained(f"model_cards/{card}", trust_remote_code=False)
    tokenizer = AutoTokenizer.from_pretrained(f"model_cards/{card}", trust_remote_code=False)
    with torch.no_grad():
        logits = cast.to(dtype).eval()(**tokenizer(prompts, padding=True, return_tensors="pt")).logits
    assert logits.dtype == torch.float32
    assert [cast.config.id2label[int(index)] for index in logits.argmax(-1)] == expected


@pytest.mark.parametrize("text", ["rain causes mud; mud causes x. Does rain cause x?", "雨 causes mud."])
def test_a_decoder_refuses_unknown_characters(text):
    model, tokenizer = AxiomForCausalLM(AxiomConfig(num_hidden_layers=1, hidden_size=32)), AxiomTokenizer()
    generate = pipeline("text-generation", model=model, tokenizer=tokenizer)
    with pytest.raises(ValueError, match="unknown"):
        generate(text, max_new_tokens=1)
    assert generate("rain causes mud. Does rain cause mud?", max_new_tokens=1)
