"""Models that do not answer questions, from evaluation to card: an architecture that only these tests know."""

import json
from types import SimpleNamespace

import pytest

from hf_causal import systems
from hf_causal.cards.model_card import render_model_card
from hf_causal.cli import main
from hf_causal.systems.system import System, SystemEvaluation


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A model folder of an architecture that counts something."""
    import sys

    def evaluate(model, corpus, config, data_dir, limit, device, progress):
        return {"kind": "counter", "model": str(model), "config": config or "own", "dataset": "counts", "limit": limit}

    def render(scores, folder, plots):
        assert (folder / plots).is_dir()
        return f"Counted on `{scores['config']}`.\n"

    card = {"task": None, "tags": ["counts"], "usage": 'load("{repo_id}")', "about": "It counts.", "sources": "None."}
    evaluation = SystemEvaluation(card, evaluate, lambda scores: (["config"], [[scores["config"]]]), render)
    monkeypatch.setitem(sys.modules, "counter_of_these_tests", SimpleNamespace(EVALUATION=evaluation))
    counter = System("counter", "A counter", model_type="counter", evaluation="counter_of_these_tests:EVALUATION")
    monkeypatch.setitem(systems.systems(), "counter", counter)
    folder = tmp_path / "counter"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "counter"}))
    return folder


def test_evaluate_and_report_use_the_evaluation_of_the_system(folder, tmp_path, capsys):
    scores = tmp_path / "scores.json"
    assert main(["evaluate", str(folder), "--limit", "7", "--json", str(scores)]) == 0
    assert json.loads(scores.read_text()) == {
        "kind": "counter", "model": str(folder), "config": "own", "dataset": "counts", "limit": 7,
    }  # fmt: skip
    assert "own" in capsys.readouterr().out
    assert main(["report", str(folder), "--scores", str(scores)]) == 0
    assert (folder / "report.md").read_text() == "Counted on `own`.\n"
    card = (folder / "README.md").read_text()
    assert 'load("counter")' in card and "It counts." in card and "Counted on `own`." in card
    assert "  - counts\n" in card or "- counts\n" in card


def test_a_card_has_the_id_of_its_repository(folder):
    assert 'load("lab/counter")' in render_model_card(folder, "lab/counter")


def test_files_of_questions_are_refused(folder, tmp_path, capsys):
    (tmp_path / "questions.jsonl").write_text('{"prompt": "A causes B. Does A cause B?", "completion": "Yes"}\n')
    assert main(["evaluate", str(folder), "--data", str(tmp_path / "questions.jsonl")]) == 2
    assert "`--data` has questions" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--json", "--report"])
@pytest.mark.parametrize("source", [["no-such-model"], ["--lm", "m", "--endpoint", "http://127.0.0.1:9/v1"]])
def test_results_that_cannot_be_written_are_noticed_before_scoring(option, source, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    assert main(["evaluate", *source, option, str(tmp_path / "file" / "scores")]) == 2
    assert option in capsys.readouterr().err
    (tmp_path / "folder" / "report").mkdir(parents=True)
    assert main(["evaluate", *source, "--json", str(tmp_path / "folder")]) == 2
    assert "is a folder" in capsys.readouterr().err and (tmp_path / "file").read_text() == "mine"
