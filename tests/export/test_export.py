"""Exported graphs answer as the models do, for any number of prompts of any length, and run without them."""

import json
import random
import re
import subprocess
import sys
from contextlib import nullcontext
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from decoders import build
from small import few_prompts

from hf_causal.cli import main
from hf_causal.export import ExportedModel, export_model, graphs, parity
from hf_causal.models import AxiomTokenizer, make_model, make_tokenizer
from hf_causal.models.axiom_looped import AxiomLoopedConfig, AxiomLoopedForSequenceClassification
from hf_causal.models.axiom_looped.reading_axiom_looped import read_sentences
from hf_causal.tasks.registry import tasks

onnx = pytest.importorskip("onnx", reason="ONNX is not installed: pip install 'hf-causal[export]'")
pytest.importorskip("onnxscript", reason="ONNX Script is not installed: pip install 'hf-causal[export]'")
pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed: pip install 'hf-causal[export]'")

LOOPED = Path(__file__).resolve().parents[2] / "model_cards" / "axiom-looped"
ATOL = 1e-5
"""Of logits; what the two runtimes add up in another order is about a tenth of it."""

both_formats = pytest.mark.parametrize("format", ["torch", "onnx"])


def chain(length, seed=0, asked="Does n0 cause n{last}?"):
    """A chain of nodes with its sentences in random order."""
    sentences = [f"n{index} causes n{index + 1}." for index in range(length)]
    random.Random(seed).shuffle(sentences)
    return " ".join([*sentences, asked.format(last=length)])


BATCHES = (
    ["A causes B. B causes cc. Does A cause cc?"],
    ["Does A cause B?"],
    ["A causes B. Does B cause A? Does A cause B?", "A causes B. Does B cause A?"],
    ["cause causes No. No causes Does. Does cause cause Does?"] * 5,
    [chain(length, length) for length in (3, 30, 8, 1, 17)],
    [chain(30, 2, "Does n{last} cause n0?"), chain(30, 3, "Does n15 cause n{last}?")],
)


@pytest.fixture(scope="module")
def looped(tmp_path_factory):
    """The released reasoner in every format, by way of the command line; the graph is captured once."""
    folder, capture = tmp_path_factory.mktemp("looped"), graphs.capture
    captured = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graphs, "capture", lambda *args: captured.setdefault("program", capture(*args)))
        for format, compared in (("torch", few_prompts), ("onnx", tasks)):
            patch.setattr(parity, "tasks", compared)
            assert main(["export", str(LOOPED), "--format", format, "--out", str(folder / format)]) == 0
    return folder


@cache
def exported(folder):
    return ExportedModel(folder, threads=1)


@cache
def reasoner():
    return AxiomLoopedForSequenceClassification.from_pretrained(LOOPED).eval()


def save(model, folder):
    model.save_pretrained(folder)
    AxiomTokenizer().save_pretrained(folder)
    return folder


@both_formats
@pytest.mark.parametrize("side", ["left", "right"])
@torch.no_grad()
def test_the_reasoner_answers_the_same(looped, format, side):
    tokenizer = AxiomTokenizer()
    for prompts in BATCHES:
        got = exported(looped / format).run(prompts, side)
        for row, prompt in enumerate(prompts):
            expected = reasoner()(**tokenizer(prompt, return_tensors="pt"))
            np.testing.assert_allclose(got["logits"][row], expected.logits[0], rtol=0, atol=ATOL)
            assert got["num_loops"][row] == int(expected.num_loops)
        assert got["readable"].all()


@both_formats
def test_long_chains_get_the_loops_that_they_need(looped, format):
    length = 200
    prompts = [chain(length), chain(length, 1, "Does n{last} cause n0?"), "A causes B. Does A cause B?"]
    got = exported(looped / format).run(prompts)
    assert [int(row.argmax()) for row in got["logits"]] == [1, 0, 1]
    assert got["num_loops"][0] >= length > 10 > got["num_loops"][2]


