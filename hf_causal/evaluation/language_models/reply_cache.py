"""Replies of language models, kept on disk as they arrive, so that no model is asked the same question twice."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import constants

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

    Replies are only ever appended, each in one write, so that a killed process loses no earlier reply and several
    processes may share a file.

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
        if self.path.is_file():
            self._read()

    def __len__(self) -> int:
        return len(self._replies)

    def _read(self) -> None:
        content = self.path.read_text(encoding="utf-8", errors="replace")
        self._ends_with_newline = content.endswith("\n") or not content
        for line in content.splitlines():
            try:
                entry = json.loads(line)
                self._replies[entry.pop("key")] = entry
            except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
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
        # One write with O_APPEND, so that lines of several processes do not mix.
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, text.encode())
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
        for replies in ask(missing) if missing else ():
            self.add(replies)
            if progress:
                progress(len(replies))
        return [self._replies[key] for key in keys]
