"""Drawing questions so that about every premise as many answers are Yes as No."""

from __future__ import annotations

import numpy as np

from hf_causal.tasks.shared.schema import Cell
from hf_causal.utils.randomness import Stream


def choose_balanced(
    yes: np.ndarray, no: np.ndarray, cell: Cell, rows: int, stream: Stream
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draws questions without replacement, as many Yes as No about each graph, stopping at `rows` in all.

    With three candidates of the answers Yes, Yes, No about a first graph and No, No, No about a second one, the first
    graph gets one Yes and one No, and the second one, which has no Yes, is not used.

    Args:
        yes, no (`np.ndarray`): Boolean of shape (graphs, candidates): which candidates have which answer.
        cell ([`Cell`]): Has the number of questions that a premise may have.
        rows (`int`): Largest number of questions in all.
        stream (`Stream`): Source of randomness.

    Returns:
        `tuple`: Which graphs are used, boolean of shape (graphs,); and for each question the number of its graph among
        the used ones and its candidate. The order of a premise's questions does not tell their answers.

    Example:

    ```python
    >>> yes = np.array([[True, True, False], [False, False, False]])
    >>> used, graph, candidate = choose_balanced(yes, ~yes, Cell("sequential", 3, 10), 10, Stream("example"))
    >>> used.tolist(), graph.tolist(), sorted(yes[used][graph, candidate].tolist())
    ([True, False], [0, 0], [False, True])

    ```
    """
    quota = _quotas(yes, no, cell.questions_per_premise // 2, rows // 2)
    used = quota > 0
    yes, no, quota = yes[used], no[used], quota[used]
    keys = stream.words(yes.shape) >> np.uint64(1)
    most = int(quota.max(initial=0))
    drawn = np.concatenate([_by_key(side, keys)[:, :most] for side in (yes, no)], axis=1)
    # Column k of `drawn` is a graph's k-th Yes, then its k-th No; a graph uses as many of each as its quota.
    in_quota = np.tile(np.arange(most) < quota[:, None], 2)
    order = _by_key(in_quota, stream.words(in_quota.shape) >> np.uint64(1))
    drawn, in_quota = (np.take_along_axis(array, order, axis=1) for array in (drawn, in_quota))
    return used, np.repeat(np.arange(len(quota)), 2 * quota), drawn[in_quota]


def _quotas(yes: np.ndarray, no: np.ndarray, most: int, total: int) -> np.ndarray:
    """Returns how many Yes, and as many No, each graph gets: at most `most`, and `total` over all graphs."""
    quota = np.minimum(np.minimum(yes.sum(1), no.sum(1)), most)
    before = np.cumsum(quota) - quota
    return np.clip(total - before, 0, quota)


def _by_key(allowed: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Returns the columns of each row, allowed ones first in the order of their keys, which are below 2⁶³."""
    return np.argsort(np.where(allowed, keys, np.uint64(2**64 - 1)), axis=1, kind="stable")
