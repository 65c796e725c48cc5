"""The script of the real language model, on one of some thousand parameters."""

import json
import sys
from types import SimpleNamespace

import pytest
from tiny_finetuning import save_language_model

pytest.importorskip("trl")


@pytest.fixture
def script(monkeypatch):
    from pathlib import Path

    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2] / "benchmarks"))
    import real_language_model

    return real_language_model


def test_phases_write_their_results_once_and_a_report(script, monkeypatch, tmp_path):
    import real_lm_scores

    monkeypatch.setattr(real_lm_scores, "SIZES", (9,))
    monkeypatch.setattr(real_lm_scores, "BRANCHING", ((5, 1.4),))
    monkeypatch.setattr(script, "TOKENS_OF_REPLY", {"yes-no": 2, "proof": 3, "trace": 3})
    monkeypatch.setattr(script, "training_recipe", _tiny(script.training_recipe, max_steps=2, train_rows=200))
    monkeypatch.setattr(script, "grpo_recipe", _tiny(script.grpo_recipe, max_steps=1, train_rows=8, max_new_tokens=3))
    base = save_language_model(tmp_path / "base", chat=True)
    command = ["--work", str(tmp_path / "work"), "--out", str(tmp_path / "out"), "--model", str(base), "--limit", "1"]
    for phase in ("sft-proof", "grpo", "report"):
        monkeypatch.setattr(sys, "argv", ["", phase, *command, "--tasks", "transitivity"])
        script.main()
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "sft-proof-transitivity.json",
        "after-sft-proof-transitivity.json",
        "grpo-proof-transitivity.json",
        "after-grpo-proof-transitivity.json",
        "report.md",
        "transitivity.png",
    }
    scores = json.loads((tmp_path / "out" / "after-sft-proof-transitivity.json").read_text())
    assert {"in-family", "sequential", "branching", "reversed"} <= {cell["split"] for cell in scores["cells"]}
    assert all(cell["n"] == 1 and cell["proof_valid"] <= cell["answer_right"] for cell in scores["cells"])
    assert "after GRPO on proof" in (tmp_path / "out" / "report.md").read_text()


def test_shares_have_standard_errors_even_at_the_ends(script):
    from real_lm_scores import pooled, standard_error

    assert standard_error(0.5, 96) == pytest.approx(0.05) and 0 < standard_error(1.0, 10) < 0.12
    assert pooled([{"n": 1, "a": 1.0}, {"n": 3, "a": 0.0}], "a") == (0.25, 4)


def test_a_missing_package_is_named(script, monkeypatch, tmp_path):
    monkeypatch.setattr(script.importlib.util, "find_spec", lambda name: SimpleNamespace() if name == "gguf" else None)
    with pytest.raises(SystemExit, match="pip install gguf"):
        script.make_model(tmp_path / "none")


def _tiny(make, **fields):
    from dataclasses import replace

    return lambda *arguments: replace(make(*arguments), **fields)
