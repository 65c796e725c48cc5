"""Evaluation beyond transitivity: every grammar's rows, shortcuts, reports and models."""

import json
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from small import TINY
from splits import D_SEPARATION, published

from hf_causal.cards.model_card import write_model_card
from hf_causal.corpora import config_names, generate_shard, get_config, task_name
from hf_causal.corpora.build import build
from hf_causal.evaluation.evaluate import evaluate_model, score_predictor
from hf_causal.evaluation.metamorphic import check_consistency
from hf_causal.evaluation.metrics import Accuracy
from hf_causal.evaluation.questions import QuestionSet, corpus_questions, file_questions
from hf_causal.evaluation.report_files import write_model_report
from hf_causal.models import make_tokenizer
from hf_causal.tasks.corr2cause import text as corr2cause
from hf_causal.tasks.corr2cause.shortcuts import few_independences, relation_prior
from hf_causal.tasks.d_separation import text as d_separation
from hf_causal.tasks.d_separation.shortcuts import no_collider_descendants, no_conditions, not_adjacent
from hf_causal.tasks.proving import prove, read
from hf_causal.tasks.registry import get_task, task_of_prompt, tasks
from hf_causal.tasks.shared.shortcuts import majority
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe

SYSTEM = (
    "Premise: Suppose there is a closed system of 3 variables, A, B and C. All the statistical relations among these "
    "3 variables are as follows: A correlates with C. B correlates with C. However, A is independent of B.\n"
    "Hypothesis: "
)
SENTENCES = (
    "A directly causes C.",
    "A causes something else which causes C.",
    "There exists at least one collider (i.e., common effect) of A and B.",
)


