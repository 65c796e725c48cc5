"""Accuracy, and precision, recall and F1 of Yes, on questions from correlation to causation."""

# Written by `make spaces` from `spaces/metric_sources/corr2cause_score.yaml`.

import datasets
import evaluate

from hf_causal.evaluation.metrics import score_groups

_DESCRIPTION = """
How well a model tells which causal hypotheses follow from correlations: accuracy, and precision, recall and F1 of the
minority class (the hypothesis follows: Yes), over everything, per relation and per number of variables, each with its
standard error, and the accuracy of always giving the more frequent answer.
"""

_KWARGS_DESCRIPTION = """
Args:
    predictions (`list[int]`): 0 for No, 1 for Yes; anything else, for example -1, is a wrong answer and not a Yes.
    references (`list[int]`): 0 or 1.
    relation (`list[str]`): The relation that each hypothesis states.
    num_nodes (`list[int]`): The number of variables of each premise.

Returns:
    `dict`: `n`, `num_yes`, `unanswered`, `accuracy`, `majority_accuracy`, `precision`, `recall` and `f1`, with
    `accuracy_stderr`, `precision_stderr`, `recall_stderr` and `f1_stderr`; and `by_relation` and `by_num_nodes`, lists
    of dictionaries with the same over the questions of each relation and of each number of variables.

Example:

    >>> import evaluate
    >>> metric = evaluate.load("corr2cause_score")
    >>> groups = {"relation": ["parent", "parent", "child", "child"], "num_nodes": [3, 4, 3, 4]}
    >>> scores = metric.compute(predictions=[1, 1, 0, 0], references=[1, 0, 1, 0], **groups)
    >>> scores["f1"], scores["by_relation"][1]["precision"]
    (0.5, 0.5)
"""

_CITATION = """
@inproceedings{jin2024can,
  title = {Can Large Language Models Infer Causation from Correlation?},
  author = {Jin, Zhijing and Liu, Jiarui and Lyu, Zhiheng and Poff, Spencer and Sachan, Mrinmaya and Mihalcea, Rada and
            Diab, Mona and Sch{\\"o}lkopf, Bernhard},
  booktitle = {International Conference on Learning Representations},
  year = {2024},
  note = {arXiv 2306.05836; the task, and F1 of the minority class as its score}
}
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS_DESCRIPTION)
class Corr2CauseScore(evaluate.Metric):
    def _info(self):
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_KWARGS_DESCRIPTION,
            features=datasets.Features(
                {
                    "predictions": datasets.Value("int64"),
                    "references": datasets.Value("int64"),
                    "relation": datasets.Value("string"),
                    "num_nodes": datasets.Value("int64"),
                }
            ),
        )

    def _compute(self, predictions, references, relation, num_nodes):
        groups = {"relation": list(relation), "num_nodes": [int(nodes) for nodes in num_nodes]}
        return score_groups(list(predictions), list(references), **groups)
