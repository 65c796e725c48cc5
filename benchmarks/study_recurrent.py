"""How far does a transformer come that sees tokens only? Recipe `axiom-recurrent`, and which prior buys which axis.

    python benchmarks/study_recurrent.py --list                       # the runs, and which are finished
    python benchmarks/study_recurrent.py --only recipe                # the recipe as it ships, three seeds
    python benchmarks/study_recurrent.py --limit 25                   # all of them, 25 questions of each cell
    python benchmarks/study_recurrent.py --render benchmarks/results/recurrent --page docs/results/recurrent.md

Every arm changes one thing of the recipe and takes fewer steps, all arms as many; `short` is the recipe with these
steps. Weights are chosen by in-family validation. Every run is scored on every axis and size of
`transitivity_generalization` and leaves one small JSON in `results/`. The same command resumes; several processes may
work on one folder.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study_positions import Study, run_study
from study_reports.recurrent import write_page

from hf_causal.training.recipe import Recipe, load_recipe

RECIPE = "axiom-recurrent"
SEEDS = (0, 1, 2)
ARM: dict[str, Any] = {"max_steps": 400, "model.max_loops": 64, "objective.drawn_questions": 2}
"""What all arms change, so that each takes a few minutes."""
ARMS: dict[str, dict[str, Any]] = {
    "short": {},
    "no-repetitions": {"objective.repeated": 0.0},
    "no-loops": {"model.num_loop_layers": 7, "model.training_loops": [1, 1], "model.max_loops": 1},
    "no-mentions": {"objective.mention_loss_weight": 0.0},
    "no-renaming": {"objective.renamed": 0.0},
    "softmax": {"model.attention_function": "softmax"},
    "directions": {"model.conv_kernel_size": 0, "model.directional_heads": 1},
    "no-injection": {"model.input_injection": False},
    "unmatched-keys": {"model.matched_keys": False},
    "no-noise": {"model.state_noise": 0.0},
    "shuffled": {"objective.shuffled": 0.5},
    "dull-matching": {
        "model.sharp_matching": False,
        "model.attention_function": "softmax",
        "model.initial_sink": 0.0,
    },
    "every-pair": {"objective.hop_balanced": False},
    "fixed-loops": {"model.training_loops": [7, 7]},
}
"""What each arm changes, the most telling ones first."""


@dataclass(frozen=True)
class RecurrentRun:
    """One training of the study."""

    arm: str
    seed: int

    @property
    def key(self) -> str:
        """Name by which the run is selected, such as `softmax/0`."""
        return f"{self.arm}/{self.seed}"

    @property
    def name(self) -> str:
        """Name of its files."""
        return self.key.replace("/", "-")

    corpus, config, data = "axiomatic", "transitivity_ts2", "ts2"
    evaluation = "transitivity_generalization"

    @property
    def fields(self) -> dict[str, Any]:
        """What its result says of the run."""
        return {"arm": self.arm, "seed": self.seed}

    def recipe(self, overrides: dict[str, Any]) -> Recipe:
        """Returns the recipe with the seed and the change of the run."""
        short = {} if self.arm == "recipe" else {**ARM, **ARMS[self.arm]}
        return load_recipe(RECIPE, {**short, "seed": self.seed, **overrides})


class RecurrentStudy(Study):
    """The folder of the study: models, results and the page that shows them."""

    folder = Path("runs/studies/recurrent")
    write_page = staticmethod(write_page)
    in_family_limit = 500


def all_runs() -> list[RecurrentRun]:
    """Returns the runs in their order: seed 0 of the recipe, the arms, then the other seeds of the recipe."""
    first, *others = (RecurrentRun("recipe", seed) for seed in SEEDS)
    return [first, *(RecurrentRun(arm, 0) for arm in ARMS), *others]


def main(arguments: list[str] | None = None) -> None:
    run_study(RecurrentStudy, all_runs(), __doc__, "softmax or recipe/1", arguments)


if __name__ == "__main__":
    sys.exit(main())
