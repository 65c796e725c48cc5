"""How much of latent causal graphs attention maps recover."""

# Written by `make spaces` from `spaces/metric_sources/graph_recovery.yaml`.

import datasets
import evaluate

from hf_causal.systems.sequences.metric import THRESHOLD, score_recovery

_DESCRIPTION = """
How much of latent causal graphs attention maps recover: the weight on true parents, and precision, recall, F1 and
structural Hamming distance of the edges that can be read from it.
"""

_KWARGS_DESCRIPTION = """
Args:
    predictions (`list[list[list[list[float]]]]`): For each graph its attention, (heads, length, length), by query and
        key, with rows that add up to 1.
    references (`list[list[list[int]]]`): For each graph the parents of every position, which come before it.
    threshold (`float`): An edge is read where a head gives an earlier position more than this; 0.5 by default.

Returns:
    `dict`: `num_edges`, `num_found`, `mean_weight`, `min_weight`, `uniform_weight`, `precision`, `recall`, `f1` and
    `hamming_distance` over the edges of all graphs, and `graphs`, a list with the same for each graph, `top_parents`
    and `positions`.

Example:

    >>> import evaluate
    >>> metric = evaluate.load("graph_recovery")
    >>> attention = [[1, 0, 0], [0.9, 0.1, 0], [0.3, 0.6, 0.1]]
    >>> scores = metric.compute(predictions=[[attention]], references=[[[], [0], [0]]])
    >>> scores["precision"], scores["hamming_distance"]
    (0.5, 2)
"""

_CITATION = """
@inproceedings{nichani2024transformers,
  title = {How Transformers Learn Causal Structure with Gradient Descent},
  author = {Nichani, Eshaan and Damian, Alex and Lee, Jason D.},
  booktitle = {International Conference on Machine Learning},
  year = {2024},
  note = {arXiv 2402.14735; the weight of attention on true parents}
}
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS_DESCRIPTION)
class GraphRecovery(evaluate.Metric):
    def _info(self):
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_KWARGS_DESCRIPTION,
            features=datasets.Features(
                {
                    "predictions": datasets.List(datasets.List(datasets.List(datasets.Value("float64")))),
                    "references": datasets.List(datasets.List(datasets.Value("int64"))),
                }
            ),
        )

    def _compute(self, predictions, references, threshold=THRESHOLD):
        return score_recovery(list(predictions), list(references), threshold)
