"""Cards: what the Hub reads from them, and that the shipped model is what its card says."""

import json
import re
import shutil
from pathlib import Path

import datasets
import pytest
from huggingface_hub import DatasetCard, ModelCard

from hf_causal.cards.model_card import write_model_card
from hf_causal.corpora import generate_shard, get_config
from hf_causal.corpora.build import build
from hf_causal.corpora.card import write_card
from hf_causal.evaluation.evaluators import evaluation_of_model
from hf_causal.evaluation.predictors import load_predictor
from hf_causal.evaluation.report_files import write_model_report
from hf_causal.evaluation.scores import Scores, read_scores
from hf_causal.models.registry import MODEL_TYPES
from hf_causal.tasks.proving import check
from hf_causal.training.recipe import load_recipe


def model_type(folder: Path) -> str:
    return json.loads((folder / "config.json").read_text())["model_type"]


MODEL_CARDS = Path(__file__).resolve().parents[2] / "model_cards"
SHIPPED = sorted(path.parent for path in MODEL_CARDS.glob("*/config.json") if model_type(path.parent) in MODEL_TYPES)
"""Models whose architecture is in this checkout: a sister system may be gone."""
each_shipped = pytest.mark.parametrize("shipped", SHIPPED, ids=lambda path: path.name)
each_answering = pytest.mark.parametrize(
    "shipped", [path for path in SHIPPED if evaluation_of_model(path) is None], ids=lambda path: path.name
)
"""Models that answer questions."""


def test_a_model_card_has_what_the_hub_reads(trained_model):
    data = ModelCard.load(trained_model / "README.md").data
    assert (data.library_name, data.pipeline_tag, data.license) == ("transformers", "text-generation", "apache-2.0")
    assert data.datasets == ["axiomatic"]


def test_a_data_set_card_has_what_the_hub_reads(corpus_dir):
    card = DatasetCard.load(corpus_dir / "README.md")
    assert (card.data.license, card.data.language) == ("apache-2.0", "en")
    assert card.data.size_categories == "1K<n<10K"
    assert "no row is copied" in card.text


def test_the_card_of_d_separation_shows_a_row_that_its_certificate_proves(tmp_path):
    build("axiomatic", tmp_path, ["d_separation"], rows=400, validation_rows=240)
    card = (tmp_path / "README.md").read_text()
    prompt, question, answer = re.search(r"^> (.*) \*\*(Are .*)\*\* (No)$", card, re.MULTILINE).groups()
    certificate = re.search(r"```json\n(.*)\n```", card)[1]
    check({"prompt": f"{prompt} {question}", "completion": answer, "certificate": certificate})
    assert "# Axiomatic corpora: d-separation\n" in card and "TS1" not in card and "reachable" not in card


def test_a_card_of_both_corpora_names_both(tmp_path):
    for config in ("transitivity_occ", "d_separation"):
        build("axiomatic", tmp_path, [config], rows=400, validation_rows=240)
    card = DatasetCard.load(tmp_path / "README.md").text
    assert "# Axiomatic corpora: transitivity and d-separation\n" in card
    assert '`{"reachable": [...]}`' in card and "from_child" in card
    for config in ("transitivity_occ", "d_separation"):
        assert datasets.load_dataset(str(tmp_path), config, split="train").num_rows == 400


def test_cards_name_no_path_of_this_machine(trained_model, corpus_dir):
    for folder in (trained_model, corpus_dir):
        assert str(folder) not in (folder / "README.md").read_text()


@pytest.mark.parametrize("folder", ["model_cards", "benchmarks/results", "docs"])
def test_shipped_files_name_no_path_of_a_machine(folder):
    texts = (path for path in (MODEL_CARDS.parent / folder).rglob("*") if path.suffix in (".json", ".jsonl", ".md"))
    absolute = re.compile(r"(?<![\w.~-])/(?:work|root|home|tmp|Users)/\w")
    named = {str(path): match[0] for path in texts if (match := absolute.search(path.read_text(encoding="utf-8")))}
    assert not named


def test_cards_are_made_of_folders_that_hold_something(tmp_path):
    with pytest.raises(FileNotFoundError, match="not a model folder"):
        write_model_card(tmp_path)
    with pytest.raises(FileNotFoundError, match="holds no built config"):
        write_card(tmp_path, "axiomatic")


