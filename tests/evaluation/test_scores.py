"""Scores in memory and in `generalization.json`."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hf_causal.evaluation.metrics import Accuracy
from hf_causal.evaluation.report_files import add_other_models, parse_scores, scores_to_json
from hf_causal.evaluation.scores import Cell, FileScore, Scores, merge_scores, read_scores, score_split

PUBLISHED = sorted((Path(__file__).resolve().parents[2] / "model_cards").glob("*/generalization.json"))


def made(config="c", **fields):
    split = score_split([1, 0, -1], [1, 1, 0], [Cell("chain", 3, None), Cell("chain", 3, None), Cell("tree", 5, 1.4)])
    scores = Scores("m", "d", config, "a CPU", "2026-01-01", {"test": split}, {"majority": {"test": split}}, {})
    return replace(scores, overall=Accuracy.of(1, 3), **fields)


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.parent.name)
def test_a_published_file_is_written_as_it_was_read(path):
    values = read_scores(path)
    assert json.dumps(scores_to_json(parse_scores(values))) == json.dumps(values)


def test_every_field_survives_its_json():
    file = FileScore.of(2, 4, contradicted_rows=(0, 3), unreadable=1, correct_rows=Accuracy.of(1, 2))
    prompted = made(prompting={"way": "generation", "shots": 0, "chat_template": True}, seconds=1.5)
    scores = merge_scores([add_other_models(made(files={"f": file}), [prompted]), made("other")])
    values = json.loads(json.dumps(scores.to_json()))
    assert Scores.from_json(values) == scores
    assert values["files"]["f"]["contradicted"] == 2 and list(values["beside"]) == [
        "m (generation, zero-shot, chat template)"
    ]
    assert [one.config for one in scores.by_config] == ["c", "other"] and scores.by_config[0].further == ()


@pytest.mark.parametrize("values", [{}, {"splits": {}}, {"model": 1, "splits": {"test": {"n": 1}}}])
def test_other_json_is_refused(values):
    with pytest.raises(ValueError, match="not scores that `hf-causal evaluate` wrote"):
        Scores.from_json(values)


def test_a_scores_file_must_hold_an_object(tmp_path):
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(ValueError, match="must hold a JSON object"):
        read_scores(tmp_path / "list.json")
    with pytest.raises(FileNotFoundError, match="no scores file"):
        read_scores(tmp_path / "none.json")


def test_an_accuracy_is_printed_with_its_standard_error():
    assert str(Accuracy.of(3, 4)) == "0.750 ± 0.217"
    assert Accuracy.of(3, 4).hits == 3
