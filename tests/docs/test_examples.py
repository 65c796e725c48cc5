"""The examples run, at small size."""

import importlib.util
import json
from pathlib import Path

import pytest
from chat_server import ChatServer
from tiny_finetuning import save_language_model
from tiny_language_model import save_tiny_language_model

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def load(name):
    """Imports an example without running it."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_verify_my_file(tmp_path, capsys):
    rows = [
        {"prompt": "A causes B. B causes C. Does A cause C?", "completion": "Yes"},
        {"prompt": "A causes B. B causes C. Does C cause B?", "completion": "Yes"},
    ]
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert load("verify_my_file").main(path) == 1
    assert "wrong_label: rows [1]" in capsys.readouterr().out
    corrected = [json.loads(line) for line in (tmp_path / "mine.corrected.jsonl").read_text().splitlines()]
    assert [row["completion"] for row in corrected] == ["Yes", "No"]
    assert load("verify_my_file").main(tmp_path / "mine.corrected.jsonl") == 0


def test_score_an_api_model():
    with ChatServer() as server:  # answers by proof
        assert load("score_an_api_model").accuracy(server.url, "any", nodes=9, rows=6) == 1.0


def test_train_the_reasoner(tmp_path):
    tiny = {"max_steps": 4, "eval_steps": 2, "save_steps": 2, "eval_rows": 50, "train_rows": 500}
    accuracy = load("train_the_reasoner").main(str(tmp_path / "looped"), **tiny)
    assert 0 <= accuracy <= 1
    assert (tmp_path / "looped" / "model.safetensors").is_file()


def test_lora_on_my_model(tmp_path):
    pytest.importorskip("trl")
    save_tiny_language_model(tmp_path / "base")
    load("lora_on_my_model").main(str(tmp_path / "base"), str(tmp_path / "lora"), rows=40, steps=2)
    assert (tmp_path / "lora" / "adapter_model.safetensors").is_file()


def test_grpo_proofs(tmp_path):
    pytest.importorskip("trl")
    base = save_language_model(tmp_path / "base", chat=True)
    load("grpo_proofs").main(str(base), str(tmp_path / "grpo"), rows=8, steps=1, generations=4, tokens=4)
    assert (tmp_path / "grpo" / "model.safetensors").is_file()


def test_serve_the_page():
    pytest.importorskip("gradio")
    source = (EXAMPLES / "serve_the_page.py").read_text(encoding="utf-8")
    assert "build_page" in source
    page = load("serve_the_page").build_page("axiom-looped")
    assert page.title == "Causal reasoner"


def test_verify_a_download(tmp_path, capsys):
    graph = "Given a DAG (directed acyclic graph) with nodes A, B and directed edges A->B."
    row = {"description": graph, "graph_type": "DAG", "question_type": "YN", "task_type": "d-separation"}
    row |= {"question": "Are node A and node B d-separated by nodeset set()?", "answer": "Yes."}
    path = tmp_path / "d-separation.json"
    path.write_text(2 * (json.dumps(row) + "\n"))
    assert load("verify_a_download").main(path, tmp_path / "corrected") == 1
    assert "2 rows of CLEAR: 2 refuted" in capsys.readouterr().out
    written = {"d-separation.json": ("answer", "No."), "rows/d-separation.jsonl": ("completion", "No")}
    for name, (column, answer) in written.items():
        lines = (tmp_path / "corrected" / name).read_text().splitlines()
        assert [json.loads(line)[column] for line in lines] == [answer] * 2
