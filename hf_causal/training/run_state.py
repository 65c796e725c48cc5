"""The state of a run in a folder: weights, optimizers, schedules, position and random numbers, without any pickle."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.utils import set_seed
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)

from hf_causal.utils.state_files import read_state, write_state

WEIGHTS = "model.safetensors"
OPTIMIZERS = "optimizers.safetensors"
POSITION = "position.safetensors"
"""Progress, position in the data, schedules, and scale of half-precision gradients."""


def random_state_file(rank: int) -> str:
    """Returns the name of the file with the random state of a process."""
    return f"random_state_{rank}.safetensors"


@dataclass(frozen=True)
class RunState:
    """Everything that a step changes, of one process of a run.

    Args:
        accelerator (`Accelerator`): Of the run.
        model (`nn.Module`): As Accelerate prepared it.
        optimizers (sequence): As Accelerate prepared them.
        parts (sequence): Objects with `state_dict` and `load_state_dict`: schedules, position and progress.
        seed (`int`): Of the recipe.
        sharded (`bool`): Whether weights are sharded by FSDP. The main process then gathers them in its memory.
    """

    accelerator: Any
    model: nn.Module
    optimizers: Sequence[Any]
    parts: Sequence[Any]
    seed: int
    sharded: bool

    def save(self, folder: Path) -> None:
        """Writes the state to a folder that exists. All processes call it; each writes its own random state."""
        weights, optimizers = self._gather()
        if self.accelerator.is_main_process:
            # Copies: tied weights share their memory, which the format does not allow.
            copies = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in weights.items()}
            save_file(copies, str(folder / WEIGHTS), metadata={"format": "pt"})
            write_state(folder / OPTIMIZERS, optimizers)
            write_state(folder / POSITION, self._position())
        write_state(folder / random_state_file(self.accelerator.process_index), read_random_state())

    def restore(self, folder: Path, step: int) -> None:
        """Restores the state from a folder; a process whose random state is not there is seeded by the step.

        Raises:
            `ValueError`: If the files do not hold the state of this run.
        """
        try:
            self._load_tensors(folder)
            self._load_position(read_state(folder / POSITION))
            self._restore_random_state(folder, step)
        except (RuntimeError, LookupError, TypeError, ValueError, AttributeError, SafetensorError) as error:
            reason = " ".join(str(error).split())[:300]
            raise ValueError(f"{str(folder)!r} does not hold the state of this run: {reason}") from error

    def _gather(self) -> tuple[dict[str, torch.Tensor], list[dict[str, Any]]]:
        if not self.sharded:
            model = self.accelerator.unwrap_model(self.model)
            return model.state_dict(), [optimizer.state_dict() for optimizer in self.optimizers]
        options = StateDictOptions(full_state_dict=True, cpu_offload=True)
        weights: Any = get_model_state_dict(self.model, options=options)
        return weights, [
            dict(get_optimizer_state_dict(self.model, optimizer.optimizer, options=options))
            for optimizer in self.optimizers
        ]

    def _load_tensors(self, folder: Path) -> None:
        if not self.sharded:
            self.accelerator.unwrap_model(self.model).load_state_dict(load_file(folder / WEIGHTS))
            states = _of_length(read_state(folder / OPTIMIZERS), len(self.optimizers))
            for optimizer, state in zip(self.optimizers, states, strict=True):
                optimizer.load_state_dict(state)
            return
        options = StateDictOptions(full_state_dict=True, broadcast_from_rank0=True)
        is_main = self.accelerator.is_main_process
        weights: Any = load_file(folder / WEIGHTS) if is_main else {}
        set_model_state_dict(self.model, weights, options=options)
        states = read_state(folder / OPTIMIZERS) if is_main else [{} for _ in self.optimizers]
        for optimizer, state in zip(self.optimizers, _of_length(states, len(self.optimizers)), strict=True):
            set_optimizer_state_dict(self.model, optimizer.optimizer, state, options=options)

    def _position(self) -> dict[str, Any]:
        scaler = self.accelerator.scaler
        return {
            "accumulated": self.accelerator.step,
            "scaler": scaler.state_dict() if scaler is not None else None,
            "parts": [part.state_dict() for part in self.parts],
        }

    def _load_position(self, position: dict[str, Any]) -> None:
        self.accelerator.step = position["accumulated"]
        if self.accelerator.scaler is not None and position["scaler"]:
            self.accelerator.scaler.load_state_dict(position["scaler"])
        for part, state in zip(self.parts, _of_length(position["parts"], len(self.parts)), strict=True):
            part.load_state_dict(state)

    def _restore_random_state(self, folder: Path, step: int) -> None:
        """Restores the random state of this process, which is absent if fewer processes saved the checkpoint."""
        rank = self.accelerator.process_index
        if (folder / random_state_file(rank)).is_file():
            set_random_state(read_state(folder / random_state_file(rank)))
            return
        sequence = np.random.SeedSequence([self.seed, step, rank])
        set_seed(int(sequence.generate_state(1)[0]))
        if self.accelerator.device.type != "cpu":  # the number of loops is drawn alike everywhere, see `seed_ranks`
            torch.default_generator.set_state(read_state(folder / random_state_file(0))["torch"])


def read_random_state() -> dict[str, Any]:
    """Returns the random states of Python, NumPy and torch, on the CPU and on each accelerator."""
    state = {"python": random.getstate(), "numpy": np.random.get_state(), "torch": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        state["xpu"] = torch.xpu.get_rng_state_all()
    return state


def set_random_state(state: dict[str, Any]) -> None:
    """Sets the random states that [`read_random_state`] returned; accelerators that it lacks stay as they are."""
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    for name in ("cuda", "xpu"):
        backend = getattr(torch, name)
        # A checkpoint may come from a machine with more accelerators.
        if state.get(name) and backend.is_available() and len(state[name]) == backend.device_count():
            backend.set_rng_state_all(state[name])


def _of_length(states: Any, length: int) -> list[Any]:
    if not isinstance(states, list) or len(states) != length:
        raise ValueError(f"a checkpoint of this run holds {length} states, this one holds another number")
    return states
