"""An exact answer, and the certificates that prove it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from hf_causal.reading import tasks
from hf_causal.reading.reading import Reading


@dataclass(frozen=True)
class Evidence:
    """One question of a task, its exact answer and the certificate that proves it; all with short names."""

    answer: str
    """`"Yes"` or `"No"`."""
    certificate: str
    """JSON."""
    write: Callable[[], tuple[str, str]] = field(repr=False, compare=False)
    """Returns the task and the prompt; a list of a hundred members has a hundred prompts that nobody may look at."""
    names: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    """From short name to the name of the text."""

    @cached_property
    def task(self) -> str:
        """The name of the task."""
        return self.write()[0]

    @cached_property
    def prompt(self) -> str:
        """The canonical prompt."""
        return self.write()[1]

    def check(self) -> None:
        """Raises an error unless the certificate proves the answer."""
        tasks.check({"prompt": self.prompt, "completion": self.answer, "certificate": self.certificate})


@dataclass(frozen=True)
class Answer:
    """The exact answer to a question, in the names of its text."""

    reading: Reading
    answer: str
    """`"Yes"`, `"No"`, `"Unknown"` for a direction that the statements leave open, `"No set"` where no adjustment
    set is valid, `""` for lists and paths."""
    text: str
    """A sentence in the language of the question."""
    members: tuple[str, ...] = ()
    paths: tuple[tuple[str, ...], ...] = ()
    proofs: tuple[Evidence, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Returns what was read, the answer and its proofs as JSON has them."""
        asked = self.reading.question
        return {
            "answer": self.answer,
            "text": self.text,
            "members": list(self.members),
            "paths": [list(path) for path in self.paths],
            "kind": asked.kind,
            "asked": list(asked.names),
            "given": list(asked.given),
            "language": self.reading.language,
            "read_as": self.reading.restated,
            "hidden": [list(pair) for pair in self.reading.hidden],
            "unobserved": list(self.reading.latent),
            "statements": [
                {"cause": one.cause, "effect": one.effect, "sign": one.sign} for one in self.reading.statements
            ],
            "proofs": [
                {
                    "task": proof.task,
                    "prompt": proof.prompt,
                    "answer": proof.answer,
                    "certificate": json.loads(proof.certificate),
                    "names": proof.names,
                }
                for proof in self.proofs
            ],
        }
