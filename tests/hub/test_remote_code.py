"""A saved model folder loads with `trust_remote_code=True` where this package is not installed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from hf_causal.models.axiom import AxiomConfig, AxiomForCausalLM, AxiomTokenizer
from hf_causal.models.axiom_looped import AxiomLoopedForSequenceClassification

PROMPT = "no causes X7. X7 causes cause. Does no cause cause?"

# Runs in a process of its own, in which every import of this package fails.
LOADER = """
import json, sys
from importlib.abc import MetaPathFinder


class Hidden(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "hf_causal":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Hidden())
try:
    import hf_causal
except ModuleNotFoundError:
    hidden = True
else:
    hidden = False

from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoTokenizer

folder, prompt = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
inputs = tokenizer(prompt, return_tensors="pt")
config = AutoConfig.from_pretrained(folder, trust_remote_code=True)
decoder = AutoModel.from_pretrained(folder, trust_remote_code=True).eval()
model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True).eval()
generated = model.generate(**inputs, max_new_tokens=4, min_new_tokens=4, do_sample=False)
try:
    AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=False)
except ValueError as error:
    refusal = str(error)
else:
    refusal = ""
print(json.dumps({
    "hidden": hidden,
    "imported": "hf_causal" in sys.modules,
    "refusal": refusal,
    "classes": {kind: type(thing).__name__ for kind, thing in
                [("config", config), ("decoder", decoder), ("model", model), ("tokenizer", tokenizer)]},
    "modules": [type(thing).__module__ for thing in (config, decoder, model)],
    "config": {key: getattr(config, key) for key in ("position_encoding", "hidden_size", "num_hidden_layers")},
    "ids": inputs.input_ids[0].tolist(),
    "special": [tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id],
    "padding_side": tokenizer.padding_side,
    "decoded": tokenizer.decode(inputs.input_ids[0], skip_special_tokens=True),
    "hidden_state": decoder(**inputs).last_hidden_state[0].tolist(),
    "logits": model(**inputs).logits[0].tolist(),
    "generated": generated[0].tolist(),
}))
"""


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = AxiomConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=4, position_encoding="rope", initializer_range=0.3
    )
    return AxiomForCausalLM(config).eval()


@pytest.fixture(scope="module")
def inputs():
    return AxiomTokenizer()(PROMPT, return_tensors="pt")


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    """A folder as it is pushed: weights, code and tokenizer."""
    folder = tmp_path_factory.mktemp("saved") / "axiom-tiny"
    model.save_pretrained(folder)
    AxiomTokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def elsewhere(folder, tmp_path_factory):
    """What a process finds that sees the folder and the installed libraries, but not this package."""
    home = tmp_path_factory.mktemp("home")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "PYTHON"))}
    environment |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(home), "TOKENIZERS_PARALLELISM": "false"}
    finished = subprocess.run(
        [sys.executable, "-I", "-c", LOADER, str(folder), PROMPT],
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert finished.returncode == 0, finished.stderr
    assert "Do you wish to run the custom code" not in finished.stdout + finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


def test_the_code_is_saved_with_the_weights(folder):
    """The config always names its code, so a folder without the code would not load elsewhere."""
    files = {file.name for file in folder.iterdir()}
    assert {"configuration_axiom.py", "modeling_axiom.py", "model.safetensors", "tokenizer.json"} <= files


def test_the_saved_config_maps_every_auto_class(folder):
    assert json.loads((folder / "config.json").read_text())["auto_map"] == {
        "AutoConfig": "configuration_axiom.AxiomConfig",
        "AutoModel": "modeling_axiom.AxiomModel",
        "AutoModelForCausalLM": "modeling_axiom.AxiomForCausalLM",
    }


def test_the_process_could_not_import_the_package(elsewhere):
    assert elsewhere["hidden"]
    assert not elsewhere["imported"]
    assert all(module.startswith("transformers_modules.") for module in elsewhere["modules"])


def test_each_auto_class_loads_its_class(elsewhere):
    assert elsewhere["classes"] == {
        "config": "AxiomConfig",
        "decoder": "AxiomModel",
        "model": "AxiomForCausalLM",
        "tokenizer": "TokenizersBackend",
    }


def test_the_config_is_the_saved_one(elsewhere):
    assert elsewhere["config"] == {"position_encoding": "rope", "hidden_size": 32, "num_hidden_layers": 2}


@torch.no_grad()
def test_logits_are_equal(elsewhere, model, inputs):
    torch.testing.assert_close(torch.tensor(elsewhere["logits"]), model(**inputs).logits[0])


@torch.no_grad()
def test_hidden_states_are_equal(elsewhere, model, inputs):
    expected = model.model(**inputs).last_hidden_state[0]
    torch.testing.assert_close(torch.tensor(elsewhere["hidden_state"]), expected)


def test_generated_tokens_are_equal(elsewhere, model, inputs):
    expected = model.generate(**inputs, max_new_tokens=4, min_new_tokens=4, do_sample=False)
    assert elsewhere["generated"] == expected[0].tolist()


def test_the_tokenizer_needs_no_remote_code(elsewhere, inputs):
    assert elsewhere["ids"] == inputs.input_ids[0].tolist()
    assert elsewhere["special"] == [0, 1, 2, 3]
    assert elsewhere["padding_side"] == "left"
    assert elsewhere["decoded"] == PROMPT


def test_the_model_is_refused_without_trust(elsewhere):
    assert "trust_remote_code" in elsewhere["refusal"]


CLASSIFIER = """
import json, sys

sys.modules["hf_causal"] = None  # its import fails

from transformers import pipeline

folder, *prompts = sys.argv[1:]
ask = pipeline("text-classification", folder, trust_remote_code=True, tokenizer_kwargs={"trust_remote_code": False})
print(json.dumps([type(ask.model).__module__, ask(prompts)]))
"""


def test_a_looped_folder_answers_where_this_package_is_not_installed(tmp_path):
    shipped = Path(__file__).resolve().parents[2] / "model_cards" / "axiom-looped"
    model = AxiomLoopedForSequenceClassification.from_pretrained(shipped)
    model.save_pretrained(tmp_path / "looped")
    AxiomTokenizer().save_pretrained(tmp_path / "looped")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "PYTHON"))}
    environment |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home"), "TOKENIZERS_PARALLELISM": "false"}
    finished = subprocess.run(
        [sys.executable, "-I", "-c", CLASSIFIER, "looped", PROMPT, PROMPT.replace("Does no cause", "Does X7 cause")],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert finished.returncode == 0, finished.stderr
    module, answers = json.loads(finished.stdout.splitlines()[-1])
    assert module.startswith("transformers_modules.")
    assert [answer["label"] for answer in answers] == ["Yes", "Yes"]