class Exact:
    """Answers by proof, but for `wrong`, which it answers wrongly."""

    can_loop = False
    hardware = "none"
    prompting = None

    def __init__(self, wrong=(), unparsable=()):
        self.wrong, self.unparsable = set(wrong), set(unparsable)

    def predict(self, prompts, progress=None, loop_factor=1):
        return [
            -1 if prompt in self.unparsable else int((prove(prompt).answer == "Yes") != (prompt in self.wrong))
            for prompt in prompts
        ]

    def fingerprint(self):
        return "exact"

    def require_readable(self, grammar, prompt):
        pass


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Small d-separation and Corr2Cause corpora."""
    folder = tmp_path_factory.mktemp("grammars")
    build("axiomatic", folder / "axiomatic", [D_SEPARATION], rows_per_cell=12, nodes=(7, 8))
    build("axiomatic", folder / "axiomatic", ["d_separation"], rows=800, validation_rows=200)
    build("corr2cause", folder / "corr2cause", ["default"], nodes=(2, 3, 4))
    return folder


@pytest.fixture(scope="module")
def separation_model(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("separation") / "model"
    recipe = load_recipe("axiom-cpu", {**TINY, "config": "d_separation"})
    train(recipe, folder, data_dir=data / "axiomatic")
    return folder


def exact_scores(corpus, config, data, **options):
    return score_predictor(lambda: Exact(**options), "exact", corpus, config, data / corpus)


def test_the_grammar_of_a_config_is_that_of_its_prompts():
    for corpus, config in (("axiomatic", "transitivity_occ"), ("axiomatic", D_SEPARATION), ("corr2cause", "default")):
        made = get_config(corpus, config)
        prompt = generate_shard(corpus, made, list(made.splits)[-1], 0)["prompt"][0].as_py()
        assert task_of_prompt(prompt).name == task_name(corpus, config)
    assert {task_name("axiomatic", name) for name in config_names("axiomatic")} == {"transitivity", "d_separation"}
    with pytest.raises(ValueError, match="has no config 'x'"):
        task_name("axiomatic", "x")


@pytest.mark.parametrize(("corpus", "config"), [("axiomatic", D_SEPARATION), ("corr2cause", "default")])
def test_every_corpus_is_scored_with_its_shortcuts(corpus, config, data):
    scores = exact_scores(corpus, config, data)
    assert scores.overall.accuracy == 1
    assert all(score.yes.f1 == 1 and score.unparsable == 0 for score in scores.splits.values())
    assert list(scores.baselines) == ["majority", *get_task(task_name(corpus, config)).shortcuts]


def test_closed_systems_are_scored_by_relation_and_size(data):
    scores = exact_scores("corr2cause", "default", data)
    assert list(scores.splits) == ["validation", "test"]
    cells = {(cell.structure, cell.num_nodes) for cell in scores.splits["test"].cells}
    assert cells == {(relation, size) for relation in corr2cause.HYPOTHESES for size in (2, 3, 4)}


def test_an_answer_that_is_neither_is_wrong_and_counted(data):
    first = next(corpus_questions("corr2cause", "default", data / "corr2cause")).prompts[0]
    score = exact_scores("corr2cause", "default", data, unparsable=[first]).splits["validation"]
    assert score.unparsable == 1
    assert score.accuracy == pytest.approx(1 - 1 / score.n)


def test_shortcuts_of_d_separation_agree_with_a_plain_reading():
    seen = set()
    for row in published(D_SEPARATION, "branching").sample(1500):
        prompt = d_separation.parse_prompt(row["prompt"])
        (x, y), given = prompt.question, set(prompt.given)
        graph = nx.DiGraph(prompt.edges)
        graph.add_nodes_from(prompt.question)
        assert not_adjacent(prompt) == (not graph.has_edge(x, y) and not graph.has_edge(y, x))
        assert no_conditions(prompt) == nx.is_d_separator(graph, {x}, {y}, set())
        # Walks are paths in the graph of steps, from which the blocked turns and the turns back are taken away.
        steps = nx.line_graph(graph.to_undirected().to_directed())
        for (before, node), (_, after) in list(steps.edges):
            collides = graph.has_edge(before, node) and graph.has_edge(after, node)
            if before == after or (node in given) != collides:
                steps.remove_edge((before, node), (node, after))
        reached = set().union(*(nx.descendants(steps, step) | {step} for step in steps if step[0] == x))
        said = no_collider_descendants(prompt)
        assert said == (y not in {node for _, node in reached})
        seen.add((said, row["completion"]))
    assert {(1, "Yes"), (0, "No"), (1, "No")} <= seen  # a descendant opens a collider that the shortcut holds closed


def test_chains_determine_no_collider_descendants(data):
    sets = {s.name: s for s in corpus_questions("axiomatic", D_SEPARATION, data / "axiomatic")}
    for name, questions in sets.items():
        right = [no_collider_descendants(p) for p in questions.parsed()] == questions.references
        assert right or name in ("branching", "flipped", "shuffled")


def test_fitted_shortcuts_read_what_they_say():
    prompts = [corr2cause.parse_prompt(SYSTEM + sentence) for sentence in SENTENCES]
    assert relation_prior([*prompts, prompts[0]], [0, 1, 0, 0]) == [0, 1, 0, 0]
    other = replace(prompts[0], system=replace(prompts[0].system, independences=()))
    assert few_independences([prompts[0], other, other], [0, 1, 1]) == [0, 1, 1]
    assert few_independences([prompts[0], other, other], [1, 0, 0]) == [1, 0, 0]
    assert few_independences([other, other, other], [1, 0, 0]) == [0, 0, 0]


@pytest.mark.parametrize("name", ["validation", "test"])
def test_fitted_shortcuts_are_no_worse_than_the_majority(name, data):
    sets = {s.name: s for s in corpus_questions("corr2cause", "default", data / "corr2cause")}
    prompts, references = list(sets[name].parsed()), np.array(sets[name].references)
    plain = (np.array(majority(references.tolist())) == references).mean()
    for shortcut in (relation_prior, few_independences):
        assert (np.array(shortcut(prompts, references.tolist())) == references).mean() >= plain


def test_contradicted_labels_are_counted_in_every_grammar(tmp_path):
    rows = [
        {"prompt": "A causes B. Does A cause B?", "completion": "No"},
        {"prompt": "A causes B. C causes B. Are A and C d-separated?", "completion": "Yes"},
        {"prompt": "A causes B. C causes B. Are A and C d-separated given {B}?", "completion": "Yes"},
        {"prompt": SYSTEM + SENTENCES[0], "completion": "Yes"},
        {"prompt": SYSTEM + SENTENCES[1], "completion": "Yes"},
        {"prompt": "A causes B. Are A and A d-separated?", "completion": "Yes"},
    ]
    path = tmp_path / "mixed.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    questions = file_questions(path)
    assert (questions.contradicted, questions.unreadable) == ([0, 2, 4], [5])
    assert set(questions.task_examples()) == {"transitivity", "d_separation", "corr2cause"}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows[:5]))
    score = score_predictor(Exact, "exact", config=None, files=[path]).files["mixed"]
    assert list(score.baselines) == ["majority"]  # no shortcut reads several grammars
    assert score.correct_rows == Accuracy(n=2, accuracy=1.0, stderr=0.0, chance_centred=1.0)


def test_premise_and_hypothesis_columns_make_a_prompt_of_their_grammar(tmp_path):
    premise, sentence = SYSTEM.removeprefix("Premise: ").removesuffix("\nHypothesis: "), SENTENCES[0]
    path = tmp_path / "columns.jsonl"
    path.write_text(json.dumps({"premise": premise, "hypothesis": sentence, "relation": "entailment"}) + "\n")
    questions = file_questions(path)
    assert (questions.prompts, questions.references, questions.contradicted) == ([SYSTEM + sentence], [1], [])


@pytest.mark.parametrize(
    "prompts",
    [
        ["A causes B. C causes B. Are A and C d-separated given {B}?", "x1 causes q. Are x1 and r7 d-separated?"],
        [SYSTEM + sentence for sentence in SENTENCES],
    ],
)
def test_exact_answers_of_every_grammar_are_consistent(prompts):
    found = check_consistency(Exact(), prompts * 5)
    assert set(found.values()) == {1.0} and {"renamed", "shuffled"} <= set(found)


def test_answers_by_name_are_detected():
    class Spelling(Exact):
        def predict(self, prompts, progress=None, loop_factor=1):
            return [int(" A " in prompt) for prompt in prompts]

    for prompt in ("A causes B. Are A and B d-separated?", SYSTEM + SENTENCES[0]):
        assert check_consistency(Spelling(), [prompt] * 10)["renamed"] < 1
    with pytest.raises(ValueError, match="must be of one task, got d_separation, transitivity"):
        check_consistency(Exact(), ["A causes B. Does A cause B?", "A causes B. Are A and B d-separated?"])


def test_a_decoder_learns_the_words_of_d_separation(separation_model, data):
    scores = evaluate_model(separation_model, config=D_SEPARATION, data_dir=data / "axiomatic", limit=4)
    assert set(scores.splits) == {"sequential", "flipped", "reversed", "shuffled", "branching", "long_names"}
    text = write_model_report(separation_model, scores).read_text()
    assert "Llama-3-8B-Instruct, LoRA on 175k axioms (published)" in text and "GPT-4" not in text
    assert "no collider descendants" in text
    card = (separation_model / "README.md").read_text()
    assert "d-separation, Yes or No" in card and "Transitivity, Yes or No" not in card


def test_the_report_of_closed_systems_has_relations_and_detection(data, tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    scores = exact_scores("corr2cause", "default", data)
    text = write_model_report(tmp_path, scores).read_text()
    assert "| | 2 | 3 | 4 |" in text
    places = [text.index(f"| {name.replace('_', ' ')} |") for name in corr2cause.HYPOTHESES]
    assert places == sorted(places)
    assert "| this model, test | 1.000 | 1.000 | 1.000 | 1.000 |" in text
    assert "| GPT-4 (published) | | | 0.291 | 0.646 |" in text
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {"overview.png", "validation.png", "test.png"}
    assert "Correlation to causation, Yes or No" in write_model_card(tmp_path).read_text()


def test_pictures_hold_accuracies_below_chance(data, tmp_path, drawn_pictures):
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    sets = corpus_questions("corr2cause", "default", data / "corr2cause")
    scores = exact_scores("corr2cause", "default", data, wrong=[p for s in sets for p in s.prompts])
    assert scores.overall.accuracy == 0
    assert "0.000 ± 0.000" in write_model_report(tmp_path, scores).read_text()


def test_a_model_without_the_words_of_a_grammar_says_so(trained_model, data):
    with pytest.raises(ValueError, match="no words for d_separation questions: it was trained on another task"):
        evaluate_model(trained_model, config=D_SEPARATION, data_dir=data / "axiomatic")
    with pytest.raises(ValueError, match="no words for corr2cause questions"):
        evaluate_model(trained_model, corpus="corr2cause", config="default", data_dir=data / "corr2cause")


@pytest.mark.parametrize("model_type", ["axiom", "axiom_looped"])
def test_a_grammar_that_no_model_reads_is_refused(model_type):
    with pytest.raises(ValueError, match="`grammars` must be among transitivity, .*got 'syll"):
        make_tokenizer(model_type, ["transitivity", "syllogisms"])


def test_an_unknown_config_is_refused_before_a_model_is_loaded():
    def load():
        raise AssertionError("loaded")

    with pytest.raises(ValueError, match="has no config 'd_sep'"):
        score_predictor(load, "x", config="d_sep")


def test_every_task_has_shortcuts_and_configs():
    for task in tasks().values():
        assert task.shortcuts
        assert {task.few_shot_config, *task.scored_configs} <= set(task.configs)


def test_grammars_are_of_the_readable_prompts():
    questions = QuestionSet("mixed", ["What?", "A causes B. Does A cause B?"], [1, 1], unreadable=[0])
    assert questions.task_examples() == {"transitivity": questions.prompts[1]}
    assert read(questions.prompts[1])[0].name == "transitivity"
