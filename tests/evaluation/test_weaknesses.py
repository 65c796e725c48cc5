"""Prompts that touch a known weakness of looped models are noted."""

import json

import pytest

from hf_causal.cards.model_card import render_model_card, write_model_card
from hf_causal.cli import main
from hf_causal.corpora import generate_shard, get_config
from hf_causal.evaluation.weaknesses import FEEDBACK, NAMES, known_weaknesses
from hf_causal.models import make_model, make_tokenizer
from hf_causal.models.pretrained import released_models

LONG = "Kp3vTz9QhW2m"
PLAIN = "A causes AB. AB causes C. Does A cause C?"


@pytest.mark.parametrize(
    ("prompt", "remarks"),
    [
        (PLAIN, []),
        ("x causes y. y causes z. z causes x. w causes x. Does z cause w?", [FEEDBACK]),
        ("m causes m. m causes n. Does m cause n?", [FEEDBACK]),
        (f"{LONG} causes B. {LONG}x7 causes C. Does {LONG} cause C?", [NAMES]),
        (f"A causes {LONG}. {LONG[5:]} causes B. Does A cause B?", [NAMES]),
        (f"A causes {LONG}. B{LONG}C causes D. Does A cause D?", []),
        (f"{LONG} causes {LONG}1. {LONG}1 causes {LONG}. Does {LONG} cause {LONG}1?", [FEEDBACK, NAMES]),
        ("ab causes abc. abc causes abdefghi. Does ab cause abc?", [NAMES]),
        ("not a prompt of any task", []),
    ],
)
def test_loops_and_overlapping_names_are_noted(prompt, remarks):
    assert known_weaknesses([PLAIN, prompt]) == remarks


def test_the_released_splits_touch_none():
    config = get_config("axiomatic", "transitivity_generalization")
    for split in config.splits:
        assert known_weaknesses(generate_shard("axiomatic", config, split, 0)["prompt"].to_pylist()) == []


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    """A model that reads names as vectors."""
    folder, tokenizer = tmp_path_factory.mktemp("models") / "vectors", make_tokenizer("axiom_looped")
    make_model("axiom_looped", {"name_encoder": "characters"}, tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_model_card(folder)
    return folder


@pytest.mark.parametrize(("model", "remarks"), [("vectors", [FEEDBACK]), ("axiom-reasoner", []), ("axiom-looped", [])])
def test_evaluate_and_the_card_say_so(tmp_path, capsys, vectors, model, remarks):
    folder = vectors if model == "vectors" else released_models()[model]
    rows = [{"prompt": "m causes q. q causes m. Does m cause q?", "completion": "Yes"}] * 3
    (tmp_path / "loops.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ["evaluate", str(folder), "--config", "none", "--data", str(tmp_path / "loops.jsonl")]
    assert main([*command, "--json", str(tmp_path / "scores.json")]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if FEEDBACK in line]
    assert lines == [f"loops: {remark}." for remark in remarks]
    noted = json.loads((tmp_path / "scores.json").read_text()).get("known_weaknesses", {})
    assert noted == ({"loops": remarks} if remarks else {})
    warning = "Known weaknesses: where statements form a feedback loop"
    assert (warning in render_model_card(folder)) == (warning in (folder / "README.md").read_text()) == bool(remarks)
