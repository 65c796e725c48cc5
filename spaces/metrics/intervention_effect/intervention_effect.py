"""Predicted effects of interventions against the true ones, compared with conditioning."""

# Written by `make spaces` from `spaces/metric_sources/intervention_effect.yaml`.

import datasets
import evaluate

from hf_causal.systems.interventions.metric import score_interventions

_DESCRIPTION = """
How well P(Y | do X) is predicted: the mean absolute error compared with that of the naive answer P(Y | X), and the
share of pairs in which the predicted change from P(Y | X) has the sign of the true one.
"""

_KWARGS_DESCRIPTION = """
Args:
    predictions (`list[float]`): P(Y | do X) as predicted, one for each pair.
    references (`list[float]`): The true P(Y | do X).
    observed (`list[float]`): P(Y | X).
    tolerance (`float`, defaults to 0.01): A change of at most this size has no sign.

Returns:
    `dict`: `n`, `mean_absolute_error`, `mean_absolute_error_stderr`, `naive_mean_absolute_error`, `error_removed`,
    `n_changed`, `sign_agreement` and `sign_agreement_stderr`.

Example:

    >>> import evaluate
    >>> metric = evaluate.load("intervention_effect")
    >>> scores = metric.compute(predictions=[0.3, 0.2], references=[0.3, 0.4], observed=[0.1, 0.6])
    >>> scores["mean_absolute_error"], scores["sign_agreement"]
    (0.1, 1.0)
"""

_CITATION = """
@inproceedings{wang2020visual,
  title = {Visual Commonsense {R-CNN}},
  author = {Wang, Tan and Huang, Jianqiang and Zhang, Hanwang and Sun, Qianru},
  booktitle = {Conference on Computer Vision and Pattern Recognition},
  year = {2020},
  note = {arXiv 2002.12204; the comparison of P(Y | X) and P(Y | do X) for objects in images}
}
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS_DESCRIPTION)
class InterventionEffect(evaluate.Metric):
    def _info(self):
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_KWARGS_DESCRIPTION,
            features=datasets.Features(
                {
                    "predictions": datasets.Value("float64"),
                    "references": datasets.Value("float64"),
                    "observed": datasets.Value("float64"),
                }
            ),
        )

    def _compute(self, predictions, references, observed, tolerance=0.01):
        return score_interventions(list(predictions), list(references), list(observed), tolerance)
