"""Training data of relevance and adjustment sets: every label against the proofs of the task."""

import numpy as np
import pytest
import torch

from hf_causal.corpora import generate_shard, get_config
from hf_causal.graphs.adjustment_walks import WALKS
from hf_causal.models import make_model, make_tokenizer
from hf_causal.tasks.registry import get_task
from hf_causal.training.mixture import MixedData
from hf_causal.training.objectives import make_objective
from hf_causal.training.pointed_data import AdjustmentData, RelevanceData
from hf_causal.training.question_data import QuestionData
from hf_causal.training.recipe import load_recipe
from hf_causal.training.separation_data import SeparationData

DATA = {"relevance": RelevanceData, "adjustment": AdjustmentData}
QUESTIONS = {
    "relevance": "Can changing {first} affect {second}{given}?",
    "adjustment": "Is {{{given}}} a valid adjustment set for the effect of {first} on {second}?",
}


def rows_of(corpus, config):
    return generate_shard(corpus, get_config(corpus, config, rows=240, validation_rows=240), "train", 0)


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer("axiom_looped", ["transitivity", "d_separation", "relevance", "adjustment"])


@pytest.fixture(scope="module", params=list(DATA))
def task(request):
    return request.param


@pytest.fixture(scope="module")
def rows(task):
    return rows_of("causal_ladder", task)


def write_question(task, first, second, given):
    if task == "adjustment":
        return QUESTIONS[task].format(first=first[0], second=second[0], given=", ".join(given))
    held = f" if {' and '.join(given)} {'is' if len(given) == 1 else 'are'} held fixed" if given else ""
    return QUESTIONS[task].format(first=" or ".join(first), second=" or ".join(second), given=held)


def names_in_words(text):
    """Returns what each pointer of a premise points to: the names of its statements, two for each hidden cause."""
    words = []
    for sentence in text.split(". "):
        first, *middle, last = sentence.rstrip(".").split()
        words += [first, last] if middle == ["causes"] else ["~", first, "~", middle[1]]
    return words


@pytest.mark.parametrize("drawn", [0, 6])
def test_every_label_is_what_the_task_proves(task, rows, tokenizer, drawn):
    definition = get_task(task)
    packs = DATA[task](rows, tokenizer, drawn)
    batch = packs.collate(np.arange(len(packs)), tokenizer.pad_token_id)
    labels = []
    for index in range(len(packs)):
        premise = tokenizer.decode(batch["input_ids"][index], skip_special_tokens=True)
        names = names_in_words(premise)
        for question in range(packs.questions[index]):
            sides = [
                [names[word] for word in (int(first), *others) if word >= 0]
                for first, others in zip(
                    batch["question_words"][index, question],
                    batch["question_others"][index, question].tolist(),
                    strict=True,
                )
            ]
            given = [names[word] for word in batch["question_given"][index, question].tolist() if word >= 0]
            proof = definition.prove(definition.parse(f"{premise} {write_question(task, *sides, given)}"))
            label = int(batch["labels"][index, question])
            assert ("No", "Yes")[label] == proof.answer
            labels.append(label)
        assert (batch["labels"][index, packs.questions[index] :] == -100).all()
    assert len(labels) == packs.questions.sum() == rows.num_rows + drawn * len(packs)
    if not drawn:
        assert labels == rows["label"].to_pylist()


def test_what_passes_a_statement(tokenizer):
    rows = rows_of("causal_ladder", "relevance")
    packs = RelevanceData(rows, tokenizer)
    batch = packs.collate(np.arange(len(packs)), tokenizer.pad_token_id)
    # The answer is Yes exactly where a target is the effect of a statement that is passed.
    for index, premise in enumerate(packs._premises):
        for question in range(packs.questions[index]):
            passed = batch["sentence_labels"][index, question, : len(premise.edges)] == 1
            effects = set(premise.edges[passed.numpy(), 1].tolist())
            hit = not effects.isdisjoint(premise.seconds[question])
            assert hit == (batch["labels"][index, question] == 1)


def test_the_losses_of_walks_are_means(rows, task, tokenizer):
    objective = make_objective(load_recipe("axiom-reasoner"), tokenizer)
    packs = objective.make_data(rows, training=True, task=task)
    batch = packs.collate(np.arange(4), tokenizer.pad_token_id)
    counts = objective.count([batch])
    key = "path_labels" if task == "adjustment" else "sentence_labels"
    share = len(WALKS) if task == "adjustment" else 1
    assert counts.auxiliary * share == (batch[key] != -100).sum() > 0
    torch.manual_seed(0)
    model = make_model("axiom_looped", {"separate_blocks": True}, tokenizer).train()
    loss = objective.loss_and_hits(model, batch, counts).loss
    assert loss.isfinite()
    parameters = dict(model.named_parameters())
    gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
    reached = {name for name, gradient in zip(parameters, gradients, strict=True) if gradient is not None}
    assert f"{task}_classifier.weight" in reached
    assert {name for name in parameters if f"{task}_blocks" in name} <= reached


def test_tasks_are_mixed_with_others(tokenizer):
    """Answers to the questions of a mixed batch are those of its sources apart."""
    sources = [
        QuestionData(rows_of("axiomatic", "transitivity_ts2"), tokenizer, True),
        SeparationData(rows_of("axiomatic", "d_separation"), tokenizer, 2),
        RelevanceData(rows_of("causal_ladder", "relevance"), tokenizer, 2),
        AdjustmentData(rows_of("causal_ladder", "adjustment"), tokenizer, 2),
    ]
    packs = MixedData(sources, (2, 2, 2, 2), seed=3)
    torch.manual_seed(0)
    model = make_model("axiom_looped", {"separate_blocks": True}, tokenizer).eval()

    def answers(batch):
        with torch.no_grad():
            asked = {name: tensor for name, tensor in batch.items() if not name.endswith("labels")}
            return model(**asked, num_loops=3).question_logits

    together = packs.collate(np.array([1]), tokenizer.pad_token_id)
    found = answers(together)
    for number, (source, members) in enumerate(zip(sources, packs._members, strict=True)):
        batch = source.collate(members[1], tokenizer.pad_token_id)
        expected = answers(batch)
        rows = slice(2 * number, 2 * number + 2)
        torch.testing.assert_close(found[rows, : expected.shape[1]], expected, rtol=0, atol=1e-4)
        assert (together["labels"][rows, : expected.shape[1]] == batch["labels"]).all()


def test_a_question_about_another_node_is_refused(rows, task, tokenizer):
    column = rows.schema.get_field_index("prompt")
    form = "Is {} a valid adjustment set for the effect of ZZZ on YY?" if task == "adjustment" else None
    asked = form or "Can changing ZZZ affect YY?"
    changed = [f"{premise} {asked}" for premise in rows["premise"].to_pylist()]
    with pytest.raises(ValueError, match="ask about 'ZZZ'"):
        DATA[task](rows.set_column(column, "prompt", [changed]), tokenizer)
