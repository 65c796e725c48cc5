"""Collective operations between the processes of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from accelerate.utils import broadcast_object_list, gather_object, set_seed

Result = TypeVar("Result")

_GLOO_ERRORS = (
    "connection closed by peer",
    "connection reset by peer",
    "socket timeout",
    "broken pipe",
    "socketbackend",
)
"""Messages of gloo when another process has ended; other backends raise exceptions of their own."""


class CpuReducer:
    """Sums a few numbers over all processes on the CPU, so that no process waits for its accelerator."""

    def __init__(self, accelerator: Any):
        # Backends of accelerators sum on the device, where reading a sum waits for all work before it.
        self._group = dist.new_group(backend="gloo") if accelerator.num_processes > 1 else None

    def sum(self, *values: float) -> list[float]:
        """Returns the sum of each value over all processes."""
        if self._group is None:
            return list(values)
        sums = torch.tensor(values, dtype=torch.float64)
        dist.all_reduce(sums, group=self._group)
        return sums.tolist()

    def close(self) -> None:
        """Closes the connections."""
        if self._group is not None:
            dist.destroy_process_group(self._group)
            self._group = None


def broadcast_from_main(accelerator: Any, compute: Callable[[], Result]) -> Result:
    """Runs a function in the main process, and returns its result, or raises its exception, in all processes."""
    outcome: list[Any] = [None, None]
    if accelerator.is_main_process:
        try:
            outcome[0] = compute()
        except Exception as error:
            outcome[1] = error
    broadcast_object_list(outcome)
    if outcome[1] is not None:
        raise outcome[1]
    return outcome[0]


def all_gather_objects(items: list[Any]) -> list[Any]:
    """Returns the items of all processes, in order of rank."""
    return gather_object(items)


def seed_ranks(accelerator: Any, seed: int) -> None:
    """Seeds the random draws of each process: dropout, noise on flags, the number of loops.

    With accelerators, noise is drawn on the device with another seed in each process, and the number of loops on the
    CPU with one seed in all processes, since the fastest process would wait for the slowest. On CPUs one generator
    draws both, and processes differ in both. A model that draws anything therefore learns as well from any number of
    processes, but not the same weights.
    """
    set_seed(seed, device_specific=True)
    if accelerator.device.type != "cpu":
        torch.default_generator.manual_seed(seed)


def is_lost_process(error: BaseException) -> bool:
    """Returns whether an error of a collective operation means that another process has ended."""
    if isinstance(error, dist.DistError):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error).lower() for text in _GLOO_ERRORS)
