"""Accuracy of Yes-or-No answers per cell and per split, with n, standard error and chance-centred accuracy."""

# Written by `make spaces` from `spaces/metric_sources/generalization_accuracy.yaml`.

import datasets
import evaluate

from hf_causal.evaluation.scores import score_splits

_DESCRIPTION = """
How far a model generalizes: accuracy of its Yes-or-No answers over each cell (structure, number of nodes, branching
factor), each split and everything. Every accuracy is over its own questions, never a mean of means.
"""

_KWARGS_DESCRIPTION = """
Args:
    predictions (`list[int]`): 0 for No, 1 for Yes; anything else, for example -1, is a wrong answer.
    references (`list[int]`): 0 or 1.
    split (`list[str]`): The split of each question.
    structure (`list[str]`): The structure of its graph.
    num_nodes (`list[int]`): The number of its nodes.
    branching_factor (`list[float]`): Edges per node of a branching graph, null elsewhere.

Returns:
    `dict`: `accuracy`, `n`, `stderr` and `chance_centred` over everything, and `splits`: for each split the same four
    and its `cells`, a list of dictionaries with the same four and `structure`, `num_nodes` and `branching_factor`.

Example:

    >>> import evaluate
    >>> metric = evaluate.load("generalization_accuracy")
    >>> cells = {"split": ["a"] * 2, "structure": ["flipped"] * 2, "num_nodes": [7, 8], "branching_factor": [1.4] * 2}
    >>> metric.compute(predictions=[1, 0], references=[1, 1], **cells)["accuracy"]
    0.5
"""

_CITATION = """
@inproceedings{vashishtha2025axiomatic,
  title = {Teaching Transformers Causal Reasoning through Axiomatic Training},
  author = {Vashishtha, Aniket and others},
  booktitle = {ICML},
  year = {2025},
  note = {arXiv 2407.07612; the task and the axes of generalization}
}
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS_DESCRIPTION)
class GeneralizationAccuracy(evaluate.Metric):
    def _info(self):
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_KWARGS_DESCRIPTION,
            features=datasets.Features(
                {
                    "predictions": datasets.Value("int64"),
                    "references": datasets.Value("int64"),
                    "split": datasets.Value("string"),
                    "structure": datasets.Value("string"),
                    "num_nodes": datasets.Value("int64"),
                    "branching_factor": datasets.Value("float32"),
                }
            ),
        )

    def _compute(self, predictions, references, split, structure, num_nodes, branching_factor):
        # Arrow's 32-bit floats read 1.4 back as 1.399999976, and may read a null as NaN.
        factors = [
            None if factor is None or factor != factor else round(float(factor), 3) for factor in branching_factor
        ]
        cells = zip(structure, num_nodes, factors, strict=True)
        return score_splits(list(predictions), list(references), list(split), list(cells))
