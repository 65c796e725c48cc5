"""Prompts for models that see tokens only: their tokens, what certificates say of mentions, and what is drawn."""

import json

import numpy as np
import pytest
import torch

from hf_causal.corpora.load import load_corpus
from hf_causal.graphs.dags import hop_counts
from hf_causal.models import AxiomTokenizer, make_model
from hf_causal.tasks.transitivity.proof import prove
from hf_causal.tasks.transitivity.text import parse_prompt
from hf_causal.training.objectives import make_objective
from hf_causal.training.prompt_answers import PromptOptions
from hf_causal.training.prompt_data import PromptData, Surface, draw_question
from hf_causal.training.recipe import load_recipe

TOKENIZER = AxiomTokenizer()
EVERYTHING = Surface(renamed=1.0, longest_name=10, similar_names=0.5, shuffled=1.0, repeated=1.0)


@pytest.fixture(scope="module")
def rows(corpus_dir):
    return load_corpus("axiomatic", "transitivity_ts2", "train", corpus_dir)[:300]


def batch_of(data):
    return data.collate(np.arange(len(data)), 0)


def texts(batch):
    return [TOKENIZER.decode(ids, skip_special_tokens=True) for ids in batch["input_ids"]]


def test_prompts_are_tokens_as_the_tokenizer_writes_them(rows):
    batch = batch_of(PromptData(rows, TOKENIZER))
    written = TOKENIZER(rows["prompt"].to_pylist(), padding="longest", padding_side="right", return_tensors="pt")
    width = written.input_ids.shape[1]
    assert batch["input_ids"][:, :width].equal(written.input_ids) and not batch["input_ids"][:, width:].any()
    assert batch["labels"].tolist() == rows["label"].to_pylist()


def said_of_names(prompt, mentions, ids):
    """What the labels say of each name; raises if two mentions of a name disagree."""
    said = {}
    names = [name for edge in (*prompt.edges, prompt.question) for name in edge]
    positions = iter((mentions[index].item(), ids[index]) for index in range(len(ids)) if 4 <= ids[index] < 66)
    for name in names:
        values = {next(positions)[0] for _ in name}
        assert len(values) == 1 and said.setdefault(name, values) == values
    return {name: values.pop() for name, values in said.items()}


@pytest.mark.parametrize("surface", [Surface(), EVERYTHING])
def test_mentions_are_labelled_by_the_certificates(rows, surface):
    batch = batch_of(PromptData(rows, TOKENIZER, 2, True, surface))
    for text, label, mentions, ids in zip(
        texts(batch), batch["labels"].tolist(), batch["mention_labels"], batch["input_ids"].tolist(), strict=True
    ):
        prompt = parse_prompt(text)
        proof = prove(prompt)
        assert label == (proof.answer == "Yes")
        said, certificate = said_of_names(prompt, mentions, ids), json.loads(proof.certificate)
        if label:
            assert {name for name, value in said.items() if value == 1} == set(certificate["path"])
            assert -100 in {*said.values(), -100} and 0 not in said.values()
        else:
            reached = {prompt.question[0], *certificate["reachable"]}
            assert said == {name: int(name in reached) for name in said}
        assert (mentions[torch.tensor(ids) >= 66] == -100).all()  # words


def test_the_surface_varies_and_the_graph_does_not(rows):
    plain, varied = (texts(batch_of(PromptData(rows, TOKENIZER, 3, seed=5, surface=s))) for s in (None, EVERYTHING))
    longest = max(len(name) for text in varied for edge in parse_prompt(text).edges for name in edge)
    assert longest == 10
    graphs = [len(set(parse_prompt(text).edges)) for text in varied]
    assert sorted(set(graphs)) == sorted({len(parse_prompt(text).edges) for text in plain})
    assert any(len(parse_prompt(text).edges) > 5 for text in varied)  # repetitions


def test_one_seed_draws_the_same_prompts(rows):
    first, again, other = (batch_of(PromptData(rows, TOKENIZER, 2, True, EVERYTHING, seed)) for seed in (1, 1, 2))
    assert all(first[name].equal(again[name]) for name in first)
    assert first["input_ids"].shape != other["input_ids"].shape or not first["input_ids"].equal(other["input_ids"])


@pytest.mark.parametrize("balanced", [True, False])
def test_questions_are_drawn_by_their_hops(balanced):
    hops = hop_counts(np.array([[[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]]]), 6)[0]
    random = np.random.default_rng(0)
    drawn = [hops[draw_question(hops, balanced, random)] for _ in range(4000)]
    counts = np.bincount(np.array(drawn) + 1, minlength=7) / 4000
    assert counts[0] == pytest.approx(0.5, abs=0.03)  # No
    expected = [0.1] * 5 if balanced else [5 / 30, 4 / 30, 3 / 30, 2 / 30, 1 / 30]
    assert counts[2:] == pytest.approx(expected, abs=0.02)


def test_the_objective_adds_what_certificates_say(rows):
    losses = []
    for weight in (0.0, 2.0):
        recipe = load_recipe("axiom-recurrent", {"objective.mention_loss_weight": weight})
        objective = make_objective(recipe, TOKENIZER)
        torch.manual_seed(0)
        sizes = {"hidden_size": 16, "num_attention_heads": 1, "training_loops": [2, 2]}
        model = make_model("axiom_recurrent", sizes, TOKENIZER).train()
        batch = objective.make_data(rows, training=True).collate(np.arange(8), 0)
        counts = objective.count([batch, batch])
        assert int(counts.answers) == 16 and int(counts.auxiliary) == 2 * int((batch["mention_labels"] >= 0).sum())
        with torch.no_grad():
            losses.append(objective.loss_and_hits(model, batch, objective.count([batch])))
    assert losses[0].loss == pytest.approx(float(losses[0].answer_loss_sum) / 8, rel=1e-5)
    # An untrained head says one half of every mention.
    assert float(losses[1].loss - losses[0].loss) > 0.5 and losses[1].answer_loss_sum == losses[0].answer_loss_sum


@pytest.mark.parametrize(
    ("option", "value", "right"), [("renamed", 1.5, "between 0 and 1"), ("longest_name", 1, "at least 2")]
)
def test_wrong_options(option, value, right):
    with pytest.raises(ValueError, match=f"{option}.*{right}"):
        PromptOptions(**{option: value})


def test_another_task_is_refused():
    objective = make_objective(load_recipe("axiom-recurrent"), TOKENIZER)
    with pytest.raises(ValueError, match="must be one of transitivity"):
        objective.make_data(None, training=True, task="d_separation")


def test_the_family_says_how_the_text_varies(rows):
    options = {"objective.renamed": 1.0, "objective.shuffled": 0.5}
    family = make_objective(load_recipe("axiom-recurrent", options), TOKENIZER).family(rows)
    assert family["longest_name"] == 10 and "shuffled" in family["structures"]
