"""Replies of language models, kept on disk as they arrive, so that no model is asked the same question twice."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import constants

from hf_causal.utils.locks import lock
from hf_causal.utils.progress import Advance

Reply = dict[str, Any]
"""The reply of a model: its `text`, or the log-likelihoods of `yes` and `no`."""

Ask = Callable[[dict[str, Any]], Iterator[dict[str, Reply]]]
"""From questions by key to replies by key, in batches of any size."""


def digest(value: Any) -> str:
    """Returns the SHA-256 of a value as JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


class ReplyCache:
    """A file of JSON lines, one a reply; the first line describes the model and the form of the questions.

    Replies are only ever appended, and are on the disk when [`add`] returns, so that a killed process loses no earlier
    reply. Of several processes with the same file one asks at a time, and the others use its replies.

    A request that is under way when the process is killed may be paid for without its reply being kept: at most as
    many as there are requests at the same time.

    Args:
        folder (`str` or `Path`, *optional*): Folder of the file; inside the cache of `huggingface_hub` if not given.
        about (mapping): Everything that replies depend on in addition to the question; its digest is the file's name.

    Raises:
        `NotADirectoryError`: If `folder` is a file.
    """

    def __init__(self, folder: str | Path | None, about: Mapping[str, Any]):
        folder = Path(folder) if folder is not None else Path(constants.HF_HOME) / "hf_causal" / "answers"
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(f"`answers` must be a folder, {str(folder)!r} is a file")
        self.path = folder / f"{digest(about)[:24]}.jsonl"
        self._about = dict(about)
        self._lock = threading.Lock()
        self._replies: dict[str, Reply] = {}
        self._ends_with_newline = True
        self._read()

    @property
    def has_text(self) -> bool:
        """Whether any reply has a text."""
        return any(reply.get("text") is not None for reply in self._replies.values())

    def __len__(self) -> int:
        return len(self._replies)

    def _read(self) -> None:
        if not self.path.is_file():
            return
        content = self.path.read_text(encoding="utf-8", errors="replace")
        self._ends_with_newline = content.endswith("\n") or not content
        for line in content.splitlines():
            try:
                entry = json.loads(line)
                self._replies[entry.pop("key")] = entry
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                continue  # the first line, or a line that a killed process left incomplete

    def add(self, replies: Mapping[str, Reply]) -> None:
        """Appends replies, by the key of their question; questions that have a reply keep it."""
        with self._lock:
            lines = [json.dumps({"key": key, **reply}) for key, reply in replies.items() if key not in self._replies]
            if not lines:
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self.path.is_file():
                lines.insert(0, json.dumps({"about": self._about}))
            self._append(("" if self._ends_with_newline else "\n") + "".join(f"{line}\n" for line in lines))
            self._ends_with_newline = True
            self._replies.update(replies)

    def _append(self, text: str) -> None:
        """Writes a text to the disk, all of it.

        Raises:
            `OSError`: If the disk is full or cannot be written, with the path.
        """
        content = text.encode()
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            while content:
                written = os.write(file, content)
                content = content[written:]
                self._ends_with_newline = False  # until all of it is written
            os.fsync(file)
        except OSError as error:
            raise OSError(error.errno, f"cannot keep a reply: {error.strerror}", str(self.path)) from error
        finally:
            os.close(file)

    def complete(self, questions: Sequence[Any], ask: Ask, progress: Advance | None = None) -> list[Reply]:
        """Returns the replies to all questions; those without one in the cache are asked, each once.

        Args:
            questions (sequence): Any values that can be written as JSON.
            ask (callable): See `Ask`.
            progress (callable, *optional*): Called with the number of questions answered since the last call.
        """
        keys = [digest(question) for question in questions]
        missing = {key: question for key, question in zip(keys, questions, strict=True) if key not in self._replies}
        if progress and len(missing) < len(keys):
            progress(len(keys) - len(missing))
        if missing:
            self._ask(missing, ask, progress or (lambda count: None))
        return [self._replies[key] for key in keys]

    def _ask(self, missing: dict[str, Any], ask: Ask, progress: Advance) -> None:
        """Asks for missing replies, those that another process is asking for after it has ended."""
        with lock(self.path.with_name(f".{self.path.stem}.lock"), waiting=self._say_waiting):
            self._read()
            if answered := [key for key in missing if key in self._replies]:
                progress(len(answered))
            missing = {key: question for key, question in missing.items() if key not in self._replies}
            for replies in ask(missing) if missing else ():
                self.add(replies)
                progress(len(replies))

    def _say_waiting(self) -> None:
        sys.stderr.write(f"another evaluation asks this model; waiting for its replies in {self.path}\n")
