"""The check of similar names counts what the comparison, and a model, take for one name."""

import json
import sys
from pathlib import Path
from random import Random

from similar_names import similar_pairs

from hf_causal.evaluation.loading import load_pretrained
from hf_causal.models import make_model, make_tokenizer
from hf_causal.models.pretrained import released_models

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import name_collisions  # noqa: E402


def test_spellings_never_collide_and_equal_names_do():
    pairs = similar_pairs(500, Random(1))
    assert name_collisions.pair_collisions(pairs) == 0
    assert name_collisions.pair_collisions([(name, name) for name, _ in pairs]) == len(pairs)


def test_a_model_is_asked_how_it_matches_names():
    pairs = similar_pairs(60, Random(2))
    exact = load_pretrained(released_models()["axiom-looped"])
    assert name_collisions.model_collisions(*exact, [(name, name) for name, _ in pairs]) == len(pairs)
    assert name_collisions.model_collisions(*exact, pairs) == 0
    tokenizer = make_tokenizer("axiom_looped")
    model = make_model("axiom_looped", {"name_encoder": "characters", "initial_threshold": -1.0}, tokenizer)
    assert name_collisions.model_collisions(model.eval(), tokenizer, pairs) > 0, (
        "a low threshold takes some for one name"
    )


def test_the_result_is_printed_and_kept(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(name_collisions, "short_collisions", lambda: (242_234, 0))  # takes seconds
    monkeypatch.setattr("sys.argv", ["name_collisions.py", "--pairs", "40", "--json", str(tmp_path / "result.json")])
    name_collisions.main()
    result = json.loads((tmp_path / "result.json").read_text())
    assert result == json.loads(capsys.readouterr().out) and result["pairs"] == 40 and result["collisions"] == 0
