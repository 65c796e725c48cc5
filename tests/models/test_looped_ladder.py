"""The looped reasoner on relevance and adjustment sets: what it reads and refuses, and what does not matter to it."""

import itertools
import re

import pytest
import torch

import hf_causal.models.axiom_looped.loop_axiom_looped as loop
from hf_causal.models import make_model, make_tokenizer
from hf_causal.models.axiom_looped.configuration_axiom_looped import QUESTION_TASKS
from hf_causal.models.axiom_looped.question_forms_axiom_looped import GIVEN, MORE_FIRST, MORE_SECOND
from hf_causal.models.axiom_looped.reading_axiom_looped import read_sentences
from hf_causal.tasks.registry import get_task

GRAMMARS = ["transitivity", "d_separation", "relevance", "adjustment"]
PREMISE = "A causes B. B causes C. D causes C. E causes D. C causes F."
MIXED = "A causes B. A and B share a hidden cause. C causes A. C causes D. D causes B. B and E share a hidden cause."
RELEVANCE = [
    ("Can changing A affect C?", ["A"], ["C"], []),
    ("Can changing A or D affect C if B is held fixed?", ["A", "D"], ["C"], ["B"]),
    ("Can changing A, D or E affect C, on or F if B, is and are are held fixed?",
     ["A", "D", "E"], ["C", "on", "F"], ["B", "is", "are"]),
]  # fmt: skip
ADJUSTMENT = [
    ("Is {} a valid adjustment set for the effect of A on B?", "A", "B", []),
    ("Is {C} a valid adjustment set for the effect of A on B?", "A", "B", ["C"]),
    ("Is {D, E, C} a valid adjustment set for the effect of A on B?", "A", "B", ["D", "E", "C"]),
]


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer("axiom_looped", GRAMMARS)


@pytest.fixture(scope="module", params=["characters", "spelling"])
def model(request, tokenizer):
    torch.manual_seed(0)
    model = make_model("axiom_looped", {"separate_blocks": True, "name_encoder": request.param}, tokenizer)
    with torch.no_grad():  # flags begin shut and answers alike: half open ones tell prompts apart
        for name, parameter in model.model.named_parameters():
            if "blocks" in name and name.endswith(("up_proj.weight", "down_proj.weight")):
                parameter.mul_(2)
            elif "blocks" in name and name.endswith("up_proj.bias"):
                parameter.fill_(0.0)
            elif "blocks" in name and name.endswith("down_proj.bias"):
                parameter.fill_(-0.5)
            elif name.endswith("context_proj.weight"):
                parameter.mul_(4)
    return model.eval()


def logits(model, tokenizer, *prompts, **options):
    with torch.no_grad():
        return model(**tokenizer(list(prompts), padding=True, return_tensors="pt"), **options).logits


def read(model, tokenizer, prompt):
    """Returns the names of the statements, the two of the question, and the others by role."""
    inputs = tokenizer(prompt, return_tensors="pt")
    sentences = read_sentences(inputs.input_ids, inputs.attention_mask, model.config)
    names = [""] * sentences.names_per_row
    for token, word in zip(sentences.character_ids.tolist(), sentences.character_words.tolist(), strict=True):
        names[word] += tokenizer.convert_ids_to_tokens(token)
    width = 2 * int(sentences.statements.sum())
    others = {role: [] for role in (GIVEN, MORE_FIRST, MORE_SECOND)}
    for name, role in zip(names[width + 2 :], sentences.roles[0].tolist(), strict=True):
        others[role].append(name)
    return sentences, names[:width], names[width : width + 2], others


@pytest.mark.parametrize(("question", "changed", "targets", "held"), RELEVANCE)
def test_it_reads_what_is_changed_affected_and_held(model, tokenizer, question, changed, targets, held):
    sentences, statements, pair, others = read(model, tokenizer, f"{PREMISE} {question}")
    assert statements == re.findall(r"\b[A-F]\b", PREMISE)
    assert pair == [changed[0], targets[0]]
    assert others == {GIVEN: held, MORE_FIRST: changed[1:], MORE_SECOND: targets[1:]}
    assert sentences.tasks.tolist() == [[QUESTION_TASKS.index("relevance")]]


@pytest.mark.parametrize(("question", "treatment", "outcome", "members"), ADJUSTMENT)
def test_it_reads_hidden_causes_and_sets(model, tokenizer, question, treatment, outcome, members):
    sentences, statements, pair, others = read(model, tokenizer, f"{MIXED} {question}")
    hidden = [("AandB", "A"), ("AandB", "B")], [("BandE", "B"), ("BandE", "E")]
    edges = [("A", "B"), *hidden[0], ("C", "A"), ("C", "D"), ("D", "B"), *hidden[1]]
    assert statements == list(itertools.chain(*edges))
    assert pair == [treatment, outcome]
    assert others == {GIVEN: members, MORE_FIRST: [], MORE_SECOND: []}
    assert sentences.tasks.tolist() == [[QUESTION_TASKS.index("adjustment")]]


