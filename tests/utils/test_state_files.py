import json
import math
import random

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from hf_causal.utils.state_files import list_pickles, read_state, write_state


def same(one, other):
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def test_a_state_comes_back_bit_for_bit(tmp_path):
    shared = torch.arange(6.0)
    state = {
        "optimizer": {0: {"step": torch.tensor(3.0), "exp_avg": torch.randn(2, 3, dtype=torch.bfloat16)}, "dict": {}},
        "shared": [shared, shared, shared.view(2, 3).T],
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "torch": torch.get_rng_state(),
        "numbers": (0.1, -math.inf, 2**70, True, None, "因果", 1e-320),
        "tensor": "no tensor",
    }
    write_state(tmp_path / "a.safetensors", state)
    assert same(read_state(tmp_path / "a.safetensors"), state)


def test_other_values_are_refused(tmp_path):
    with pytest.raises(TypeError, match="holds no set"):
        write_state(tmp_path / "a.safetensors", {"a": {1}})


@pytest.mark.parametrize("structure", [None, "{", '{"tensor": "9"}', '{"dict": 3}', '{"a": 1}', "[" * 5000])
def test_other_files_are_refused(structure, tmp_path):
    metadata = None if structure is None else {"structure": structure}
    save_file({"0": torch.ones(1)}, tmp_path / "a.safetensors", metadata=metadata)
    with pytest.raises(ValueError, match="is not a state file"):
        read_state(tmp_path / "a.safetensors")
    (tmp_path / "b.safetensors").write_bytes(json.dumps({}).encode())
    with pytest.raises(ValueError, match="is not a state file"):
        read_state(tmp_path / "b.safetensors")
    with pytest.raises(FileNotFoundError):
        read_state(tmp_path / "c.safetensors")


def test_pickles_are_listed_by_their_names(tmp_path):
    for name in ("a.bin", "b/c.pkl", "b/.metadata", "d.safetensors", "e.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert list_pickles(tmp_path) == ["a.bin", "b/.metadata", "b/c.pkl"]
