import json
import math
from dataclasses import replace

import numpy as np
import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from hf_causal.cli import main
from hf_causal.evaluation.evaluate import evaluate_model, score_shortcuts
from hf_causal.evaluation.metrics import Accuracy
from hf_causal.evaluation.predictors import ModelPredictor, load_predictor
from hf_causal.evaluation.questions import QuestionSet, corpus_questions, file_questions
from hf_causal.evaluation.report import render_report
from hf_causal.evaluation.report_files import write_model_report
from hf_causal.evaluation.scores import Cell, FileScore, Scores, SplitScore, score_split, score_splits
from hf_causal.tasks.proving import prove
from hf_causal.tasks.registry import tasks
from hf_causal.tasks.shared.shortcuts import direct_edge, majority
from hf_causal.tasks.transitivity.shortcuts import left_to_right_sweep
from hf_causal.tasks.transitivity.text import parse_prompt


def test_a_score_has_its_standard_error_and_its_distance_from_chance():
    score = Accuracy.of(75, 100)
    assert (score.accuracy, score.chance_centred) == (0.75, 0.5)
    assert score.stderr == pytest.approx(math.sqrt(0.75 * 0.25 / 100))
    for hits, n in ((1, 0), (3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="`hits` must lie in"):
            Accuracy.of(hits, n)


def test_a_split_is_weighted_by_questions_not_by_cells():
    small, large = Cell("sequential", 7, None), Cell("sequential", 8, None)
    score = score_split([1] * 10 + [0] * 2, [1] * 12, [large] * 10 + [small] * 2)
    assert (score.n, score.accuracy) == (12, pytest.approx(10 / 12))  # the mean of the cells is 0.5
    assert [cell.n for cell in score.cells] == [10, 2]


def test_scores_agree_with_a_direct_count():
    rng = np.random.default_rng(0)
    predictions, references = rng.integers(-1, 2, 500).tolist(), rng.integers(0, 2, 500).tolist()
    splits = [f"split {index}" for index in rng.integers(0, 3, 500)]
    cells = [("branching", int(size), 1.4) for size in rng.integers(5, 8, 500)]
    scores = score_splits(predictions, references, splits, cells)
    for split, score in scores["splits"].items():
        for cell in score["cells"]:
            hits = [
                prediction == reference
                for prediction, reference, name, key in zip(predictions, references, splits, cells, strict=True)
                if name == split and key[1] == cell["num_nodes"]
            ]
            assert (cell["n"], cell["accuracy"]) == (len(hits), pytest.approx(sum(hits) / len(hits)))
    assert sum(score["n"] for score in scores["splits"].values()) == scores["n"] == 500


def test_scores_refuse_what_they_cannot_count():
    cell = ("sequential", 7, None)
    with pytest.raises(ValueError, match="must have one length, got 1, 2, 1 and 1"):
        score_splits([1], [1, 0], ["s"], [cell])
    with pytest.raises(ValueError, match="must have one length, got 1, 2 and 1"):
        score_split([1], [1, 0], [Cell(*cell)])
    with pytest.raises(ValueError, match="`references` must be 0 or 1, got \\[2\\]"):
        score_splits([1], [2], ["s"], [cell])


def test_a_model_is_scored_on_the_questions_that_a_shortcut_gets_wrong():
    texts = [
        "A causes B. Does A cause B?",
        "A causes B. B causes C. Does A cause C?",
        "B causes C. A causes B. Does A cause C?",
    ]
    questions = QuestionSet("test", texts, [1, 1, 1], [Cell("chain", 3, None)] * 3)
    scores = score_shortcuts(questions, [0, 1, 0])
    assert scores["majority"].model_on_errors is None
    assert scores["direct edge"].model_on_errors == Accuracy.of(1, 2)  # both questions without a direct edge
    assert scores["left-to-right sweep"].model_on_errors == Accuracy.of(0, 1)
    assert SplitScore.from_json(scores["direct edge"].to_json()) == scores["direct edge"]
    model = score_split([0, 1, 0], questions.references, questions.cells)
    by_name = {name: {"test": score} for name, score in scores.items()}
    made = Scores("m", "axiomatic", "c", "a CPU", "2026-01-01", {"test": model}, by_name, {}, overall=model)
    assert "| test | 0.500 ± 0.354 (2) | 0.000 ± 0.000 (1) |" in render_report(made)
    assert "model_on_errors" not in score_shortcuts(questions)["direct edge"].to_json()


@pytest.mark.parametrize(
    ("text", "edge", "sweep"),
    [
        ("A causes B. B causes C. Does A cause B?", 1, 1),
        ("A causes B. B causes C. Does A cause C?", 0, 1),
        ("B causes C. A causes B. Does A cause C?", 0, 0),  # the path runs against the text
        ("A causes B. B causes C. Does C cause A?", 0, 0),
    ],
)
def test_shortcuts_see_what_they_see(text, edge, sweep):
    prompt = parse_prompt(text)
    assert (direct_edge(prompt), left_to_right_sweep(prompt)) == (edge, sweep)


def test_the_majority_is_one_answer_for_all():
    assert majority([1, 0, 0]) == [0, 0, 0]
    assert majority([1, 0]) == [1, 1]


def test_the_sweep_is_right_on_the_training_family(corpus_dir):
    # Why a model that does well in its family may have learned nothing but to sweep.
    for questions in corpus_questions("axiomatic", "transitivity_generalization", corpus_dir):
        right = np.mean(
            [left_to_right_sweep(p) == r for p, r in zip(questions.parsed(), questions.references, strict=True)]
        )
        if questions.name in ("sequential", "long_names"):
            assert right == 1.0
        if questions.name == "shuffled":
            assert right < 0.95


def test_corpus_questions_are_the_splits_of_the_config(corpus_dir):
    sets = {s.name: s for s in corpus_questions("axiomatic", "transitivity_generalization", corpus_dir)}
    assert list(sets) == ["sequential", "flipped", "reversed", "shuffled", "branching", "long_names"]
    assert len(sets["branching"].prompts) == 2 * 3 * 20
    limited = next(corpus_questions("axiomatic", "transitivity_generalization", corpus_dir, limit=3))
    assert len(limited.prompts) == 9


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_files_are_read_as_they_are_and_contradictions_are_counted(tmp_path):
    rows = [
        {"prompt": "A causes B. Does A cause B?", "completion": "Yes"},
        {"prompt": "A causes B. Does A cause B?", "completion": "No"},
        {"prompt": "A causes B. Does B cause A?", "completion": " no"},
        {"prompt": "What is smoke?", "completion": "Yes"},
    ]
    questions = file_questions(write_jsonl(tmp_path / "mine.jsonl", rows))
    assert (questions.name, questions.references) == ("mine", [1, 0, 0, 1])
    assert (questions.contradicted, questions.unreadable) == ([1], [3])
    assert questions.task_examples() == {"transitivity": rows[0]["prompt"]}


def test_files_of_other_formats_and_columns_are_read_too(tmp_path):
    (tmp_path / "mine.csv").write_text("premise,question,label\nA causes B.,Does A cause B?,1\n")
    questions = file_questions(tmp_path / "mine.csv")
    assert (questions.prompts, questions.references) == (["A causes B. Does A cause B?"], [1])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("not json", "the line is not JSON"),
        ('{"prompt": "x"}', "no column for the label: it has `prompt`"),
        ('{"prompt": "x", "completion": "Maybe"}', "row 0 .*: expected a text and a Yes or No, got .* 'Maybe'"),
        ('{"prompt": ["x"], "completion": "Yes"}', r"row 0 .*: expected a text and a Yes or No, got `prompt` \['x'\]"),
        ('{"prompt": "x", "completion": "Yes"}\nnot json', "row 1 .*: the line is not JSON"),
        ("", "holds no rows"),
    ],
)
def test_broken_files_are_refused_with_their_row(line, message, tmp_path):
    (tmp_path / "bad.jsonl").write_text(line + "\n")
    with pytest.raises(ValueError, match=message):
        file_questions(tmp_path / "bad.jsonl")
    with pytest.raises(FileNotFoundError, match="no data file"):
        file_questions(tmp_path / "absent.jsonl")