@each_answering
def test_the_shipped_model_answers_its_family(shipped):
    predictor = load_predictor(shipped)
    chain = "A1 causes Bq. Bq causes c. c causes Zz9."
    asked = {("A1", "Zz9"): 1, ("Bq", "c"): 1, ("Zz9", "A1"): 0, ("c", "Bq"): 0, ("A1", "Bq"): 1, ("Zz9", "c"): 0}
    prompts = [f"{chain} Does {cause} cause {effect}?" for cause, effect in asked]
    assert predictor.predict(prompts) == list(asked.values())


@each_shipped
def test_the_shipped_card_is_what_its_figures_make(shipped, tmp_path):
    """Its metadata and the cells of its tables; the words between them may change."""
    copy = Path(shutil.copytree(shipped, tmp_path / shipped.name))
    write_model_report(copy)
    scores = [json.loads((folder / "generalization.json").read_text()) for folder in (copy, shipped)]
    assert scores[0] == scores[1]
    fresh, stored = (ModelCard.load(folder / "README.md") for folder in (copy, shipped))
    assert fresh.data.to_dict() == stored.data.to_dict()
    assert table_rows(fresh.text) == table_rows(stored.text) and len(table_rows(stored.text)) > 3
    assert table_rows((copy / "report.md").read_text()) == table_rows((shipped / "report.md").read_text())


def table_rows(text):
    return [line for line in text.splitlines() if line.startswith("|")]


@each_answering
def test_the_shipped_model_learned_its_family(shipped):
    summary = json.loads((shipped / "training_summary.json").read_text())
    assert summary["accuracy"] >= 0.9
    card = ModelCard.load(shipped / "README.md")
    results = {(result.dataset_config, result.dataset_split): result.metric_value for result in card.data.eval_results}
    scores = Scores.from_json(read_scores(shipped / "generalization.json"))
    assert results == {
        (one.config, split): pytest.approx(score.accuracy, abs=1e-4)
        for one in scores.by_config
        for split, score in one.splits.items()
    }


@pytest.mark.parametrize("name", ["axiom-looped", "axiom-reasoner"])
def test_the_shipped_reasoner_is_right_far_beyond_its_family(name):
    predictor = load_predictor(MODEL_CARDS / name)
    chain = " ".join(f"gene{index} causes gene{index + 1}." for index in reversed(range(60)))
    asked = [(0, 60, 1), (3, 41, 1), (41, 3, 0), (60, 0, 0), (10, 11, 1)]
    prompts = [f"{chain} Does gene{cause} cause gene{effect}?" for cause, effect, _ in asked]
    fan = " ".join(f"cause{index} causes end." for index in range(30))
    prompts += [f"start causes cause7. {fan} Does start cause {node}?" for node in ("end", "cause8", "nobody")]
    assert predictor.predict(prompts) == [label for _, _, label in asked] + [1, 0, 0]


def test_the_shipped_reasoner_answers_three_grammars():
    """Labels from the rows of corpora that it was not trained on, and a descendant that opens a collider."""
    predictor = load_predictor(MODEL_CARDS / "axiom-reasoner")
    separations = generate_shard("axiomatic", get_config("axiomatic", "d_separation_generalization"), "branching", 0)
    systems = generate_shard("corr2cause", get_config("corr2cause", "paraphrased"), "test", 0)
    for rows, step in ((separations, 60), (systems, 20)):
        assert predictor.predict(rows["prompt"].to_pylist()[::step]) == rows["label"].to_pylist()[::step]
    collider = "A causes B. C causes B. B causes D. D causes E. Are A and C d-separated"
    assert predictor.predict([f"{collider} given {{E}}?", f"{collider}?"]) == [0, 1]


def test_the_card_of_the_reasoner_shows_its_studies():
    card = (MODEL_CARDS / "axiom-looped" / "README.md").read_text()
    studies = json.loads((MODEL_CARDS / "axiom-looped" / "studies.json").read_text())
    assert "The worst cell of the worst seed" in card and "pipeline(" in card
    for run in studies["seeds"]["runs"]:
        assert run["in_family"] >= 0.99 and len(run["cells"]) == 132


@each_shipped
def test_the_shipped_recipe_has_no_default_values(shipped):
    recipe = shipped / "recipe.yaml"
    assert load_recipe(str(recipe)).to_yaml() == recipe.read_text(encoding="utf-8")
