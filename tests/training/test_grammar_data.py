"""Training data of the further grammars: labels against networkx and the corpora, and how configs are mixed."""

import re

import networkx as nx
import numpy as np
import pytest
import torch

from hf_causal.corpora import generate_shard, get_config
from hf_causal.models import make_model, make_tokenizer
from hf_causal.tasks.shared.statements import parse_premise
from hf_causal.training.data_sources import recipe_tasks
from hf_causal.training.mixture import MixedData
from hf_causal.training.objectives import make_objective
from hf_causal.training.question_data import QuestionData
from hf_causal.training.recipe import load_recipe
from hf_causal.training.separation_data import SeparationData
from hf_causal.training.system_data import SystemData

GRAMMARS = ["transitivity", "d_separation", "corr2cause"]


def rows_of(corpus, config, **options):
    return generate_shard(corpus, get_config(corpus, config, **options), "train", 0)


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer("axiom_looped", GRAMMARS)


@pytest.fixture(scope="module")
def separations():
    return rows_of("axiomatic", "d_separation", rows=400, validation_rows=240)


@pytest.fixture(scope="module")
def trees():
    return rows_of("axiomatic", "d_separation_trees", rows=400, validation_rows=240)


@pytest.fixture(scope="module")
def systems():
    return rows_of("corr2cause", "default", nodes=(3, 4, 5))[:900]


def walks(edges, x, given):
    """Which statements the ball travels along, by its rules alone, edge after edge: (with the arrow, against it)."""
    down, up = set(), set()
    while True:
        size = len(down) + len(up)
        for cause, effect in edges:
            from_above = any(other[1] == cause for other in down)
            from_below = any(other[0] == cause for other in up)
            if cause == x or cause not in given and (from_above or from_below):
                down.add((cause, effect))
            into = any(other[1] == effect for other in down)
            back = any(other[0] == effect for other in up)
            if effect == x or (into if effect in given else back):
                up.add((cause, effect))
        if len(down) + len(up) == size:
            return down, up


@pytest.mark.parametrize("drawn", [0, 12])
@pytest.mark.parametrize("corpus", ["separations", "trees"])
def test_every_label_is_what_the_graph_says(request, tokenizer, corpus, drawn):
    rows = request.getfixturevalue(corpus)
    packs = SeparationData(rows, tokenizer, drawn)
    batch = packs.collate(np.arange(len(packs)), tokenizer.pad_token_id)
    sizes, answers = set(), 0
    for index in range(len(packs)):
        edges = parse_premise(tokenizer.decode(batch["input_ids"][index], skip_special_tokens=True))
        names, graph = [name for edge in edges for name in edge], nx.DiGraph(edges)
        for question in range(packs.questions[index]):
            x, y = (names[word] for word in batch["question_words"][index, question])
            given = {names[word] for word in batch["question_given"][index, question] if word >= 0}
            sizes.add((len(graph), len(given)))
            label = int(batch["labels"][index, question])
            assert label == nx.is_d_separator(graph, {x}, {y}, given)
            down, up = walks(edges, x, given)
            travels = [[int(edge in down), int(edge in up)] for edge in edges]
            assert batch["ball_labels"][index, question, : len(edges)].tolist() == travels
            assert (label == 0) == (y in {edge[1] for edge in down} | {edge[0] for edge in up})
            answers += 1
        assert (batch["labels"][index, packs.questions[index] :] == -100).all()
        assert (batch["ball_labels"][index, :, len(edges) :] == -100).all()
    assert answers == packs.questions.sum() == rows.num_rows + drawn * len(packs)
    assert {(size, count) for size in (4, 5, 6) for count in range(size - 1)} <= sizes or not drawn


def test_the_questions_of_the_rows_come_first(separations, tokenizer):
    packs = SeparationData(separations, tokenizer, 3)
    batch = packs.collate(np.arange(len(packs)), tokenizer.pad_token_id)
    own = [batch["labels"][index, : packs.questions[index] - 3] for index in range(len(packs))]
    assert torch.cat(own).tolist() == separations["label"].to_pylist()


def test_a_question_about_another_node_is_refused(separations, tokenizer):
    prompts = [re.sub(r"Are \w+ and", "Are ZZZ and", prompt) for prompt in separations["prompt"].to_pylist()]
    changed = separations.set_column(separations.schema.get_field_index("prompt"), "prompt", [prompts])
    with pytest.raises(ValueError, match="ask about 'ZZZ'"):
        SeparationData(changed, tokenizer)


def test_systems_ask_the_rows_hypotheses(systems, tokenizer):
    packs = SystemData(systems, tokenizer)
    model = make_model("axiom_looped", {}, tokenizer).eval()
    assert packs.questions.sum() == systems.num_rows
    batch = packs.collate(np.arange(len(packs)), tokenizer.pad_token_id)
    labels = torch.cat([batch["system_labels"][index, :count] for index, count in enumerate(packs.questions)])
    assert labels.tolist() == systems["label"].to_pylist()
    with torch.no_grad():
        asked = model(**{name: value for name, value in batch.items() if name != "system_labels"}).system_logits
        pointed = torch.cat([asked[index, :count] for index, count in enumerate(packs.questions)])
        prompts = systems["prompt"].to_pylist()
        written = model(**tokenizer(prompts[::37], padding=True, return_tensors="pt")).logits
    torch.testing.assert_close(pointed[::37], written, rtol=0, atol=1e-5)