@pytest.mark.parametrize(
    "prompt",
    [
        "A causes B. Can changing A affect B if C held fixed?",
        "A causes B. Can changing A affect B if C and D is held fixed?",
        "A causes B. Can changing A affect B if C are held fixed?",
        "A causes B. Can changing A affect B C?",
        "A causes B. Can changing A, C affect B?",
        "A causes B. Can changing A or C or D affect B?",
        "A causes B. Can changing A affect?",
        "A causes B. Can A affect B?",
        "A causes B. Can changing A affect B is held fixed?",
        "A causes B. Can changing A affect B if C is held fixed or D?",
        "A causes B. Can changing A affect B if C or D are held fixed?",
        "A causes B. Can changing A affect B.",
        "A causes B. A and B share a cause. Is {} a valid adjustment set for the effect of A on B?",
        "A causes B. A, B and C share a hidden cause. Is {} a valid adjustment set for the effect of A on B?",
        "A causes B. A and B share a hidden cause?",
        "A causes B. A and A share a hidden cause. Is {} a valid adjustment set for the effect of A on B?",
        "A causes B. Is {C, D E} a valid adjustment set for the effect of A on B?",
        "A causes B. Is C a valid adjustment set for the effect of A on B?",
        "A causes B. Is {C, } a valid adjustment set for the effect of A on B?",
        "A causes B. Is {C} a valid adjustment set for the effect of A?",
        "A causes B. Is {C} a minimal adjustment set for the effect of A on B?",
        "A causes B. C causes B. Is {C} a valid adjustment set for the effect of A on B and C?",
    ],
)
def test_another_form_is_refused(model, tokenizer, prompt):
    with pytest.raises(ValueError, match="cannot be read|about a node and itself|asks no question"):
        logits(model, tokenizer, prompt)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("Can changing A or D affect B if A is held fixed?", "names a node twice"),
        ("Can changing A affect A?", "names a node twice"),
        ("Is {A} a valid adjustment set for the effect of A on B?", "names a node twice"),
        ("Is {C, C} a valid adjustment set for the effect of A on B?", "names a node twice"),
        ("Is {Q} a valid adjustment set for the effect of A on B?", "no statement mentions"),
    ],
)
def test_a_question_names_each_node_once(model, tokenizer, question, message):
    with pytest.raises(ValueError, match=message):
        logits(model, tokenizer, f"{PREMISE} {question}")


def test_a_model_of_one_task_refuses_the_other(tokenizer):
    narrow = make_model("axiom_looped", {"grammars": ["transitivity", "relevance"]}, tokenizer).eval()
    assert not hasattr(narrow.model, "adjustment_blocks")
    logits(narrow, tokenizer, f"{PREMISE} {RELEVANCE[1][0]}")
    for prompt in (f"{MIXED} {RELEVANCE[0][0]}", f"{PREMISE} {ADJUSTMENT[1][0]}"):
        with pytest.raises(ValueError, match="cannot be read"):
            logits(narrow, tokenizer, prompt)


def test_sets_have_no_order(model, tokenizer):
    forms = "Can changing {} or {} affect {} or {} if {} and {} are held fixed?"
    swapped = [forms.format(*names) for names in ("ADCFBE", "DACFBE", "ADFCBE", "ADCFEB")]
    sets = [f"Is {{{', '.join(order)}}} a valid adjustment set for the effect of A on B?" for order in ("CD", "DC")]
    for premise, questions in ((PREMISE, swapped), (MIXED, sets)):
        one, *others = (logits(model, tokenizer, f"{premise} {question}") for question in questions)
        for other in others:
            torch.testing.assert_close(other, one, rtol=0, atol=1e-5)


def test_every_member_of_a_set_matters(model, tokenizer):
    pairs = [("Q affect R", "Q or E affect R"), ("Q affect R", "Q affect R or F")]
    for one, other in [*pairs, ("A affect C", "A affect C if D is held fixed")]:
        answers = [logits(model, tokenizer, f"{PREMISE} Can changing {text}?", num_loops=2) for text in (one, other)]
        assert (answers[0] - answers[1]).abs().max() > 1e-3, other
    prompts = [f"{MIXED} Is {{{z}}} a valid adjustment set for the effect of A on B?" for z in ("", "C", "C, D", "E")]
    with torch.no_grad():
        walks = [model(**tokenizer(prompt, return_tensors="pt"), num_loops=2).path_logits for prompt in prompts]
    for first, second in itertools.combinations(walks, 2):
        assert (first - second).abs().max() > 1e-4