@both_formats
def test_what_cannot_be_read_is_flagged_and_harms_no_other(looped, format):
    graph = exported(looped / format)
    good = "A causes B. B causes cc. Does A cause cc?"
    strange = ["A leads to B. Does A cause B?", "A causes B.", "A causes B. Does A cause B? Yes"]
    strange += ["hello", "", "A causes B; B causes D. Does A cause D?", "A causes B. Does A cause A?"]
    got = graph.run([strange[0], good, *strange[1:]])
    assert got["readable"].tolist() == [False, True, *[False] * (len(strange) - 1)]
    alone = graph.run([good])
    np.testing.assert_allclose(got["logits"][1], alone["logits"][0], rtol=0, atol=ATOL)
    for text in strange:
        assert not graph.run([text])["readable"].any()
    assert graph.answers([good]) == ["Yes"]
    with pytest.raises(ValueError, match="`prompts` 1 cannot be read.*A causes B"):
        graph.answers([good, "A causes B."])


def test_what_a_graph_cannot_read_is_what_the_model_refuses(monkeypatch):
    config = AxiomLoopedConfig(max_sentences=2)
    prompts = ["A causes B. Does A cause B?", "A causes B. B causes C. C causes D. Does A cause B?", "Does A. B?"]
    for prompt, readable in zip(prompts, (True, False, False), strict=True):
        ids = AxiomTokenizer()(prompt, return_tensors="pt").input_ids
        with monkeypatch.context() as exporting:
            exporting.setattr("torch.compiler.is_exporting", lambda: True)
            assert read_sentences(ids, None, config).readable.tolist() == [readable]
        with nullcontext() if readable else pytest.raises(ValueError, match="`input_ids`"):
            read_sentences(ids, None, config)


def test_the_folder_describes_itself_and_holds_no_secrets(looped):
    for format, graph in (("torch", "model.pt2"), ("onnx", "model.onnx")):
        names = {path.name for path in (looped / format).iterdir()}
        files = {"README.md", "config.json", "export.json", "tokenizer.json", "tokenizer_config.json"}
        assert names == {*files, graph}
        about = json.loads((looped / format / "export.json").read_text())
        assert about["answers"] == {"No": 0, "Yes": 1}
        found = about["parity"]
        assert format == "torch" or (found["prompts"] > 100 and found["longest"] > 500)
        assert 0 <= found["largest_difference"] < ATOL
        assert found["different_answers"] == 0
        readme = (looped / format / "README.md").read_text()
        assert f"{found['largest_difference']:.1e}" in readme
        assert "auto_map" not in json.loads((looped / format / "config.json").read_text())
        here = str(Path(__file__).resolve().parents[2])
        for path in (looped / format).iterdir():
            assert here.encode() not in path.read_bytes(), path.name
    shape = onnx.load(looped / "onnx" / "model.onnx").graph.input[0].type.tensor_type.shape
    assert [dimension.dim_param for dimension in shape.dim] == ["batch", "length"]


def program(folder):
    (found,) = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    return found


def test_the_readme_runs_without_torch(looped):
    """In a process where the imports of what it should not need fail."""
    hidden = "import sys\nfor name in ('torch', 'transformers', 'hf_causal'): sys.modules[name] = None\n"
    command = [sys.executable, "-I", "-c", hidden + program(looped / "onnx")]
    finished = subprocess.run(command, cwd=looped / "onnx", capture_output=True, text=True, timeout=120)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.strip() == "['Yes', 'No']"


def test_the_readme_of_a_torch_program_runs(looped, monkeypatch, capsys):
    monkeypatch.chdir(looped / "torch")
    exec(program(looped / "torch"), {})
    assert capsys.readouterr().out.strip() == "['Yes', 'No']"


