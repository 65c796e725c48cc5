"""Processes that read questions and lay out graphs, each within a time limit.

A thread cannot be ended, and a regular expression or a compiled library holds the interpreter while it runs; a process
can. Until [`start`] is called, the functions run in the process that calls them.
"""

from __future__ import annotations

import queue
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from hf_causal.demo.limits import MAX_MEMORY_BYTES, MAX_WAITING, READING_PROCESSES, READING_SECONDS, Busy, TooMuch

STARTING_SECONDS = 120
"""Time that a process has to import what it needs."""


def _read_question(premises: str, question: str) -> Any:
    from hf_causal.demo.questions import read_question

    return read_question(premises, question)


def _lay_out(*arguments: Any) -> Any:
    from hf_causal.demo.layout import run_graphviz

    return run_graphviz(*arguments)


def _judge_reply(*arguments: Any) -> Any:
    from hf_causal.demo.checking import judge_in_process

    return judge_in_process(*arguments)


def _put_to_model(*arguments: Any) -> Any:
    from hf_causal.demo.checking import put_in_process

    return put_in_process(*arguments)


def _draw_question(*arguments: Any) -> Any:
    from hf_causal.demo.checking import draw_in_process

    return draw_in_process(*arguments)


def _prepare() -> None:
    """Imports the reader and what makes rows, and compiles the layout engine."""
    import hf_causal.corpora.create  # noqa: F401

    _read_question("a causes b", "Does a cause b?")
    _lay_out(("a", "b"), (("a", "b"),), frozenset(), "LR")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "read_question": _read_question,
    "lay_out": _lay_out,
    "judge_reply": _judge_reply,
    "put_to_model": _put_to_model,
    "draw_question": _draw_question,
}


class Worker:
    """One process, which answers one call at a time."""

    def __init__(self) -> None:
        here, there = socket.socketpair()
        with there:
            command = [sys.executable, "-m", "hf_causal.demo.workers", str(there.fileno())]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[there.fileno()])
        self.connection: Connection = Connection(here.detach())
        self._is_ready = False

    def call(self, name: str, arguments: tuple[Any, ...], seconds: float) -> Any:
        """Returns what a function of [`FUNCTIONS`] returns, or raises what it raises.

        Raises:
            [`TooMuch`]: If it takes too long or too much memory; then the process is ended.
        """
        try:
            if not self._is_ready:
                self._receive(STARTING_SECONDS)
                self._is_ready = True
            self.connection.send((name, arguments))
            return self._receive(seconds)
        except (OSError, EOFError) as error:
            self.end()
            raise TooMuch(f"this cannot be worked out within {seconds} seconds; write less") from error

    def _receive(self, seconds: float) -> Any:
        if not self.connection.poll(seconds):
            raise TimeoutError
        is_right, value = self.connection.recv()
        if is_right:
            return value
        raise value

    def end(self) -> None:
        """Ends the process."""
        self.process.kill()
        self.process.wait()
        self.connection.close()


class Pool:
    """Some workers; a call waits for one that is free."""

    def __init__(self, size: int = READING_PROCESSES):
        self._free: queue.LifoQueue[Worker] = queue.LifoQueue()
        self._lock, self._waiting = threading.Lock(), 0
        self.workers = [Worker() for _ in range(size)]
        for worker in self.workers:
            self._free.put(worker)

    def call(self, name: str, *arguments: Any, seconds: float = READING_SECONDS) -> Any:
        """Calls a function in one of the workers.

        Raises:
            [`TooMuch`]: If it takes too long.
            [`Busy`]: If too many calls are waiting.
        """
        with self._lock:
            if self._waiting >= MAX_WAITING:
                raise Busy("the page is busy; ask again in a minute")
            self._waiting += 1
        worker = self._free.get()
        try:
            return worker.call(name, arguments, seconds)
        finally:
            self._free.put(self._alive(worker))
            with self._lock:
                self._waiting -= 1

    def _alive(self, worker: Worker) -> Worker:
        """Returns the worker, or a new one where its process has ended."""
        if worker.process.poll() is None and not worker.connection.closed:
            return worker
        fresh = Worker()
        self.workers[self.workers.index(worker)] = fresh
        return fresh

    def end(self) -> None:
        """Ends all processes."""
        for worker in self.workers:
            worker.end()


_POOL: Pool | None = None
_STARTING = threading.Lock()


def start() -> None:
    """Starts the processes that [`call`] uses from now on."""
    global _POOL
    with _STARTING:
        _POOL = _POOL or Pool()


def call(name: str, *arguments: Any) -> Any:
    """Calls a function of [`FUNCTIONS`] within the time limit; raises what it raises and what [`Pool.call`] does."""
    return FUNCTIONS[name](*arguments) if _POOL is None else _POOL.call(name, *arguments)


def serve(connection: Connection) -> None:
    """Says that it is ready, and answers calls until the other end is closed."""
    with suppress(EOFError, OSError):
        connection.send((True, "ready"))
        while True:
            connection.send(_reply(*connection.recv()))


def _reply(name: str, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    """Returns whether a function succeeded, and what it returned or raised."""
    try:
        return True, FUNCTIONS[name](*arguments)
    except (MemoryError, RecursionError):
        return False, TooMuch("this takes more memory than the page has for it; write less")
    except Exception as error:  # it is raised again by the caller
        return False, error


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Not RLIMIT_AS: the layout engine reserves addresses that it does not use.
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    _prepare()
    serve(Connection(int(sys.argv[1])))
