"""What several processes of one run settle among themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
import torch.distributed as dist
from accelerate.utils import broadcast_object_list, gather_object, load, set_seed

Result = TypeVar("Result")

_LOST = ("connection closed by peer", "connection reset by peer", "socket timeout", "broken pipe", "socketbackend")
"""How gloo says that another process is gone; other backends have exceptions of their own for it."""


class CpuReducer:
    """Small sums over all processes, made on the CPU, so that nobody waits for an accelerator."""

    def __init__(self, accelerator: Any):
        # Backends of accelerators sum on the device, and reading such a sum would wait for all the work before it.
        self._group = dist.new_group(backend="gloo") if accelerator.num_processes > 1 else None

    def sum(self, *values: float) -> list[float]:
        """The sums of the values that each process names."""
        if self._group is None:
            return list(values)
        sums = torch.tensor(values, dtype=torch.float64)
        dist.all_reduce(sums, group=self._group)
        return sums.tolist()

    def close(self) -> None:
        """Gives the connections back."""
        if self._group is not None:
            dist.destroy_process_group(self._group)
            self._group = None


def broadcast_from_main(accelerator: Any, decide: Callable[[], Result]) -> Result:
    """What the main process decides, on all of them; what it raises is raised on all of them, too."""
    outcome: list[Any] = [None, None]
    if accelerator.is_main_process:
        try:
            outcome[0] = decide()
        except Exception as error:
            outcome[1] = error
    broadcast_object_list(outcome)
    if outcome[1] is not None:
        raise outcome[1]
    return outcome[0]


def all_gather_objects(items: list[Any]) -> list[Any]:
    """The items of all processes, in order of rank."""
    return gather_object(items)


def seed_ranks(accelerator: Any, seed: int) -> None:
    """Seeds what each process draws by itself: dropout, noise on flags, the number of loops.

    On accelerators, noise is drawn on the device, by another seed for each process, and the number of loops on the
    CPU: there all processes draw the same one, since the fastest would have to wait for the slowest. On CPUs both come
    from one generator, and processes differ in both. So a model that draws anything learns as well from any number of
    processes, but not the same weights.
    """
    set_seed(seed, device_specific=True)
    if accelerator.device.type != "cpu":
        torch.default_generator.manual_seed(seed)


def restore_rank_seed(accelerator: Any, checkpoint: Path, seed: int, step: int) -> None:
    """Seeds a process that a checkpoint has no random state for, since the run had fewer of them when it was saved."""
    if (checkpoint / f"random_states_{accelerator.process_index}.pkl").is_file():
        return
    sequence = np.random.SeedSequence([seed, step, accelerator.process_index])
    set_seed(int(sequence.generate_state(1)[0]))
    if accelerator.device.type != "cpu":  # loops are drawn alike everywhere, see `seed_ranks`
        torch.default_generator.set_state(load(checkpoint / "random_states_0.pkl")["torch_manual_seed"])


def has_lost_another(error: BaseException) -> bool:
    """Whether an error of a collective operation says that another process is gone."""
    if isinstance(error, dist.DistError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _LOST)
