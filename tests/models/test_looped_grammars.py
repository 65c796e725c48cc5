"""The looped reasoner in all its grammars: what it reads, what does not matter to it, and mixed batches."""

import itertools
import re

import numpy as np
import pytest
import torch

from hf_causal.corpora import generate_shard, get_config
from hf_causal.models import make_model, make_tokenizer
from hf_causal.models.axiom_looped import AxiomLoopedConfig
from hf_causal.models.axiom_looped.configuration_axiom_looped import WORDS
from hf_causal.models.axiom_looped.reading_axiom_looped import read_sentences
from hf_causal.models.axiom_looped.system_reading_axiom_looped import read_systems
from hf_causal.tasks.corr2cause.text import HYPOTHESES, PARAPHRASES
from hf_causal.tasks.corr2cause.text import parse_prompt as parse_system

GRAMMARS = ["transitivity", "d_separation", "corr2cause"]
SYSTEM = (
    "Premise: Suppose there is a closed system of 3 variables, A, B and C. All the statistical relations among these "
    "3 variables are as follows: A correlates with C. B correlates with C. However, A is independent of B.\n"
    "Hypothesis: "
)
SEPARATIONS = [
    "A causes B. B causes C. Are A and C d-separated given {B}?",
    "A causes B. C causes B. B causes and. Are A and and d-separated given {and1, C}?",
    "A causes B. B causes C. Are A and C d-separated?",
    "A causes B. B causes C. Are A and C d-separated given {}?",
]


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer("axiom_looped", GRAMMARS)


@pytest.fixture(scope="module", params=["one block", "separate blocks"])
def model(request, tokenizer):
    torch.manual_seed(0)
    apart = request.param == "separate blocks"
    model = make_model("axiom_looped", {"separate_blocks": apart}, tokenizer)
    with torch.no_grad():  # flags begin shut and answers alike: half open ones tell prompts apart
        for block in (*model.model.blocks, *(model.model.separation_blocks if apart else ())):
            for layer, factor, bias in ((block.up_proj, 2, 0.0), (block.down_proj, 2, -0.5)):
                layer.weight.mul_(factor)
                layer.bias.fill_(bias)
            if block.context_task:
                block.context_proj.weight.mul_(4)
    return model.eval()


@pytest.fixture(scope="module")
def systems():
    rows = generate_shard("corr2cause", get_config("corr2cause", "default"), "test", 0)
    return rows["prompt"].to_pylist()[::29]


def logits(model, tokenizer, *prompts, **options):
    with torch.no_grad():
        return model(**tokenizer(list(prompts), padding=True, return_tensors="pt"), **options).logits


def test_the_words_are_those_of_the_corpora(tokenizer):
    """No prompt of the corpora has a token that is unknown, and all survive the round trip."""
    for corpus, config, split in (
        ("axiomatic", "d_separation_generalization", "branching"),
        ("corr2cause", "default", "test"),
        ("corr2cause", "paraphrased", "test"),
        ("corr2cause", "refactored", "test"),
    ):
        rows = generate_shard(corpus, get_config(corpus, config), split, 0)
        prompts = rows["prompt"].to_pylist()[::7]
        for ids, prompt in zip(tokenizer(prompts).input_ids, prompts, strict=True):
            assert tokenizer.unk_token_id not in ids
            assert tokenizer.decode(ids, skip_special_tokens=True) == prompt


@pytest.mark.parametrize("prompt", SEPARATIONS)
def test_it_reads_pairs_and_conditioning_sets(tokenizer, prompt):
    inputs = tokenizer(prompt, return_tensors="pt")
    config = AxiomLoopedConfig(
        grammars=GRAMMARS, words={w: tokenizer.get_vocab()[w] for g in GRAMMARS for w in WORDS[g]}
    )
    read = read_sentences(inputs.input_ids, inputs.attention_mask, config)
    names = [""] * read.names_per_row
    for token, word in zip(read.character_ids.tolist(), read.character_words.tolist(), strict=True):
        names[word] += tokenizer.convert_ids_to_tokens(token)
    asked = re.search(r"Are (\w+) and (\w+) d-separated(?: given \{(.*)\})?", prompt)
    statements = re.findall(r"(\w+) causes (\w+)\.", prompt)
    given = asked[3].split(", ") if asked[3] else []
    assert names == [*itertools.chain(*statements), asked[1], asked[2], *given]
    assert read.tasks.tolist() == [[1]]
    assert read.further.tolist() == [[0] * len(given)]


