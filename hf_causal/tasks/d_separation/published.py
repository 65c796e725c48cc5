"""Published accuracies on d-separation, by number of nodes.

Source: the logs released with the later versions of arXiv 2407.07612 (AniketVashishtha/Causal_Axioms, commit fbddd14).
The questions are those of the paper's own evaluation files; the family is the same as that of
`d_separation_generalization`.
"""

from __future__ import annotations

from hf_causal.tasks.shared.published import Curves

CURVES: Curves = {
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
