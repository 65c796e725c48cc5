"""Premises with pointed questions: labels against networkx, repetitions, and what the trainer does with them."""

import networkx as nx
import numpy as np
import pytest
import torch

from hf_causal.corpora.load import load_corpus
from hf_causal.models import AxiomTokenizer, make_model
from hf_causal.tasks.transitivity.text import parse_prompt
from hf_causal.training.objectives import Counts, make_objective
from hf_causal.training.question_data import QuestionData
from hf_causal.training.recipe import load_recipe


@pytest.fixture(scope="module")
def rows(corpus_dir):
    return load_corpus("axiomatic", "transitivity_ts2", "train", corpus_dir)[:400]


@pytest.fixture(scope="module")
def tokenizer():
    return AxiomTokenizer()


def read(batch, index, tokenizer):
    """The statements of a row, and its questions with their labels, as names."""
    text = tokenizer.decode(batch["input_ids"][index], skip_special_tokens=True)
    edges = parse_prompt(f"{text} Does A cause A?").edges
    words = [name for edge in edges for name in edge]
    asked = [
        (words[cause], words[effect], int(label), sentences[: len(edges)].tolist())
        for (cause, effect), label, sentences in zip(
            batch["question_words"][index].tolist(),
            batch["labels"][index],
            batch["sentence_labels"][index],
            strict=True,
        )
        if label != -100
    ]
    return edges, asked


@pytest.mark.parametrize("repeat", [0.0, 1.0])
def test_every_label_is_what_the_graph_says(rows, tokenizer, repeat):
    packs = QuestionData(rows, tokenizer, all_questions=True, repeat_sentences=repeat)
    batch = packs.collate(np.arange(len(packs.lengths)), tokenizer.pad_token_id)
    repeated = 0
    for index in range(len(packs)):
        edges, asked = read(batch, index, tokenizer)
        graph = nx.DiGraph(edges)
        repeated += len(edges) > graph.number_of_edges()
        assert len(asked) == packs.questions[index] == len(graph) * (len(graph) - 1)
        assert packs.lengths[index] == len(asked) * len(edges)
        assert len({pair[:2] for pair in asked}) == len(asked)
        for cause, effect, label, sentences in asked:
            assert label == nx.has_path(graph, cause, effect)
            assert sentences == [int(nx.has_path(graph, cause, source)) for source, _ in edges]
    assert repeated == (len(packs) if repeat else 0)


def test_the_questions_of_the_rows_keep_their_labels(rows, tokenizer):
    packs = QuestionData(rows, tokenizer, all_questions=False)
    batch = packs.collate(np.arange(len(packs)), tokenizer.pad_token_id)
    told = [pair[:3] for index in range(len(packs)) for pair in read(batch, index, tokenizer)[1]]
    questions = [parse_prompt(prompt).question for prompt in rows["prompt"].to_pylist()]
    assert told == [(*question, label) for question, label in zip(questions, rows["label"].to_pylist(), strict=True)]


def test_a_question_about_another_node_is_refused(rows, tokenizer):
    column = rows.schema.get_field_index("question")
    changed = rows.set_column(column, "question", [["Does ZZZ cause A?"] * len(rows)])
    with pytest.raises(ValueError, match="ask about 'ZZZ'"):
        QuestionData(changed, tokenizer, all_questions=False)
    with pytest.raises(ValueError, match="empty"):
        QuestionData(rows[:0], tokenizer, all_questions=True)


def test_micro_batches_add_up_to_the_loss_of_the_batch(rows, tokenizer):
    recipe = load_recipe("axiom-looped", {"sentence_loss_weight": 0.5, "gate_loss_weight": 0.0})
    torch.manual_seed(0)
    model = make_model("axiom_looped", {"flag_noise": 0.0, "training_loops": [7, 7]}, tokenizer)
    objective = make_objective(recipe, tokenizer)
    packs = objective.make_data(rows, training=True)
    parts = [packs.collate(chosen, tokenizer.pad_token_id) for chosen in (np.arange(3), np.arange(3, 11))]
    whole = packs.collate(np.arange(11), tokenizer.pad_token_id)
    totals = objective.count([whole])
    assert vars(totals) == vars(objective.count(parts))
    together, answers, hits = objective.loss_and_hits(model, whole, totals)
    apart = [objective.loss_and_hits(model, part, totals) for part in parts]
    torch.testing.assert_close(sum(loss for loss, _, _ in apart), together)
    torch.testing.assert_close(sum(own for _, own, _ in apart), answers)
    assert sum(int(own) for _, _, own in apart) == int(hits)
    # Against a plain loop over everything that is labelled.
    outputs = model(input_ids=whole["input_ids"], question_words=whole["question_words"])
    expected = torch.zeros(())
    for kind, weight, count in (("question_logits", 1.0, totals.answers), ("sentence_logits", 0.5, totals.auxiliary)):
        labels = whole["labels" if kind == "question_logits" else "sentence_labels"]
        chance = outputs[kind].log_softmax(-1)
        for place in (labels != -100).nonzero().tolist():
            expected = expected - weight * chance[tuple(place)][labels[tuple(place)]] / count
    torch.testing.assert_close(expected, together, rtol=1e-4, atol=1e-5)


def test_without_sentence_labels_only_answers_count(rows, tokenizer):
    objective = make_objective(
        load_recipe("axiom-looped", {"sentence_loss_weight": 0.0, "gate_loss_weight": 0.0}), tokenizer
    )
    model = make_model("axiom_looped", {}, tokenizer)
    batch = objective.make_data(rows, training=True).collate(np.arange(4), tokenizer.pad_token_id)
    loss, answer_sum, _ = objective.loss_and_hits(model, batch, Counts(torch.tensor(2.0), torch.tensor(1.0)))
    torch.testing.assert_close(loss, answer_sum / 2)
