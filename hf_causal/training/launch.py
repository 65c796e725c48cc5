"""Several processes of one run, started and watched from here with Accelerate's launcher."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from types import FrameType
from typing import Any

LAUNCHED = "HF_CAUSAL_LAUNCHED"
"""Set for workers that leave it to the launcher to say what went wrong, once."""
_OURS = (signal.SIGTERM, signal.SIGINT)


def accelerate_config_names() -> list[str]:
    """Names of the Accelerate configs that ship with the package."""
    return sorted(path.name.removesuffix(".yaml") for path in _shipped().iterdir() if path.name.endswith(".yaml"))


def find_accelerate_config(config: str) -> Path:
    """The file of an Accelerate config: shipped, by its name, or one's own.

    Raises:
        `FileNotFoundError`: If there is no such config, with those that ship.
    """
    if config in accelerate_config_names():
        return Path(str(_shipped().joinpath(f"{config}.yaml")))
    path = Path(config)
    if path.suffix not in (".yaml", ".yml", ".json") or not path.is_file():
        raise FileNotFoundError(
            f"`accelerate_config` must be a file or one of {', '.join(accelerate_config_names())}, got {config!r}"
        )
    return path


def launch(
    arguments: list[str],
    output_dir: Path,
    accelerate_config: str = "multi_gpu",
    num_processes: int | None = None,
    num_machines: int | None = None,
    machine_rank: int | None = None,
    main_process_ip: str | None = None,
    main_process_port: int | None = None,
) -> None:
    """Starts `python -m hf_causal.training` in several processes and returns when all of them have ended well.

    Where there are no GPUs the processes run on the CPU. SIGTERM and SIGINT are passed on: the processes save and end.
    When one process fails or is killed, the others are ended as well, within half a minute.

    Args:
        arguments (`list[str]`): Of `hf_causal.training`.
        output_dir (`Path`): The run's; for messages.
        accelerate_config (`str`): Name of a shipped config, or a file of `accelerate config`.
        num_processes, num_machines, machine_rank, main_process_ip, main_process_port (*optional*):
            As those of `accelerate launch`; instead of what the config says.

    Raises:
        `FileNotFoundError`: If there is no such config.
        `ValueError`: If this machine has fewer GPUs, or a process says that an argument is wrong.
        `ChildProcessError`: If a process has failed or was killed.
        `KeyboardInterrupt`: After a SIGINT, when all processes have ended.
    """
    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    given: dict[str, Any] = {
        "num_processes": num_processes,
        "num_machines": num_machines,
        "machine_rank": machine_rank,
        "main_process_ip": main_process_ip,
        "main_process_port": main_process_port,
    }
    command = ["--config_file", str(find_accelerate_config(accelerate_config))]
    command += [part for name, value in given.items() if value is not None for part in (f"--{name}", str(value))]
    settings = launch_command_parser().parse_args([*command, "-m", "hf_causal.training", *arguments])
    environment = _place(settings, accelerate_config)
    # The launcher would end the processes 30 seconds after a signal; they may need longer to save.
    settings.signals_to_handle = "SIGHUP,SIGQUIT"
    settings.monitor_interval = 0.2
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("torch.distributed.elastic"):  # what it has to say of a failure is said here
            logging.getLogger(name).setLevel(logging.CRITICAL)
    with _environment(environment), _passing_on() as noted:
        try:
            launch_command(settings)
        except ChildFailedError as error:
            if signal.SIGINT not in noted:
                sys.stderr.write("\n")  # a process that was killed leaves its progress bar unfinished
                raise _explain(error, output_dir) from None
    if signal.SIGINT in noted:
        raise KeyboardInterrupt


def _place(settings: Any, accelerate_config: str) -> dict[str, str]:
    """Completes the launcher's settings by those of its config, checks them, and returns what workers need to know."""
    import torch
    from accelerate.commands.config.config_args import load_config_from_file

    from hf_causal.utils.hardware import cores

    config = load_config_from_file(settings.config_file)
    processes = settings.num_processes or config.num_processes
    machines = settings.num_machines or config.num_machines or 1
    if processes < 1 or machines < 1 or processes % machines:
        raise ValueError(
            f"`num_processes` counts those of all machines and must be a multiple of `num_machines`, got {processes} "
            f"and {machines}"
        )
    here = processes // machines
    if machines > 1 and not (settings.main_process_ip or config.main_process_ip):
        raise ValueError(f"`main_process_ip` must be the address of the first of the {machines} machines")
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    gpus = torch.accelerator.device_count() if accelerator and accelerator.type != "mps" else 0
    sharded = config.distributed_type == "FSDP"
    environment = {LAUNCHED: "1"}
    if gpus and os.environ.get("ACCELERATE_USE_CPU", "false").lower() not in ("1", "true", "yes"):
        if here > gpus:
            raise ValueError(f"`num_processes` must be at most the {gpus} GPUs of a machine, got {here} for this one")
    elif sharded:
        # Accelerate would train with a whole copy in each process, and say nothing.
        raise ValueError(f"`accelerate_config` {accelerate_config!r} needs GPUs, and this machine has none")
    else:
        environment["ACCELERATE_USE_CPU"] = "true"
        if "OMP_NUM_THREADS" not in os.environ and settings.num_cpu_threads_per_process is None:
            settings.num_cpu_threads_per_process = max(1, cores() // here)
    settings.num_processes, settings.num_machines = processes, machines
    # Said outright: a launcher that is told of CPUs starts one process only, and says nothing.
    settings.multi_gpu = processes > 1 and not sharded
    return environment


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _passing_on() -> Iterator[set[int]]:
    """Passes signals on to the workers, which have sessions of their own, and notes which ones came."""
    import psutil

    noted: set[int] = set()

    def pass_on(number: int, frame: FrameType | None) -> None:
        noted.add(number)
        for worker in psutil.Process().children():
            try:
                worker.send_signal(number)
            except psutil.NoSuchProcess:
                continue

    before = {number: signal.signal(number, pass_on) for number in _OURS}
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _explain(error: Any, output_dir: Path) -> Exception:
    """One error for all processes: that of the first to fail, not of those that missed it."""
    from hf_causal.training.checkpoints import list_checkpoints

    def order(failure: Any) -> tuple[bool, int]:
        ended_by_launcher = failure.exitcode == -signal.SIGTERM
        return _message(failure).startswith("ConnectionError") or ended_by_launcher, int(failure.timestamp)

    rank, failure = min(error.failures.items(), key=lambda item: order(item[1]))
    _, _, message = _message(failure).partition(": ")
    if failure.exitcode > 0 and message:
        return ValueError(message) if failure.exitcode == 2 else ChildProcessError(message)
    if failure.exitcode < 0:
        name = signal.Signals(-failure.exitcode).name
        reason = " (as the system does when memory runs out)" if name == "SIGKILL" else ""
        what = f"was killed by {name}{reason}"
    else:
        what = f"failed with status {failure.exitcode}, see its traceback above"
    kept = list_checkpoints(output_dir)
    go_on = f"the last checkpoint is {str(kept[-1])!r}; go on with --resume-from-checkpoint latest" if kept else (
        "there is no checkpoint yet")  # fmt: skip
    return ChildProcessError(f"process {rank} {what}, and the run has ended; {go_on}")


def _message(failure: Any) -> str:
    """What a process has left of its error: its type and its words; empty if it could leave nothing."""
    recorded = failure.error_file_data["message"]
    return recorded["message"] if isinstance(recorded, dict) else ""


def _shipped():
    return resources.files("hf_causal") / "accelerate_configs"
