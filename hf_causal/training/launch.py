"""Starts the processes of a run with Accelerate's launcher, and watches them."""

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

from hf_causal.training.worker import LAUNCHED
from hf_causal.utils.hardware import cores

_PASSED_ON = (signal.SIGTERM, signal.SIGINT)


def accelerate_config_names() -> list[str]:
    """Returns the names of the Accelerate configs that ship with the package."""
    return sorted(path.name.removesuffix(".yaml") for path in _shipped().iterdir() if path.name.endswith(".yaml"))


def find_accelerate_config(config: str) -> Path:
    """Returns the file of an Accelerate config, which is named by a shipped name or a path.

    Raises:
        `FileNotFoundError`: If the config does not exist, with those that ship.
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
    """Runs `python -m hf_causal.cli` in several processes, and returns when all of them have finished.

    Without GPUs the processes run on the CPU. SIGTERM and SIGINT are passed on: the processes save and end. If one
    process fails or is killed, the others are ended within half a minute.

    Args:
        arguments (`list[str]`): Arguments of `hf-causal`, the same in every process.
        output_dir (`Path`): Folder of the run, for messages.
        accelerate_config (`str`): Name of a shipped config, or a file of `accelerate config`.
        num_processes, num_machines, machine_rank, main_process_ip, main_process_port (*optional*):
            Options of `accelerate launch`, instead of those in the config.

    Raises:
        `FileNotFoundError`: If the config does not exist.
        `ValueError`: If this machine has fewer GPUs, or an argument is wrong.
        `ChildProcessError`: If a process has failed or was killed.
        `KeyboardInterrupt`: After a SIGINT, when all processes have ended.
    """
    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    options: dict[str, Any] = {
        "num_processes": num_processes,
        "num_machines": num_machines,
        "machine_rank": machine_rank,
        "main_process_ip": main_process_ip,
        "main_process_port": main_process_port,
    }
    command = ["--config_file", str(find_accelerate_config(accelerate_config))]
    for name, value in options.items():
        command += [f"--{name}", str(value)] if value is not None else []
    settings = launch_command_parser().parse_args([*command, "-m", "hf_causal.cli", *arguments])
    environment = _complete_settings(settings, accelerate_config)
    # The launcher would kill the processes 30 seconds after a signal; they may need longer to save.
    settings.signals_to_handle = "SIGHUP,SIGQUIT"
    settings.monitor_interval = 0.2
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("torch.distributed.elastic"):  # `_failure` reports what it would log
            logging.getLogger(name).setLevel(logging.CRITICAL)
    with _environment(environment), _passing_on_signals() as received:
        try:
            launch_command(settings)
        except ChildFailedError as error:
            if signal.SIGINT not in received:
                sys.stderr.write("\n")  # a process that was killed leaves its progress bar unfinished
                raise _failure(error, output_dir) from None
    if signal.SIGINT in received:
        raise KeyboardInterrupt


def _complete_settings(settings: Any, accelerate_config: str) -> dict[str, str]:
    """Completes the launcher's settings from its config, checks them, and returns the environment of the workers."""
    import torch
    from accelerate.commands.config.config_args import load_config_from_file

    config = load_config_from_file(settings.config_file)
    processes = settings.num_processes or config.num_processes
    machines = settings.num_machines or config.num_machines or 1
    if processes < 1 or machines < 1 or processes % machines:
        raise ValueError(
            "`num_processes` counts the processes of all machines and must be a multiple of `num_machines`, got "
            f"{processes} and {machines}"
        )
    per_machine = processes // machines
    if machines > 1 and not (settings.main_process_ip or config.main_process_ip):
        raise ValueError(f"`main_process_ip` must be the address of the first of the {machines} machines")
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    gpus = torch.accelerator.device_count() if accelerator and accelerator.type != "mps" else 0
    sharded = config.distributed_type == "FSDP"
    environment = {LAUNCHED: str(os.getpid())}
    if gpus and os.environ.get("ACCELERATE_USE_CPU", "false").lower() not in ("1", "true", "yes"):
        if per_machine > gpus:
            raise ValueError(
                f"`num_processes` must be at most the {gpus} GPUs of a machine, got {per_machine} for this one"
            )
    elif sharded:
        # Accelerate would train a complete copy in each process, without a warning.
        raise ValueError(f"`accelerate_config` {accelerate_config!r} needs GPUs, and this machine has none")
    else:
        environment["ACCELERATE_USE_CPU"] = "true"
        if "OMP_NUM_THREADS" not in os.environ and settings.num_cpu_threads_per_process is None:
            settings.num_cpu_threads_per_process = max(1, cores() // per_machine)
    settings.num_processes, settings.num_machines = processes, machines
    # Set explicitly: for CPUs the launcher would start one process only, without a warning.
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
def _passing_on_signals() -> Iterator[set[int]]:
    """Passes signals on to the workers, which have sessions of their own, and yields the set of received ones."""
    import psutil

    received: set[int] = set()

    def pass_on(number: int, frame: FrameType | None) -> None:
        received.add(number)
        for process in psutil.Process().children():
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue

    before = {number: signal.signal(number, pass_on) for number in _PASSED_ON}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _failure(error: Any, output_dir: Path) -> Exception:
    """Returns one error for all processes: that of the first to fail, not of those that lost the connection to it."""
    from hf_causal.training.checkpoints import RESUME, list_checkpoints

    def order(failure: Any) -> tuple[bool, int]:
        ended_by_launcher = failure.exitcode == -signal.SIGTERM
        return _recorded_error(failure).startswith("ConnectionError") or ended_by_launcher, int(failure.timestamp)

    rank, failure = min(error.failures.items(), key=lambda item: order(item[1]))
    _, _, message = _recorded_error(failure).partition(": ")
    if failure.exitcode > 0 and message:
        return ValueError(message) if failure.exitcode == 2 else ChildProcessError(message)
    if failure.exitcode < 0:
        name = signal.Signals(-failure.exitcode).name
        reason = " (as the system does when memory runs out)" if name == "SIGKILL" else ""
        event = f"was killed by {name}{reason}"
    else:
        event = f"failed with status {failure.exitcode}, see its traceback above"
    kept = list_checkpoints(output_dir)
    advice = f"the last checkpoint is {str(kept[-1])!r}; {RESUME}" if kept else "there is no checkpoint yet"
    return ChildProcessError(f"process {rank} {event}, and the run has ended; {advice}")


def _recorded_error(failure: Any) -> str:
    """Returns the type and message of the error that a process recorded; empty if it recorded none."""
    recorded = failure.error_file_data["message"]
    return recorded["message"] if isinstance(recorded, dict) else ""


def _shipped():
    return resources.files("hf_causal") / "accelerate_configs"
