"""How much variants change a model: counted on solvers whose answers are known."""

import json

import pytest

from hf_causal.cli import repeat_option
from hf_causal.evaluation.evaluate import score_predictor
from hf_causal.evaluation.language_models import prompts
from hf_causal.evaluation.language_models.prompts import PromptFormat, premise_and_question
from hf_causal.evaluation.questions import QuestionSet
from hf_causal.evaluation.report import render_report
from hf_causal.evaluation.scores import Cell, Scores
from hf_causal.evaluation.variants import SCORED, score_variants
from hf_causal.tasks.proving import prove
from hf_causal.tasks.varying import vary

PROMPTS = [
    "A causes B. B causes C. Does A cause C?",
    "A causes B. B causes C. C causes D. Does A cause D?",
    "A causes B. B causes C. Does C cause A?",
    "A causes B. C causes B. Does A cause C?",
]
STORY = "This is about a garden. Sunny weather leads to warm soil. Does sunny weather lead to warm soil?"
ROW = {"prompt": "A causes B. Does A cause B?"}


class Solver:
    """Answers exactly, or always Yes, and may be unable to read some texts."""

    hardware, prompting = "no machine", None

    def __init__(self, always_yes=False, unreadable=""):
        self.always_yes, self.unreadable = always_yes, unreadable

    def predict(self, prompts, progress=None):
        return [int(self.always_yes or prove(prompt).answer == "Yes") for prompt in prompts]

    def fingerprint(self):
        return "solver"

    def require_readable(self, task, prompt):
        if self.unreadable and self.unreadable in prompt:
            raise ValueError(f"there is no word for this: {prompt}")


@pytest.fixture
def questions():
    return QuestionSet("split", PROMPTS, [int(prove(prompt).answer == "Yes") for prompt in PROMPTS])


def test_a_solver_is_right_about_every_variant(questions):
    result = score_variants(Solver(), [questions], SCORED)
    assert set(result.scores) == set(SCORED)
    for name, score in result.scores.items():
        assert score.before.accuracy == score.after.accuracy == 1
        assert (score.same.accuracy, score.after.n) == ((0, 2) if name == "omitted" else (1, 4))
    assert result.remarks == {"omitted": "2 left out, the answer does not depend on any single statement"}


def test_who_always_says_yes_misses_what_is_left_out(questions):
    result = score_variants(Solver(always_yes=True), [questions], ["omitted", "renamed"])
    omitted, renamed = result.scores["omitted"], result.scores["renamed"]
    assert (omitted.before.accuracy, omitted.after.accuracy, omitted.same.accuracy) == (1, 0, 1)
    assert (renamed.before.accuracy, renamed.after.accuracy, renamed.same.accuracy) == (0.5, 0.5, 1)


def test_what_a_model_cannot_read_is_left_out_and_said(questions):
    result = score_variants(Solver(unreadable="。"), [questions], ["chinese", "story"])
    assert set(result.scores) == {"story"}
    assert result.remarks == {"chinese": "4 left out, there is no word for this"}


@pytest.mark.parametrize(
    "variant, message", [("insufficient", "neither Yes nor No"), ("polite", "must be among renamed")]
)
def test_variants_that_have_no_yes_or_no_are_refused(questions, variant, message):
    with pytest.raises(ValueError, match=message):
        score_variants(Solver(), [questions], [variant])


def test_scores_on_a_config_have_their_variants(questions, monkeypatch):
    long = "".join(f"n{i} causes n{i + 1}. " for i in range(99)) + "Does n0 cause n9?"
    questions.prompts.append(long)
    questions.references.append(1)
    questions.cells = [Cell("sequential", 3, None)] * 5
    monkeypatch.setattr("hf_causal.evaluation.evaluate.corpus_questions", lambda *arguments: [questions])
    options = {"config": "transitivity_generalization", "variants": ["renamed", "story"]}
    scores = score_predictor(Solver, "solver", **options)
    assert set(scores.variants.scores) == {"renamed", "story"}
    assert "at most 10 variables" in scores.variants.remarks["story"]
    assert Scores.from_json(json.loads(json.dumps(scores.to_json()))) == scores
    assert "| renamed | " in render_report(scores)
    with pytest.raises(ValueError, match="give a `config`"):
        score_predictor(Solver, "solver", config=None, files=["x"], variants=["renamed"])


def test_a_story_is_put_as_it_is_written():
    assert premise_and_question(STORY) == (
        "This is about a garden. Sunny weather leads to warm soil.",
        "Does sunny weather lead to warm soil?",
    )
    row = vary(ROW, "chinese-story")
    assert premise_and_question(row["prompt"]) == (row["premise"], row["question"])
    assert PromptFormat(instructed=False).text(STORY) == STORY


def test_examples_before_a_story_are_of_its_task(monkeypatch):
    monkeypatch.setattr(prompts, "draw_examples", lambda task, *arguments: [(task, "Yes")])
    story = vary({"prompt": "A causes B. C causes B. Are A and C d-separated?"}, "story")["prompt"]
    assert PromptFormat(instructed=False, shots=1).text(story).startswith("d_separation Yes\n\n")


@pytest.mark.parametrize("before, after", [
    ("evaluate m --variants renamed story", "evaluate m --variants renamed --variants story"),
    ("evaluate --variants renamed story m", "evaluate --variants renamed --variants story m"),
    ("evaluate --variants polite story --limit 3", "evaluate --variants polite --variants story --limit 3"),
    ("evaluate story --limit 3", "evaluate story --limit 3"),
    ("evaluate --variants renamed --variants story", "evaluate --variants renamed --variants story"),
])  # fmt: skip
def test_the_option_may_have_several_values(before, after):
    assert repeat_option(before.split(), "--variants", ("renamed", "story")) == after.split()