@pytest.fixture(scope="module")
def scores(trained_model, corpus_dir):
    return evaluate_model(trained_model, data_dir=corpus_dir)


def test_probabilities_do_not_depend_on_the_batch(trained_model, corpus_dir):
    prompts = next(corpus_questions("axiomatic", "transitivity_generalization", corpus_dir)).prompts[:30]
    predictor = load_predictor(trained_model)
    together = predictor.probabilities(prompts)
    alone = np.array([predictor.probabilities([prompt])[0] for prompt in prompts])
    assert np.abs(together - alone).max() < 0.01  # bf16
    predictor.tokens_per_batch = 100
    assert np.abs(predictor.probabilities(prompts) - alone).max() < 0.01


def test_any_causal_language_model_can_be_scored(tmp_path):
    # A GPT-2 with a byte-level vocabulary, in which the answers begin with a space.
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, TokenizersBackend

    vocabulary = {c: i for i, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))} | {"ĠYes": 300, "ĠNo": 301}
    byte_level = Tokenizer(models.WordLevel({**vocabulary, "?": 302}, unk_token="?"))
    byte_level.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = TokenizersBackend(tokenizer_object=byte_level, eos_token="?", unk_token="?")
    GPT2LMHeadModel(GPT2Config(vocab_size=303, n_embd=8, n_layer=1, n_head=1)).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    predictor = load_predictor(tmp_path)
    assert (predictor.yes, predictor.no) == (300, [301])
    assert 0 < predictor.probabilities(["A causes B. Does A cause B?"])[0] < 1


