"""The projection's formula against rings that are walked hop by hop."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from scaling import exchange_seconds  # noqa: E402


def ring(members, size, bandwidth, hop, rounds):
    """Seconds of some rounds in which each member of a ring sends a part of `size` to its neighbour."""
    return sum(size / members / bandwidth + hop for _ in range(rounds)) if members > 1 else 0.0


@pytest.mark.parametrize(("processes", "per_machine"), [(1, 8), (2, 8), (8, 8), (16, 8), (64, 8), (4, 1)])
def test_an_exchange_takes_what_its_hops_take(processes, per_machine):
    size, inside, outside, base, hop_in, hop_out = 268e6, 450e9, 50e9, 8e-6, 3e-6, 14e-6
    local = min(processes, per_machine)
    machines = processes // local
    seconds = 0.0 if processes == 1 else base
    seconds += ring(local, size, inside, hop_in, local - 1)  # reduce-scatter in each machine
    seconds += ring(machines, size / local, outside, hop_out, 2 * (machines - 1))  # all-reduce of each GPU's share
    seconds += ring(local, size, inside, hop_in, local - 1)  # all-gather in each machine
    found = exchange_seconds(size, processes, per_machine, inside, outside, (base, hop_in, hop_out))
    assert found == pytest.approx(seconds)


def test_no_exchange_sends_less_than_it_must():
    for processes in (2, 8, 64):
        seconds = exchange_seconds(1e9, processes, processes, 1e9, 1e9, (0.0, 0.0, 0.0))
        assert seconds == pytest.approx(2 * (processes - 1) / processes)