@pytest.mark.parametrize(
    "prompt",
    [
        "A causes B. Are A and B d-separated given B?",
        "A causes B. Are A B d-separated?",
        "A causes B. Does A cause B, C?",
    ],
)
def test_other_questions_are_refused(model, tokenizer, prompt):
    with pytest.raises(ValueError, match="cannot be read.*Are X and Y d-separated given"):
        logits(model, tokenizer, prompt)


def test_a_model_of_one_grammar_refuses_the_others(tokenizer):
    narrow = make_model("axiom_looped", {"grammars": ["transitivity"]}, tokenizer).eval()
    with pytest.raises(ValueError, match="'X causes Y.' or 'Does X cause Y"):
        logits(narrow, tokenizer, SEPARATIONS[0])
    with pytest.raises(ValueError, match="cannot be read"):
        logits(narrow, tokenizer, SYSTEM + "A directly causes C.")


def test_a_conditioning_set_has_no_order(model, tokenizer):
    premise = "A causes B. C causes B. B causes D. D causes E. Are A and E d-separated given "
    one, *others = [
        logits(model, tokenizer, f"{premise}{{{', '.join(names)}}}?")
        for names in itertools.permutations(["C", "D", "B"])
    ]
    for other in others:
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)
    assert (one - logits(model, tokenizer, f"{premise}{{C}}?")).abs().max() > 1e-3


def test_pointed_questions_are_answered_as_written_ones(model, tokenizer):
    premise = "A causes B. C causes B. B causes D. D causes E."
    ids = tokenizer(premise, return_tensors="pt").input_ids
    # Names by where the premise spells them first: A 0, B 1, C 2, D 5, E 7.
    words = torch.tensor([[[0, 7], [2, 0], [0, 2]]])
    given = torch.tensor([[[1, -1], [-1, -1], [7, 5]]])
    with torch.no_grad():
        pointed = model(input_ids=ids, question_words=words, question_given=given, num_loops=12).question_logits[0]
        plain = model(input_ids=ids, question_words=words, num_loops=12).question_logits[0]
        mixed = model(
            input_ids=ids,
            question_words=words,
            question_given=given,
            question_separations=torch.tensor([[True, False, True]]),
            num_loops=12,
        ).question_logits[0]
    asked = ["Are A and E d-separated given {B}?", "Are C and A d-separated?", "Are A and C d-separated given {E, D}?"]
    written = logits(model, tokenizer, *(f"{premise} {question}" for question in asked), num_loops=12)
    torch.testing.assert_close(pointed, written, rtol=0, atol=1e-5)
    torch.testing.assert_close(
        plain[1], logits(model, tokenizer, f"{premise} Does C cause A?", num_loops=12)[0], rtol=0, atol=1e-5
    )
    torch.testing.assert_close(mixed, torch.stack([pointed[0], plain[1], pointed[2]]), rtol=0, atol=1e-5)