def test_a_hidden_cause_is_a_cause_of_both(model, tokenizer):
    question = "Is {C, D} a valid adjustment set for the effect of A on B?"
    hidden = "A causes B. C causes A. D causes B. A and B share a hidden cause."
    stated = hidden.replace("A and B share a hidden cause.", "H causes A. H causes B.")
    turned = hidden.replace("A and B", "B and A")
    one, *others = (logits(model, tokenizer, f"{text} {question}", num_loops=4) for text in (hidden, stated, turned))
    if model.config.name_encoder == "characters":  # untrained vectors of names resemble each other a little
        assert (one - others[0]).abs().max() < 0.5
    else:
        for other in others:
            torch.testing.assert_close(other, one, rtol=0, atol=1e-5)


def test_pointed_questions_are_answered_as_written_ones(model, tokenizer):
    # A 0, B 1, C 3, D 4, E 6, F 9: where the premise spells them first.
    points = {
        "question_words": torch.tensor([[[0, 3], [0, 3], [0, 9]]]),
        "question_others": torch.tensor([[[[-1], [-1]], [[4], [-1]], [[6], [3]]]]),
        "question_given": torch.tensor([[[-1, -1], [1, -1], [1, 4]]]),
        "question_tasks": torch.full((1, 3), QUESTION_TASKS.index("relevance")),
    }
    asked = ["A affect C", "A or D affect C if B is held fixed", "A or E affect F or C if B and D are held fixed"]
    written = logits(model, tokenizer, *(f"{PREMISE} Can changing {text}?" for text in asked), num_loops=6)
    with torch.no_grad():
        ids = tokenizer(PREMISE, return_tensors="pt").input_ids
        pointed = model(input_ids=ids, num_loops=6, **points).question_logits[0]
    torch.testing.assert_close(pointed, written, rtol=0, atol=1e-5)
    # A 0, B 1, C 6, D 9, E 15: two statements for each hidden cause.
    points = {
        "question_words": torch.tensor([[[0, 1], [6, 1]]]),
        "question_given": torch.tensor([[[6, -1], [9, 15]]]),
        "question_tasks": torch.full((1, 2), QUESTION_TASKS.index("adjustment")),
    }
    asked = [
        "{C} a valid adjustment set for the effect of A on B",
        "{D, E} a valid adjustment set for the effect of C on B",
    ]
    written = logits(model, tokenizer, *(f"{MIXED} Is {text}?" for text in asked), num_loops=6)
    with torch.no_grad():
        ids = tokenizer(MIXED, return_tensors="pt").input_ids
        outputs = model(input_ids=ids, num_loops=6, **points)
    torch.testing.assert_close(outputs.question_logits[0], written, rtol=0, atol=1e-5)
    assert outputs.path_logits.shape == (1, 2, 8, 5)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_batch_of_all_tasks_answers_as_its_rows_do(model, tokenizer, side):
    prompts = [
        f"{PREMISE} {RELEVANCE[1][0]}",
        f"{MIXED} {ADJUSTMENT[2][0]}",
        f"{PREMISE} Does A cause F?",
        f"{PREMISE} Are A and D d-separated given {{F}}?",
        f"{PREMISE} {RELEVANCE[0][0]} {RELEVANCE[1][0]} Does A cause F?",
    ]
    with torch.no_grad():
        inputs = tokenizer(prompts, padding=True, padding_side=side, return_tensors="pt")
        together = model(**inputs, num_loops=6).logits
    alone = torch.cat([logits(model, tokenizer, prompt, num_loops=6) for prompt in prompts])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


def test_long_prompts_are_answered_alike(model, tokenizer, monkeypatch):
    prompts = [f"{PREMISE} {RELEVANCE[1][0]}", f"{MIXED} {ADJUSTMENT[2][0]}"]
    expected = [logits(model, tokenizer, prompt) for prompt in prompts]
    monkeypatch.setattr(loop, "LONG", 0)
    for prompt, answer in zip(prompts, expected, strict=True):
        torch.testing.assert_close(logits(model, tokenizer, prompt), answer, rtol=1e-3, atol=1e-3)


def test_the_words_are_those_of_the_tasks(tokenizer):
    """The examples of the tasks survive the round trip, and names that are words of other forms stay names."""
    texts = [get_task(task).example for task in GRAMMARS]
    texts += ["is causes or. if causes held. on causes fixed. Can causes affect. Does or cause is?"]
    form = "on and on1 share a hidden cause. are causes on. Is {} a valid adjustment set for the effect of are on on?"
    texts += [form.format("{if, is}")]
    for text in texts:
        ids = tokenizer(text).input_ids
        assert tokenizer.unk_token_id not in ids
        assert tokenizer.decode(ids, skip_special_tokens=True) == text
