"""The Space: what its README promises to the Hub, and that it is the page of the library."""

import ast
from pathlib import Path

import pytest
import yaml

from hf_causal.cli.demo import demo
from hf_causal.hub.space_content import link_card
from hf_causal.models.pretrained import released_models

SPACE = Path(__file__).resolve().parents[2] / "spaces" / "causal_reasoner"


def card() -> dict:
    return yaml.safe_load((SPACE / "README.md").read_text(encoding="utf-8").split("---")[1])


def test_the_readme_says_how_to_run_it():
    import gradio

    found = card()
    assert found["sdk"] == "gradio" and found["app_file"] == "app.py" and found["python_version"] == "3.11"
    assert found["sdk_version"] == gradio.__version__
    assert len(found["short_description"]) <= 60
    assert found["models"] == list(released_models())


def test_published_it_names_the_models_of_its_owner():
    linked = yaml.safe_load(link_card((SPACE / "README.md").read_text(encoding="utf-8"), "my-lab/x").split("---")[1])
    assert linked["models"] == [f"my-lab/{name}" for name in released_models()]
    assert linked["datasets"] == ["my-lab/axiomatic", "my-lab/corr2cause"]
    assert linked["preload_from_hub"] == ["my-lab/axiom-cpu"]


def test_the_app_only_imports_and_serves():
    body = ast.parse((SPACE / "app.py").read_text(encoding="utf-8")).body
    assert not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in body)
    assert "hf-causal[demo]" in (SPACE / "requirements.txt").read_text()


def test_models_of_a_space_come_from_its_owner(monkeypatch, tmp_path):
    import huggingface_hub

    from hf_causal.models import pretrained as released

    asked = []
    monkeypatch.setattr(released, "_SHELVES", ())
    monkeypatch.setenv("SPACE_ID", "my-lab/causal_reasoner")
    monkeypatch.setattr(
        huggingface_hub, "try_to_load_from_cache", lambda repo, file: asked.append(repo) or str(tmp_path / file)
    )
    assert released_models() == {"axiom-cpu": tmp_path}
    assert set(asked) == {"my-lab/axiom-cpu"}
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda repo, file: None)
    assert released_models() == {}


def test_a_model_that_is_none_is_an_error_in_words():
    with pytest.raises(FileNotFoundError, match="`--model` must be a model folder or one of axiom-reasoner"):
        demo(model="no/such", port=None, host="127.0.0.1", share=False, allow_hub_models=False, mcp=False)
