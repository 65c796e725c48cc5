"""Trains several recipes in turn, in each of two processes; started by `test_processes.py`.

python -m torch.distributed.run --nproc_per_node 2 tests/several_recipes.py OUT CORPUS RECIPES.json
"""

import errno
import json
import os
import signal
import sys
from pathlib import Path

import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin

from hf_causal.training import loop, run_setup
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe
from hf_causal.training.run_state import RunState

RANK = int(os.environ.get("RANK", 0))
opened: list[str] = []


def note(event, arguments):
    """Which files this process opens to write, renames or removes."""
    writes = event == "open" and arguments[1] and set(arguments[1]) & set("wax+")
    if writes or event in ("os.rename", "os.remove", "os.link", "shutil.rmtree"):
        opened.append(str(arguments[0]))


class Sharded(Accelerator):
    """Accelerate shards models on GPUs only, and on CPUs it would use copies; the sharding itself runs on both."""

    def __init__(self, **options):
        super().__init__(**options)
        self.state.fsdp_plugin = FullyShardedDataParallelPlugin(
            fsdp_version=2,
            auto_wrap_policy="transformer_based_wrap",
            cpu_ram_efficient_loading=False,
        )
        self.state.distributed_type = PartialState._shared_state["distributed_type"] = DistributedType.FSDP


def not_a_number(self, *arguments):
    loss, hits, answers = step(self, *arguments)
    return (loss * torch.nan, hits, answers) if RANK == 1 and self.progress.step == 2 else (loss, hits, answers)


def told_to_stop(self, *arguments):
    if RANK == 1 and self.progress.step == 2:
        os.kill(os.getpid(), signal.SIGTERM)
    return step(self, *arguments)


def disk_full(self, folder):
    if RANK == 1 and "0000004" in folder.name:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return save_state(self, folder)


steps = {"not_a_number": not_a_number, "told_to_stop": told_to_stop}
step, save_state = loop.TrainingRun._step, RunState.save


def main():
    out, corpus, recipes = Path(sys.argv[1]), sys.argv[2], json.loads(Path(sys.argv[3]).read_text())
    results = {}
    sys.addaudithook(note)
    for name, (recipe, overrides, stop) in recipes.items():
        opened.clear()
        loop.TrainingRun._step = steps.get(name, step)
        RunState.save = disk_full if name == "disk_full" else save_state
        run_setup.Accelerator = Sharded if name.startswith("sharded") else Accelerator
        folder = name.removesuffix("_resumed")
        try:
            chosen = load_recipe(recipe, overrides)
            data = corpus if chosen.corpus == "axiomatic" else out / chosen.corpus
            result = train(chosen, out / folder, data, "latest", stop_at_step=stop)
            results[name] = {"steps": result.steps}
        except (ArithmeticError, OSError, ValueError) as error:
            results[name] = {"error": f"{type(error).__name__}: {error}"}
        except SystemExit as exit:
            results[name] = {"status": exit.code}
        results[name]["opened"] = [path for path in opened if str(out) in path]
    (out / f"results_{RANK}.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main()
