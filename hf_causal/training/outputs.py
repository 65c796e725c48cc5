"""The files of a run: the best weights so far, and at the end a complete model folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate.utils import clean_state_dict_for_safetensors
from safetensors.torch import load_model, save_file
from torch import nn

from hf_causal.artifacts import SUMMARY_FILE
from hf_causal.cards.model_card import write_model_card
from hf_causal.models import make_model
from hf_causal.training.checkpoints import BEST, RESUME, WRITE_ERRORS, free_space
from hf_causal.training.distributed import broadcast_from_main
from hf_causal.training.recipe import Recipe
from hf_causal.utils.files import write_json


@dataclass(frozen=True)
class TrainingResult:
    """The end of a run."""

    output_dir: Path
    steps: int
    total_steps: int
    best_value: float
    """In-family validation accuracy of the saved weights, or loss; see `measure`."""
    best_step: int
    seconds: float
    """Time spent in training steps, over all parts of an interrupted run."""
    measure: str = "accuracy"
    """Measure on the validation split, `accuracy` or `loss`."""

    def describe(self) -> str:
        """Returns one sentence for the user."""
        if self.steps < self.total_steps:
            return f"Stopped at step {self.steps} of {self.total_steps}; {RESUME}."
        return (
            f"Model in {self.output_dir}: in-family validation {self.measure} {self.best_value:.4f} "
            f"(step {self.best_step} of {self.total_steps}, {self.seconds / 60:.1f} min of training)."
        )


def save_best(accelerator: Any, model: nn.Module, output_dir: Path) -> None:
    """Saves the weights as the best so far. All processes call it, since each may hold a part of them.

    Raises:
        `OSError`: If they cannot be written; the earlier best weights are intact.
    """
    weights = accelerator.get_state_dict(model)
    best = output_dir / "checkpoints" / BEST

    def write() -> None:
        best.parent.mkdir(parents=True, exist_ok=True)
        partial = best.with_suffix(".partial")
        try:
            save_file(clean_state_dict_for_safetensors(dict(weights)), str(partial), metadata={"format": "pt"})
            partial.replace(best)
        except WRITE_ERRORS as error:
            partial.unlink(missing_ok=True)
            raise OSError(
                f"{BEST} could not be written to {str(best.parent)!r}: {error}. {free_space(best.parent)}; free some "
                f"space and {RESUME}"
            ) from error

    broadcast_from_main(accelerator, write)


def write_model(recipe: Recipe, tokenizer: Any, output_dir: Path, summary: dict[str, Any]) -> None:
    """Writes the model folder with the best weights, in a temporary folder first, so that no half of it appears.

    Args:
        recipe ([`Recipe`]): The recipe.
        tokenizer (`PreTrainedTokenizerBase`): The model's, if it has one.
        output_dir (`Path`): The model folder, with `checkpoints/best.safetensors`.
        summary (`dict`): Description of the run on the card.

    Raises:
        `OSError`: If it cannot be written; the run can then be resumed to write it.
    """
    # A new model on the CPU, since the trained one may be distributed over machines.
    model = make_model(recipe.model_type, recipe.model, tokenizer, recipe.attn_implementation)
    load_model(model, str(output_dir / "checkpoints" / BEST))
    partial = output_dir / ".model.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        model.save_pretrained(partial)
        if tokenizer is not None:
            tokenizer.save_pretrained(partial)
        for path in sorted(partial.iterdir()):
            path.replace(output_dir / path.name)
    except WRITE_ERRORS as error:
        raise OSError(
            f"the model could not be written to {str(output_dir)!r}: {error}. {free_space(output_dir)}; free some "
            f"space and {RESUME}"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    write_json(output_dir / SUMMARY_FILE, summary)
    write_model_card(output_dir)