@pytest.mark.parametrize(("format", "encoding"), [("torch", "learned"), ("onnx", "rope")])
@torch.no_grad()
def test_a_decoder_answers_the_same(tmp_path, monkeypatch, format, encoding):
    model = build(encoding, max_position_embeddings=192, num_hidden_layers=1)
    done = export_model(save(model, tmp_path / "model"), tmp_path / "out", format)
    assert done.parity.longest <= (192 if encoding == "learned" else 10_000)
    graph, tokenizer = exported(tmp_path / "out"), AxiomTokenizer()
    assert (graph.no, graph.yes) == tuple(tokenizer.convert_tokens_to_ids(["No", "Yes"]))
    for side in ("left", "right"):
        for prompts in (*BATCHES[:4], [chain(length) for length in (3, 12, 8)]):
            got = graph.run(prompts, side)["logits"]
            for row, prompt in zip(got, prompts, strict=True):
                expected = model(**tokenizer(prompt, return_tensors="pt")).logits[0, -1]
                np.testing.assert_allclose(row, expected, rtol=0, atol=ATOL)


def test_a_graph_that_answers_otherwise_is_not_written(tmp_path, monkeypatch, capsys):
    class Wrong(graphs.DecoderGraph):
        def forward(self, input_ids, attention_mask):
            (logits,) = super().forward(input_ids, attention_mask)
            return (logits + 0.01,)

    monkeypatch.setattr(parity, "tasks", few_prompts)
    monkeypatch.setitem(graphs._GRAPHS, "axiom", Wrong)
    folder = save(build(num_hidden_layers=1), tmp_path / "model")
    assert main(["export", str(folder), "--format", "torch", "--out", str(tmp_path / "out")]) == 1
    assert "differs from the model by 0.01 in a logit" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_no_number_is_no_small_difference():
    class Nothing:
        no, yes = 0, 1

        def run(self, prompts, padding_side):
            return {"logits": np.full((len(prompts), 2), np.nan)}

    found = parity.compare(reasoner(), AxiomTokenizer(), Nothing(), ["A causes B. Does A cause B?"])
    assert found.largest_difference == float("inf") and not found.holds


def test_prompts_are_those_that_the_model_reads():
    plain, longest = parity.parity_prompts(AxiomTokenizer(), longest=100), 0
    for prompt in plain:
        longest = max(longest, len(AxiomTokenizer()(prompt).input_ids))
    assert 90 < longest <= 100 and not any("d-separated" in prompt for prompt in plain)
    separation = parity.parity_prompts(make_tokenizer("axiom", "d_separation"))
    assert any("d-separated" in prompt for prompt in separation) and any("Does" in prompt for prompt in separation)
    with pytest.raises(ValueError, match="knows the words of no corpus"):
        parity.parity_prompts(AxiomTokenizer(), longest=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "tflite"], "`format` must be one of onnx, torch, got 'tflite'"),
        (["--out", "MODEL"], "holds something that is no export"),
        (["--out", "MODEL/config.json"], "is a file"),
    ],
)
def test_mistakes_are_reported(tmp_path, capsys, arguments, message):
    model = save(build(), tmp_path / "model")
    arguments = [part.replace("MODEL", str(model)) for part in arguments]
    out = [] if "--out" in arguments else ["--out", str(tmp_path / "out")]
    assert main(["export", str(model), *arguments, *out]) == 2
    shown = capsys.readouterr().err
    assert message in shown and shown.count("error: ") == 1
    assert not (tmp_path / "out").exists()


def test_what_has_no_graph_is_refused(tmp_path):
    from tiny_language_model import save_tiny_language_model

    with pytest.raises(ValueError, match="architecture 'gpt2'; graphs are made of axiom and axiom_looped"):
        export_model(save_tiny_language_model(tmp_path / "gpt2"), tmp_path / "out", "torch")
    random_names = make_model("axiom_looped", {"name_encoder": "random"}, AxiomTokenizer())
    with pytest.raises(ValueError, match="`name_encoder` 'random', which draws other vectors in every call"):
        export_model(save(random_names, tmp_path / "random"), tmp_path / "out")
    with pytest.raises(FileNotFoundError, match="no model folder"):
        export_model(tmp_path / "nothing", tmp_path / "out", "torch")
    assert not (tmp_path / "out").exists()


def test_onnx_asks_for_its_packages(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"'onnx': pip install 'hf-causal\[export\]'"):
        export_model(LOOPED, tmp_path / "out")