def test_evaluation_scores_every_split_and_the_shortcuts(scores):
    assert set(scores.baselines) == {"majority", "direct edge", "left-to-right sweep"}
    for split, score in scores.splits.items():
        assert score.n == sum(cell.n for cell in score.cells)
        assert scores.baselines["majority"][split].accuracy == 0.5
    assert scores.overall.n == sum(score.n for score in scores.splits.values())


def test_an_interrupted_evaluation_resumes(trained_model, corpus_dir, scores, tmp_path, monkeypatch):
    partial, asked = tmp_path / "partial.json", []
    probabilities = ModelPredictor.probabilities

    def interrupted(self, prompts, progress=None, loop_factor=1):
        asked.append(len(prompts))
        if len(asked) == 3:
            raise KeyboardInterrupt
        return probabilities(self, prompts, progress)

    monkeypatch.setattr(ModelPredictor, "probabilities", interrupted)
    with pytest.raises(KeyboardInterrupt):
        evaluate_model(trained_model, data_dir=corpus_dir, partial=partial)
    assert partial.is_file()
    again = evaluate_model(trained_model, data_dir=corpus_dir, partial=partial)
    assert len(asked) == 3 + 4  # two of six splits were kept
    assert again.splits == scores.splits
    assert not partial.exists()


def test_files_are_scored_raw_and_over_their_correct_rows(trained_model, tmp_path, corpus_dir):
    prompts = next(corpus_questions("axiomatic", "transitivity_generalization", corpus_dir)).prompts[:20]
    answers = load_predictor(trained_model).predict(prompts)
    # The file claims what the model says, so that the raw accuracy is 1 and every wrong answer is a contradiction.
    rows = [{"prompt": p, "completion": ("No", "Yes")[a]} for p, a in zip(prompts, answers, strict=True)]
    path = write_jsonl(tmp_path / "mine.jsonl", rows)
    score = evaluate_model(trained_model, config=None, files=[path]).files["mine"]
    wrong = [i for i, (p, a) in enumerate(zip(prompts, answers, strict=True)) if prove(p).answer != ("No", "Yes")[a]]
    assert score.accuracy == 1.0 and list(score.contradicted_rows) == wrong
    assert score.correct_rows.n == 20 - len(wrong)
    assert score.baselines["majority"] >= 0.5


def test_evaluation_refuses_what_it_cannot_do(trained_model, tmp_path):
    with pytest.raises(ValueError, match="nothing to score"):
        evaluate_model(trained_model, config=None)
    with pytest.raises(ValueError, match="`limit` must be at least 1"):
        evaluate_model(trained_model, limit=0)
    with pytest.raises(FileNotFoundError, match="no model folder"):
        evaluate_model(tmp_path / "absent")
    with pytest.raises(FileNotFoundError, match="not a model folder"):
        evaluate_model(tmp_path)


def test_the_report_shows_every_cell_and_the_published_rows(scores, trained_model):
    path = write_model_report(trained_model, scores)
    text = path.read_text()
    for score in scores.splits.values():
        for cell in score.cells:
            assert f"{cell.accuracy:.3f}<br>± {cell.stderr:.3f}" in text
    assert "TS2 NoPE 67M (published)" in text and "GPT-4 (published)" in text
    pictures = {picture.name for picture in (trained_model / "plots").iterdir()}
    assert pictures == {"overview.png", *(f"{split}.png" for split in scores.splits)}
    card = (trained_model / "README.md").read_text()
    assert "plots/overview.png" in card and "model-index" in card
    assert AutoModelForCausalLM.from_pretrained(trained_model) and AutoTokenizer.from_pretrained(trained_model)


def test_the_report_needs_scores_of_splits(trained_model, scores, tmp_path):
    with pytest.raises(FileNotFoundError, match="not a model folder"):
        write_model_report(tmp_path)
    with pytest.raises(ValueError, match="no `splits`"):
        write_model_report(trained_model, replace(scores, splits={}))


def test_files_get_a_separate_table(scores):
    score = FileScore.of(3, 4, contradicted_rows=(1,), correct_rows=Accuracy.of(3, 3))
    assert "| mine | 4 | 0.750 ± 0.217 | 1 | 1.000 ± 0.000 |" in render_report(replace(scores, files={"mine": score}))


def test_published_accuracies_are_accuracies():
    for task in tasks().values():
        for (split, factor), curve in (panel for curves in task.published_curves.values() for panel in curves.items()):
            assert all(0.45 <= value <= 1 for value in curve.values())
            assert (factor is not None) == (split == "branching")


def test_the_report_of_an_evaluation_goes_into_any_folder(trained_model, corpus_dir, tmp_path):
    page = tmp_path / "page"
    assert main(["evaluate", str(trained_model), "--data-dir", str(corpus_dir), "--report", str(page)]) == 0
    assert "| split |" in (page / "report.md").read_text()
    assert (page / "plots" / "overview.png").is_file() and not (page / "README.md").exists()
