"""How invariant an estimated matrix is: its distances to the invariant one and to what pooling environments finds."""

# Written by `make spaces` from `spaces/metric_sources/invariance.yaml`.

import datasets
import evaluate
import numpy as np

from hf_causal.systems.heterogeneity.sensing import invariance_scores

_DESCRIPTION = """
How near estimates of a matrix are to the part that is the same in all environments, and to the sum of that part and
the mean of the parts that differ, which is what pooling the environments estimates.
"""

_KWARGS_DESCRIPTION = """
Args:
    predictions (`list[list[list[float]]]`): Estimates S, symmetric (d, d) matrices.
    references (`list[list[list[float]]]`): The invariant matrix A* of each.
    spurious (`list[list[list[list[float]]]]`): For each, the matrix A(e) of every environment.

Returns:
    `dict`: `n`, and means over the estimates, in Frobenius norms: `to_invariant`, |S - A*| / |A*|; `to_pooled`,
    |S - A* - mean A(e)| / |A* + mean A(e)|; `spurious_energy`, |P S P| / |A*| with P the projection on the range of
    all A(e) outside that of A*; `other_energy`, the same on what is orthogonal to both; and `rank`, the eigenvalues of
    S above a tenth of the largest one of A*.

Example:

    >>> import evaluate
    >>> metric = evaluate.load("invariance")
    >>> cause, habit = [[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]
    >>> metric.compute(predictions=[cause], references=[cause], spurious=[[habit]])["to_invariant"]
    0.0
"""

_CITATION = """
@inproceedings{xu2024implicit,
  title = {The Implicit Bias of Heterogeneity towards Invariance: A Study of Multi-Environment Matrix Sensing},
  author = {Xu, Yang and Gu, Yihong and Fang, Cong},
  booktitle = {Advances in Neural Information Processing Systems},
  year = {2024},
  note = {arXiv 2403.01420}
}
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS_DESCRIPTION)
class Invariance(evaluate.Metric):
    def _info(self):
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_KWARGS_DESCRIPTION,
            features=datasets.Features(
                {
                    "predictions": datasets.List(datasets.List(datasets.Value("float64"))),
                    "references": datasets.List(datasets.List(datasets.Value("float64"))),
                    "spurious": datasets.List(datasets.List(datasets.List(datasets.Value("float64")))),
                }
            ),
        )

    def _compute(self, predictions, references, spurious):
        if not predictions:
            raise ValueError("`predictions` must have at least one matrix, got none")
        scores = [
            invariance_scores(*map(np.array, matrices))
            for matrices in zip(predictions, references, spurious, strict=True)
        ]
        means = {name: float(np.mean([score[name] for score in scores])) for name in scores[0]}
        return {"n": len(scores), **means}
