"""Training speed on the CPU, alone and with one other busy process, by how long OpenMP threads spin.

python benchmarks/cpu_contention.py
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hf_causal.corpora.build import build
from hf_causal.utils.hardware import describe_hardware

SETTINGS: dict[str, dict[str, str]] = {
    "library default": {"GOMP_SPINCOUNT": "300000"},
    "10,000 spins (used here)": {"GOMP_SPINCOUNT": "10000"},
    "no spins": {"OMP_WAIT_POLICY": "PASSIVE"},
}


def examples_per_second(data: Path, settings: dict[str, str], steps: int) -> float:
    """Trains for some steps in a separate process; the second half of them counts."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "hf_causal.cli",
            "train",
            "axiom-cpu",
            "--output-dir",
            folder + "/run",
        ]
        command += ["--data-dir", str(data), "--max-steps", str(steps), "--logging-steps", str(steps // 2)]
        command += ["--eval-steps", "100000", "--save-steps", "100000", "--eval-rows", "20"]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, **settings})
        log = (Path(folder) / "run" / "training_log.jsonl").read_text().splitlines()
    return [json.loads(line)["examples_per_second"] for line in log if '"train"' in line][-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=2, help="the mean counts")
    options = parser.parse_args()
    print(f"{describe_hardware()}, {time.strftime('%Y-%m-%d')}: axiom-cpu, questions per second\n")
    print("| OpenMP threads wait with | alone | with one other busy process |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as data:
        build("axiomatic", data, ["transitivity_ts2"], rows=50_000)
        for name, settings in SETTINGS.items():
            alone = [examples_per_second(Path(data), settings, options.steps) for _ in range(options.repeats)]
            with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
                contended = [examples_per_second(Path(data), settings, options.steps) for _ in range(options.repeats)]
                other.kill()
            means = [sum(values) / len(values) for values in (alone, contended)]
            print(f"| {name} | {means[0]:,.0f} | {means[1]:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
