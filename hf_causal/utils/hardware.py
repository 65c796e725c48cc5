"""Describes and configures the hardware of this machine."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def describe_hardware(device: str = "cpu", num_processes: int = 1) -> str:
    """Returns one line for a card: the processors or accelerators that a run used.

    Args:
        device (`str`): `cuda`, or anything else for the CPU.
        num_processes (`int`): Processes of the run, one accelerator each.
    """
    if device == "cuda":
        import torch

        return f"{num_processes} x {torch.cuda.get_device_name()}"
    bf16 = ", bf16 instructions" if has_bf16() else ""
    return f"{cores()} CPU cores ({_cpu_fact('model name') or platform.processor() or platform.machine()}{bf16})"


def cores() -> int:
    """Returns the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_bf16(device: str = "cpu") -> bool:
    """Returns whether a device multiplies bf16 matrices in hardware; where it does not, fp32 is faster."""
    if device == "cuda":
        import torch

        return torch.cuda.is_bf16_supported(including_emulation=False)
    flags = _cpu_fact("flags").split()
    return "avx512_bf16" in flags or "amx_bf16" in flags


def share_the_cpu() -> None:
    """Makes waiting OpenMP threads sleep soon instead of spinning; to be called before torch is imported.

    Spinning is a little faster on an idle machine. Next to any other busy process the spinning threads take the time
    of the thread they wait for, and training becomes several times slower (`benchmarks/cpu_contention.py` measures
    both). Settings that the user made are kept.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")


def _cpu_fact(name: str) -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.is_file():
        return ""
    for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