def test_a_hypothesis_about_another_variable_is_refused(systems, tokenizer):
    column = systems.schema.get_field_index("question")
    changed = systems.set_column(column, "question", [["Q directly causes A."] * len(systems)])
    with pytest.raises(ValueError, match="hypothesis 'Q directly causes A.'"):
        SystemData(changed, tokenizer)


@pytest.fixture(scope="module")
def mixed(separations, systems, tokenizer):
    transitivity = QuestionData(
        rows_of("axiomatic", "transitivity_ts2", rows=400, validation_rows=240), tokenizer, True
    )
    sources = [transitivity, SeparationData(separations, tokenizer, 4), SystemData(systems, tokenizer)]
    return sources, MixedData(sources, (3, 2, 1), seed=5)


def test_every_pack_has_its_share_of_each_source(mixed):
    sources, packs = mixed
    assert len(packs) == max(len(sources[0]) // 3, len(sources[1]) // 2, len(sources[2]))
    for source, members, share in zip(sources, packs._members, (3, 2, 1), strict=True):
        assert members.shape == (len(packs), share)
        times = np.bincount(members.flatten(), minlength=len(source))
        assert times.max() - times.min() <= 1 + (members.size < len(source))  # one round after another
    assert packs.questions[3] == sum(
        source.questions[members[3]].sum() for source, members in zip(sources, packs._members, strict=True)
    )


def test_a_mixed_batch_is_its_sources_together(mixed, tokenizer):
    """The same loss, answers and gradients as of the sources apart, whatever the padding."""
    sources, packs = mixed
    chosen = np.array([0, 4])
    whole = packs.collate(chosen, tokenizer.pad_token_id)
    parts = [
        source.collate(members[chosen].flatten(), tokenizer.pad_token_id)
        for source, members in zip(sources, packs._members, strict=True)
    ]
    objective = make_objective(
        load_recipe("axiom-reasoner", {"name_loss_weight": 0.0, "gate_loss_weight": 0.0}), tokenizer
    )
    torch.manual_seed(0)
    model = make_model("axiom_looped", {"flag_noise": 0.0, "training_loops": [7, 7]}, tokenizer)
    totals = objective.count([whole])
    assert vars(totals) == vars(objective.count(parts))
    together = objective.loss_and_hits(model, whole, totals)
    apart = [objective.loss_and_hits(model, part, totals) for part in parts]
    for place in range(3):
        torch.testing.assert_close(sum(values[place] for values in apart), together[place], rtol=1e-4, atol=1e-5)
    names, parameters = zip(*model.named_parameters(), strict=True)
    mixed_gradients = torch.autograd.grad(together[0], parameters)
    apart_gradients = torch.autograd.grad(sum(values[0] for values in apart), parameters)
    for name, one, other in zip(names, mixed_gradients, apart_gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5, msg=name)


def test_a_share_larger_than_its_source_is_refused(mixed):
    with pytest.raises(ValueError, match="more premises in a pack than a source has"):
        MixedData(mixed[0], (3, 2, 10_000))


def test_a_model_may_have_words_for_more_than_it_trains_on():
    both = ["d_separation", "transitivity"]
    wanted = {"mixture": {"axiomatic/d_separation": 1}, "model.grammars": both}
    assert recipe_tasks(load_recipe("axiom-reasoner", wanted)) == both
    assert recipe_tasks(load_recipe("axiom-reasoner", {"mixture": wanted["mixture"]})) == ["d_separation"]


@pytest.mark.parametrize("mixture", [{"axiomatic": 1}, {"axiomatic/transitivity_ts2": 0}, {"a/b": 1.5}])
def test_a_mixture_that_cannot_be_is_refused(mixture):
    with pytest.raises(ValueError, match="'mixture'"):
        load_recipe("axiom-reasoner", {"mixture": mixture})


def test_decoders_read_closed_systems_as_their_prompts_are_written(systems):
    """Packed premises and hypotheses, token by token, are the prompts of the rows with their answers."""
    objective = make_objective(load_recipe("axiom-cpu"), decoder := make_tokenizer("axiom", "corr2cause"))
    packs = objective.make_data(systems, training=False, task="corr2cause")
    batch = packs.collate(np.arange(len(packs)), decoder.pad_token_id)
    prompts, labels = systems["prompt"].to_pylist(), systems["label"].to_pylist()
    found = []
    for index in range(len(packs)):
        ids, ends = batch["input_ids"][index].tolist(), batch["subtree_ends"][index].tolist()
        for place, target in zip(
            batch["target_positions"][index].tolist(), batch["targets"][index].tolist(), strict=True
        ):
            if target != -100:
                seen = [ids[other] for other in range(place + 1) if ends[other] > place]
                found.append((decoder.decode(seen, skip_special_tokens=True), target == packs.answer_ids[1]))
    assert sorted(found) == sorted(zip(prompts, map(bool, labels), strict=True))