def test_closed_systems_are_read_as_their_grammar_reads_them(model, tokenizer, systems):
    for prompt in systems:
        parsed = parse_system(prompt)
        table, size = parsed.system.table, len(parsed.system.variables)
        read = read_systems(tokenizer(prompt, return_tensors="pt").input_ids, None, model.config)
        order = read.listed[0].numpy()
        codes = np.arange(2**size)
        inside = np.array([codes >> variable & 1 for variable in range(size)], dtype=bool)
        distinct = ~np.eye(size, dtype=bool)
        square, cube = np.ix_(order, order), np.ix_(order, order, order)
        pairs, triples = read.pairs[0].numpy(), read.triples[0].numpy()
        np.testing.assert_array_equal(pairs[..., 0][square], ~table[:, :, 0] & distinct)
        np.testing.assert_array_equal(pairs[..., 1][square], table[:, :, 0])
        np.testing.assert_array_equal(pairs[..., 2][square], table.any(-1))
        np.testing.assert_array_equal(pairs[..., 3][square], ~distinct)
        np.testing.assert_array_equal(triples[..., 0][cube], (table[:, :, None] & inside).any(-1))
        third = distinct[None] & distinct[:, None]
        np.testing.assert_array_equal(triples[..., 1][cube], (table[:, :, None] & ~inside).any(-1) & third)
        names = [parsed.system.variables[list(order).index(int(one))] for one in read.questions[0, 0]]
        assert sorted(names) == sorted(parsed.pair)
        assert re.search(rf"\b{names[0]}\b.*\b{names[1]}\b", parsed.question_text)


def test_neither_names_nor_order_matter_in_closed_systems(model, tokenizer, systems):
    random = np.random.default_rng(0)
    for prompt in systems[:12]:
        expected = logits(model, tokenizer, prompt)
        other = dict(zip("ABCDEF", ["rain", "Zq9", "a", "of", "F", "A"], strict=True))
        renamed = re.sub(r"\b([A-F])\b", lambda found, other=other: other[found[1]], prompt)
        torch.testing.assert_close(logits(model, tokenizer, renamed), expected, rtol=0, atol=1e-5)
        start, end = prompt.index("follows: ") + len("follows: "), prompt.index("\nHypothesis")
        sentences = re.split(r"(?<=\.) ", prompt[start:end].replace("However, ", ""))
        shuffled = " ".join(random.permutation(sentences))
        torch.testing.assert_close(
            logits(model, tokenizer, prompt[:start] + shuffled + prompt[end:]), expected, rtol=0, atol=1e-5
        )


def test_wordings_and_directions_do_matter(model, tokenizer):
    said = {text.format(i="A", j="C") for texts in (HYPOTHESES, PARAPHRASES) for text in texts.values()}
    answers = logits(model, tokenizer, *(SYSTEM + text for text in sorted(said)))
    apart = (answers[:, None] - answers).abs().amax(-1) + torch.eye(len(said))
    assert apart.min() > 1e-6


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        (SYSTEM + "A directly causes D.", "lists 3 variables and speaks of 4"),
        (SYSTEM + "A directly causes.", "names two variables, this one 1"),
        (SYSTEM.replace("B correlates with C.", "B correlates with.") + "A directly causes B.", "cannot be read"),
        (SYSTEM.replace("B correlates with C.", "B causes C.") + "A directly causes B.", "cannot be read"),
    ],
)
def test_what_is_no_closed_system_is_refused(model, tokenizer, prompt, message):
    with pytest.raises(ValueError, match=message):
        logits(model, tokenizer, prompt)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_batch_of_all_grammars_answers_as_its_rows_do(model, tokenizer, systems, side):
    prompts = [systems[3], SEPARATIONS[1], "A causes B. Does A cause B?", systems[0], SEPARATIONS[2]]
    padded = tokenizer(prompts, padding=True, padding_side=side, return_tensors="pt")
    with torch.no_grad():
        together = model(**padded).logits
    alone = torch.cat([logits(model, tokenizer, prompt) for prompt in prompts])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)
    assert (alone[:, None] - alone).abs().amax(-1)[~torch.eye(5, dtype=torch.bool)].min() > 1e-6
    labels = torch.tensor([0, 1, 1, 0, 0])
    with torch.no_grad():
        loss = model(**padded, labels=labels).loss
    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(alone, labels))


def test_a_config_without_its_words_is_refused():
    with pytest.raises(Exception, match="'Are' is missing"):
        AxiomLoopedConfig(grammars=["d_separation"])
    with pytest.raises(Exception, match="`grammars` must be among"):
        AxiomLoopedConfig(grammars=["syllogisms"])
