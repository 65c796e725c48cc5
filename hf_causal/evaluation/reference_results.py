"""Published results to draw beside a model's, as accuracy by number of nodes.

Transitivity: arXiv 2407.07612, version 1, as transcribed in the public repository inquisitour/axiomatization-learning
(`results.py`, commit 66d69113). d-separation: the logs that are released with the later versions of that paper
(AniketVashishtha/Causal_Axioms, commit fbddd14). Correlation to causation: arXiv 2306.05836, on the first version of
its test split. The questions are those of the papers' own evaluation files, not of the corpora here; the families are
the same.
"""

from __future__ import annotations

from typing import Any

Panel = tuple[str, float | None]
"""(split, branching factor or None)."""

Rows = dict[str, dict[Panel, dict[int, float]]]
"""From the name of a row to its accuracies, by panel and number of nodes."""

_TRANSITIVITY: Rows = {
    "TS2 NoPE 67M (published)": {
        ("sequential", None): dict(
            zip(range(7, 16), (1.0, 0.99, 0.92, 0.88, 0.86, 0.95, 0.96, 0.81, 0.85), strict=True)
        ),
        ("reversed", None): dict(zip(range(3, 7), (0.99, 0.99, 0.95, 0.94), strict=True)),
        ("branching", 1.4): dict(zip((5, 8, 10, 12), (0.86, 0.77, 0.74, 0.70), strict=True)),
        ("branching", 2.0): dict(zip((5, 8, 10, 12), (0.83, 0.74, 0.69, 0.64), strict=True)),
        # The repository files these numbers under node names; other sources place them in the paper's table of
        # shuffled and flipped chains, which is how they are drawn here.
        ("shuffled", None): dict(zip(range(3, 10), (1.0, 0.95, 0.87, 0.84, 0.79, 0.76, 0.73), strict=True)),
    },
    "GPT-4 (published)": {
        ("sequential", None): dict(
            zip(range(7, 16), (0.95, 0.97, 0.87, 0.91, 0.90, 0.92, 0.85, 0.93, 0.89), strict=True)
        ),
        ("reversed", None): dict(zip(range(3, 7), (0.97, 0.99, 0.98, 0.92), strict=True)),
        ("branching", 1.4): dict(zip((5, 8, 10, 12), (0.95, 0.90, 0.88, 0.86), strict=True)),
        ("branching", 2.0): dict(zip((5, 8, 10, 12), (0.98, 0.91, 0.84, 0.82), strict=True)),
        ("shuffled", None): dict(zip(range(3, 10), (0.99, 0.97, 0.89, 0.85, 0.95, 0.90, 0.90), strict=True)),
    },
}
# No flipped or long-name figures by size were found in print.

_D_SEPARATION: Rows = {
    "Llama-3-8B-Instruct, LoRA on 175k axioms (published)": {
        ("flipped", None): dict(
            zip(range(7, 16), (0.952, 0.948, 0.954, 0.850, 0.870, 0.880, 0.734, 0.662, 0.560), strict=True)
        ),
    },
    "Llama-3-8B-Instruct (published)": {
        ("flipped", None): dict(
            zip(range(7, 16), (0.516, 0.502, 0.544, 0.510, 0.482, 0.514, 0.530, 0.512, 0.514), strict=True)
        ),
    },
}

PUBLISHED: dict[str, Rows] = {
    "transitivity_generalization": _TRANSITIVITY,
    "d_separation_generalization": _D_SEPARATION,
}
"""From config to the name of a row to its accuracies."""

PUBLISHED_DETECTION: dict[str, dict[str, tuple[float, float | None]]] = {
    "corr2cause": {
        "GPT-4 (published)": (0.2908, 0.6460),
        "GPT-3.5 (published)": (0.2169, 0.6946),
        "BART MNLI (published)": (0.3338, 0.7850),
        "RoBERTa-Large MNLI, fine-tuned (published)": (0.9474, None),
        "RoBERTa-Large MNLI, fine-tuned, paraphrased test (published)": (0.5545, None),
        "RoBERTa-Large MNLI, fine-tuned, renamed test (published)": (0.6787, None),
    }
}
"""From corpus to the name of a row to the F1 of Yes and the accuracy, where it was found in print."""


def published_rows(scores: dict[str, Any]) -> Rows:
    """The rows that belong beside the scores of a config."""
    return PUBLISHED.get(scores.get("config") or "", {})
