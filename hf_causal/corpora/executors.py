"""Runs the shards of a build in this process, in processes of this machine, or on a Ray cluster."""

from __future__ import annotations

import importlib.util
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from threading import Thread
from typing import Any

ENGINES = ("local", "ray")

Job = tuple[str, int]
"""Split and shard."""

_PATIENCE = 0.2
"""Seconds between two polls of a cluster."""


@dataclass(frozen=True)
class Engine:
    """Runs shards; their content is the same with every engine.

    Args:
        name (`str`, defaults to `"local"`): `local` for processes of this machine, `ray` for tasks of a Ray cluster.
        num_proc (`int`, defaults to 1): Processes of this machine; an existing cluster uses all of its own.
        ray_address (`str`, *optional*): Of the cluster to join, `auto` on one of its machines. Without it (and without
            `RAY_ADDRESS` in the environment) Ray starts on this machine alone.

    Raises:
        `ValueError`: For an unknown engine, one that is not installed, or options that do not go together.
    """

    name: str = "local"
    num_proc: int = 1
    ray_address: str | None = None

    def __post_init__(self) -> None:
        if self.name not in ENGINES:
            raise ValueError(f"`engine` must be one of {', '.join(ENGINES)}, got {self.name!r}")
        if self.num_proc < 1:
            raise ValueError(f"`num_proc` must be at least 1, got {self.num_proc}")
        if self.ray_address and self.name != "ray":
            raise ValueError(f"`ray_address` {self.ray_address!r} needs `engine` 'ray', got {self.name!r}")
        if self.name == "ray" and importlib.util.find_spec("ray") is None:
            raise ValueError("`engine` 'ray' is not installed: pip install 'hf-causal[ray]'")

    @property
    def leaves_this_process(self) -> bool:
        """Whether shards are written by other processes than this one."""
        return self.name != "local" or self.num_proc > 1

    def run(self, function: Callable[[str, int], Any], jobs: Iterable[Job]) -> Iterator[tuple[Job, Any]]:
        """Calls a function with every job and yields each job with its result, in the order in which they finish."""
        jobs = list(jobs)
        if not jobs:
            return iter(())
        if self.name == "ray":
            return _run_on_ray(function, jobs, self.num_proc, self.ray_address)
        return _run_in_pool(function, jobs, self.num_proc) if self.num_proc > 1 else _run_here(function, jobs)


def _run_here(function: Callable[[str, int], Any], jobs: list[Job]) -> Iterator[tuple[Job, Any]]:
    for job in jobs:
        yield job, function(*job)


def _run_in_pool(function: Callable[[str, int], Any], jobs: list[Job], num_proc: int) -> Iterator[tuple[Job, Any]]:
    # Forked children would inherit the locks of whatever threads this process runs.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(num_proc, len(jobs)), context, initializer=_end_with_parent) as pool:
        futures = {pool.submit(function, *job): job for job in jobs}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _end_with_parent() -> None:
    """Ends a worker when its parent dies: it would wait for work forever, or write into the resumed build."""
    parent = multiprocessing.parent_process()
    if parent is not None:

        def watch() -> None:
            parent.join()
            os._exit(1)

        Thread(target=watch, daemon=True).start()


def _run_on_ray(
    function: Callable[[str, int], Any], jobs: list[Job], num_proc: int, address: str | None
) -> Iterator[tuple[Job, Any]]:
    import ray
    from ray.exceptions import RayTaskError

    ours = not ray.is_initialized()
    if ours:
        _start_ray(num_proc, address)
    pending: dict[Any, Job] = {}
    try:
        shared = ray.put(function)
        # Spread: generation is the same work on every machine, and each writes where it is.
        task = ray.remote(num_cpus=1, scheduling_strategy="SPREAD")(_call)
        pending = {task.remote(shared, *job): job for job in jobs}
        while pending:
            ready, _ = ray.wait(list(pending), num_returns=len(pending), timeout=_PATIENCE)
            for result in ready:
                yield pending.pop(result), ray.get(result)
    except RayTaskError as error:
        raise error.cause from None  # the error itself, without the traceback of Ray
    finally:
        for result in pending:
            ray.cancel(result)
        if ours:
            ray.shutdown()


def _call(function: Callable[[str, int], Any], split: str, shard: int) -> Any:
    return function(split, shard)


def _start_ray(num_proc: int, address: str | None) -> None:
    import ray
    from ray.exceptions import RpcError

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    address = address or os.environ.get("RAY_ADDRESS")
    if address and address != "local":
        try:
            ray.init(address=address, **quiet)
        except (ConnectionError, RpcError) as error:
            raise ValueError(f"`ray_address` {address!r} is no running Ray cluster: {error}") from error
    else:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(address="local", num_cpus=num_proc, include_dashboard=False, **quiet)
