"""Published F1 of Yes and accuracies on correlation to causation.

Source: arXiv 2306.05836, on the first version of its test split.
"""

from __future__ import annotations

from collections.abc import Mapping

from hf_causal.tasks.shared.published import F1AndAccuracy

F1_OF_YES: Mapping[str, F1AndAccuracy] = {
    "GPT-4 (published)": (0.2908, 0.6460),
    "GPT-3.5 (published)": (0.2169, 0.6946),
    "BART MNLI (published)": (0.3338, 0.7850),
    "RoBERTa-Large MNLI, fine-tuned (published)": (0.9474, None),
    "RoBERTa-Large MNLI, fine-tuned, paraphrased test (published)": (0.5545, None),
    "RoBERTa-Large MNLI, fine-tuned, renamed test (published)": (0.6787, None),
}
