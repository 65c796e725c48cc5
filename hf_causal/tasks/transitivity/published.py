"""Published accuracies on transitivity, by number of nodes.

Source: arXiv 2407.07612, version 1, as transcribed in the public repository inquisitour/axiomatization-learning
(`results.py`, commit 66d69113). The questions are those of the paper's own evaluation files; the families are the same
as those of `transitivity_generalization`. No figures by size were found in print for `flipped` and `long_names`.
"""

from __future__ import annotations

from hf_causal.tasks.shared.published import Curves

CURVES: Curves = {
    "TS2 NoPE 67M (published)": {
        ("sequential", None): dict(
            zip(range(7, 16), (1.0, 0.99, 0.92, 0.88, 0.86, 0.95, 0.96, 0.81, 0.85), strict=True)
        ),
        ("reversed", None): dict(zip(range(3, 7), (0.99, 0.99, 0.95, 0.94), strict=True)),
        ("branching", 1.4): dict(zip((5, 8, 10, 12), (0.86, 0.77, 0.74, 0.70), strict=True)),
        ("branching", 2.0): dict(zip((5, 8, 10, 12), (0.83, 0.74, 0.69, 0.64), strict=True)),
        # The repository files these numbers under node names; other sources attribute them to the paper's table of
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
