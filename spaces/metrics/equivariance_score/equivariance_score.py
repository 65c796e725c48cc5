"""Text, image and group score of image-caption similarities, over everything and per kind of change."""

# Written by `make spaces` from `spaces/metric_sources/equivariance_score.yaml`.

import datasets
import evaluate

from hf_causal.systems.equivariance.metric import score_equivariance

_DESCRIPTION = """
How well a similarity of images and captions follows minimal changes: on pairs of images i0, i1 and captions c0, c1,
the share of pairs in which each image prefers its caption (text), each caption its image (image), and both (group),
over everything and per kind of change, each with its standard error.
"""

_KWARGS_DESCRIPTION = """
Args:
    c0_i0, c1_i0, c0_i1, c1_i1 (`list[float]`): The similarities of each pair's captions and images, on any scale.
    kind (`list[str]`): The kind of change of each pair.

Returns:
    `dict`: `n`, `text`, `image` and `group`, with `text_stderr`, `image_stderr` and `group_stderr`; `ties`, pairs that
    fail because two similarities are equal; and `by_kind`, a list of dictionaries with the same over the pairs of each
    kind.

Example:

    >>> import evaluate
    >>> metric = evaluate.load("equivariance_score")
    >>> pairs = {"c0_i0": [0.9, 0.9], "c1_i0": [0.2, 0.95], "c0_i1": [0.1, 0.7], "c1_i1": [0.8, 0.96]}
    >>> scores = metric.compute(**pairs, kind=["color", "count"])
    >>> scores["text"], scores["image"], scores["group"]
    (0.5, 1.0, 0.5)
"""

_CITATION = """
@inproceedings{wang2023equivariant,
  title = {Equivariant Similarity for Vision-Language Foundation Models},
  author = {Wang, Tan and Lin, Kevin and Li, Linjie and Lin, Chung-Ching and Yang, Zhengyuan and Zhang, Hanwang and
            Liu, Zicheng and Wang, Lijuan},
  booktitle = {International Conference on Computer Vision},
  year = {2023},
  note = {arXiv 2303.14465; the benchmark EqBen and its scores}
}
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS_DESCRIPTION)
class EquivarianceScore(evaluate.Metric):
    def _info(self):
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_KWARGS_DESCRIPTION,
            features=datasets.Features(
                {
                    "c0_i0": datasets.Value("float64"),
                    "c1_i0": datasets.Value("float64"),
                    "c0_i1": datasets.Value("float64"),
                    "c1_i1": datasets.Value("float64"),
                    "kind": datasets.Value("string"),
                }
            ),
        )

    def _compute(self, c0_i0, c1_i0, c0_i1, c1_i1, kind):
        columns = zip(c0_i0, c1_i0, c0_i1, c1_i1, strict=True)
        matrices = [[[first, third], [second, fourth]] for first, second, third, fourth in columns]
        return score_equivariance(matrices, kind=list(kind))
