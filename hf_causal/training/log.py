"""The log of a run: JSON lines, trackers, and the progress bar."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hf_causal.training.validation import ValidationResult
from hf_causal.utils.files import append_lines, write_text


class TrainingLog:
    """Appends entries to the log of a run, one JSON object a line. Resuming drops lines that will be written again.

    Args:
        path (`Path`): The log file.
        resume_at (`int`): The last step of the checkpoint; later lines are dropped.
    """

    def __init__(self, path: Path, resume_at: int):
        self.path = path
        kept = []
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    entry = json.loads(line)
                except json.JSONDecodeError:  # the last line of a run that was killed while writing it
                    continue
                if entry["step"] <= resume_at:
                    kept.append(line)
        write_text(path, "".join(f"{line}\n" for line in kept))

    def write(self, **entry: Any) -> None:
        """Appends one entry; raises `OSError` if the disk is full."""
        append_lines(self.path, [json.dumps(entry)])


class Reporter:
    """Reports losses and validations of the main process to the log, the trackers and the progress bar.

    Args:
        log ([`TrainingLog`]): The log file.
        accelerator (`Accelerator`): With the trackers.
        bar (`tqdm`): The progress bar.
    """

    def __init__(self, log: TrainingLog, accelerator: Any, bar: Any):
        self.log, self.accelerator, self.bar = log, accelerator, bar

    def training(self, step: int, values: dict[str, float]) -> None:
        """Reports the means since the last report: `loss`, `accuracy`, `examples_per_second` and others."""
        self.bar.set_postfix(loss=f"{values['loss']:.4f}", accuracy=f"{values['accuracy']:.4f}",
                             examples_per_s=f"{values['examples_per_second']:.0f}")  # fmt: skip
        self._record(step, "train", values)

    def validation(
        self, step: int, mean: ValidationResult, results: dict[str, ValidationResult], measure: str
    ) -> None:
        """Reports a validation; with several configs, the accuracy of each too."""
        several = results if len(results) > 1 else {}
        details = "".join(f", {config} {result.accuracy:.4f}" for config, result in several.items())
        value, unit = (mean.accuracy, "questions") if measure == "accuracy" else (mean.loss, "rows")
        self.bar.write(f"step {step}: in-family validation {measure} {value:.4f} on {mean.questions} {unit}{details}")
        each = {f"accuracy/{config}": result.accuracy for config, result in several.items()}
        self._record(step, "validation", {**mean._asdict(), **each})

    def not_finite(self, batch: dict[str, Any]) -> None:
        """Records the batch whose loss is not finite."""
        self.log.write(kind="not_finite", **batch)

    def _record(self, step: int, kind: str, values: dict[str, float]) -> None:
        self.log.write(step=step, kind=kind, **values)
        self.accelerator.log({f"{kind}/{name}": value for name, value in values.items()}, step=step)
