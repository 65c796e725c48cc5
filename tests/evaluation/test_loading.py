"""Models are loaded as the right class, on the right device."""

from types import SimpleNamespace

import pytest
import torch
import transformers

from hf_causal.evaluation import loading
from hf_causal.evaluation.loading import check_model_path, load_pretrained


class FakeModel(torch.nn.Module):
    """Records the devices that it is moved to."""

    def __init__(self):
        super().__init__()
        self.devices = []

    def to(self, device):
        self.devices.append(device)
        return self


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A folder whose weights load as a [`FakeModel`]."""
    (tmp_path / "config.json").write_text("{}")
    fake = FakeModel()
    fake.options = []

    def load(source, **options):
        fake.options.append(options)
        return fake, {"missing_keys": set(), "mismatched_keys": set()}

    config = SimpleNamespace(architectures=["ACausalLM"])
    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", lambda source, **options: config)
    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", lambda source, **options: "words")
    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", load)
    return fake


def test_a_model_is_moved_to_its_device(model, tmp_path, monkeypatch):
    assert load_pretrained(tmp_path, "cuda:1") == (model, "words")
    assert model.devices == ["cuda:1"]
    monkeypatch.setattr(loading, "default_device", lambda: "cuda")
    load_pretrained(tmp_path)
    assert model.devices == ["cuda:1", "cuda"]


def test_quantized_weights_are_loaded_on_their_device(model, tmp_path):
    load_pretrained(tmp_path, "cuda:1", quantization="four bits")
    assert model.devices == []  # weights in few bits cannot be moved
    assert model.options[0]["device_map"] == {"": "cuda:1"}


@pytest.mark.parametrize("name", ["no", "a/b/c", "/a/b"])
def test_what_cannot_be_a_model_is_refused(name):
    with pytest.raises(FileNotFoundError, match="no model folder"):
        check_model_path(name)
