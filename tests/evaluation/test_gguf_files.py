"""Language models in GGUF files, written here by the library of llama.cpp."""

import importlib.util
import json

import numpy as np
import pytest
import torch
from tiny_language_models import tiny_tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

from hf_causal.cli import main
from hf_causal.evaluation.gguf_files import find_gguf
from hf_causal.evaluation.loading import load_pretrained

gguf = pytest.importorskip("gguf", reason="gguf is not installed: pip install 'hf-causal[gguf]'")

SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}


@pytest.fixture(scope="module")
def dense():
    """A Llama of two layers with its tokenizer."""
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer()
    config = LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=4096, rope_theta=10_000.0, **SIZES)
    return LlamaForCausalLM(config).eval(), tokenizer


def write_gguf(path, dense, architecture="llama"):
    """Writes a model as llama.cpp does: with its names of weights, and the rows of queries and keys in its order."""
    model, tokenizer = dense
    config, writer = model.config, gguf.GGUFWriter(path, architecture)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_attention_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(len(tokenizer))
    vocabulary = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(vocabulary)
    special = [gguf.TokenType.CONTROL if word == "<eos>" else gguf.TokenType.NORMAL for word in vocabulary]
    writer.add_token_types(special)
    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_bos_token_id(tokenizer.eos_token_id)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        values = tensor.float().numpy()
        if "q_proj" in name or "k_proj" in name:
            heads = config.num_attention_heads
            values = values.reshape(heads, 2, values.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(values.shape)
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight",)), np.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def file(dense, tmp_path_factory):
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf", dense)


@torch.no_grad()
@pytest.mark.parametrize("folder", [True, False])
def test_a_file_and_its_folder_load_as_the_dense_model(folder, file, dense):
    model, tokenizer = load_pretrained(file.parent if folder else file, "cpu", classifiers=False)
    texts = ["A causes B. Does A cause B? Yes", " No"]
    assert [tokenizer(text)["input_ids"] for text in texts] == [dense[1](text)["input_ids"] for text in texts]
    ids = torch.tensor([dense[1](texts[0])["input_ids"]])
    torch.testing.assert_close(model(ids).logits, dense[0](ids).logits, atol=1e-4, rtol=1e-4)


def test_a_file_is_a_language_model_for_the_command(file, tmp_path, capsys):
    (tmp_path / "q.jsonl").write_text('{"prompt": "A causes B. Does A cause B?", "completion": "Yes"}\n')
    command = ["evaluate", "--lm", str(file), "--config", "none", "--data", str(tmp_path / "q.jsonl")]
    assert main([*command, "--replies", str(tmp_path / "replies"), "--json", str(tmp_path / "s.json")]) == 0
    assert json.loads((tmp_path / "s.json").read_text())["files"]["q"]["n"] == 1


def test_mistakes_say_what_would_be_right(file, tmp_path, dense, monkeypatch):
    with pytest.raises(FileNotFoundError, match="no GGUF file"):
        load_pretrained(tmp_path / "none.gguf")
    (tmp_path / "broken.gguf").write_bytes(b"GGUF\x03")
    with pytest.raises(FileNotFoundError, match=r"cannot load the model '.*broken.gguf'"):
        load_pretrained(tmp_path / "broken.gguf", "cpu")
    other = write_gguf(tmp_path / "other.gguf", dense, "grok")
    with pytest.raises(FileNotFoundError, match="architecture grok is not supported"):
        load_pretrained(other, "cpu")
    with pytest.raises(ValueError, match="has 2 GGUF files: name one, such as 'broken.gguf'"):
        find_gguf(tmp_path)
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "gguf" else find_spec(name))
    with pytest.raises(ValueError, match=r"pip install 'hf-causal\[gguf\]'"):
        load_pretrained(file)
