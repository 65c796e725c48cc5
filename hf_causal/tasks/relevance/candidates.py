"""Draws candidate questions about a batch of graphs, and answers them.

Half of the candidates have uniformly drawn sets. The other half are about nodes that only a longer path joins: one of
the nodes that may be affected is drawn among those at least two edges away from what is changed, and in half of these
candidates one of the nodes that are held fixed is drawn from a path to it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hf_causal.graphs.interception import affected, paths_to
from hf_causal.tasks.relevance.configs import set_sizes
from hf_causal.tasks.shared.names import repeated
from hf_causal.tasks.shared.schema import Cell
from hf_causal.utils.randomness import Stream


class Questions(NamedTuple):
    """Questions about graphs, of any shape; sets have the nodes as a further axis."""

    changed: np.ndarray
    targets: np.ndarray
    held: np.ndarray
    hops: np.ndarray
    """Edges of a shortest path that avoids what is held fixed, -1 for a No."""
    intercepted: np.ndarray
    """Whether the answer is a No that would be a Yes if nothing were held fixed."""

    def take(self, *index: np.ndarray) -> Questions:
        """Returns the questions at an index."""
        return Questions(*(array[index] for array in self))

    def are_new(self) -> np.ndarray:
        """Returns which questions were drawn, and not before about the same graph: shape (graphs, candidates)."""
        role = (self.changed + 2 * self.targets + 3 * self.held).astype(np.uint64)
        # Different questions rarely have the same number by chance; one of them is then merely not asked.
        weights = Stream("relevance").words((role.shape[-1],)) | np.uint64(1)
        codes = (role * weights).sum(axis=-1, dtype=np.uint64)
        return self.changed.any(axis=-1) & ~repeated(codes)


def draw_candidates(cell: Cell, edges: np.ndarray, stream: Stream) -> Questions:
    """Draws candidate questions, all about one graph with sets of the same sizes.

    A second round is drawn for graphs that lack Yes or No questions after the first; the others have empty sets there.
    """
    triples = np.array(set_sizes(cell))
    sizes = triples[stream.integers(len(triples), (len(edges),))]
    first = max(_FEWEST, 2 * cell.questions_per_premise)
    shape = (len(edges), first + _FURTHER)
    changed, targets, held = np.zeros((3, *shape, cell.num_nodes), dtype=bool)
    questions = Questions(changed, targets, held, np.full(shape, -1, dtype=np.int32), np.zeros(shape, dtype=bool))
    lacking = np.arange(len(edges))
    for columns in (slice(0, first), slice(first, None)):
        if not len(lacking):
            break
        drawn = _draw(edges[lacking], sizes[lacking], len(range(shape[1])[columns]), cell.num_nodes, stream)
        for array, values in zip(questions, drawn, strict=True):
            array[lacking, columns] = values.reshape(len(lacking), -1, *values.shape[1:])
        num_yes = (questions.hops[lacking, :first] > 0).sum(axis=1)
        lacking = lacking[np.minimum(num_yes, first - num_yes) < cell.questions_per_premise // 2]
    return questions


_FEWEST, _FURTHER = 8, 24
"""Candidates in the first round, at least, and in the second."""


def _draw(edges: np.ndarray, sizes: np.ndarray, count: int, num_nodes: int, stream: Stream) -> Questions:
    graph = np.repeat(np.arange(len(edges)), count)
    num_changed, num_targets, num_held = sizes[graph].T
    search = np.arange(len(graph))
    distant = search % 2 == 0
    changed = _smallest(stream.uniform((len(graph), num_nodes)), num_changed)
    distance, previous = affected(edges, graph, changed, np.zeros_like(changed))
    keys = stream.uniform((len(graph), num_nodes))
    far = np.where((distance >= 2) & distant[:, None], keys, 2.0)
    target = far.argmin(axis=1)
    distant &= far[search, target] < 1
    keys[search[distant], target[distant]] = -1.0
    targets = _smallest(np.where(changed, 2.0, keys), num_targets)
    keys = stream.uniform((len(graph), num_nodes))
    cut = np.flatnonzero(distant & (search % 4 == 0))
    paths = paths_to(distance[cut], previous[cut], target[cut])
    step = 1 + (stream.uniform((len(cut),)) * (distance[cut, target[cut]] - 1)).astype(np.int64)
    keys[cut, paths[np.arange(len(cut)), step]] = -1.0
    held = _smallest(np.where(changed | targets, 2.0, keys), num_held)
    hops = shortest(affected(edges, graph, changed, held)[0], targets)
    return Questions(changed, targets, held, hops, (hops < 0) & ((distance > 0) & targets).any(axis=1))


def _smallest(keys: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Returns which entries of each row are among its `count` smallest: boolean of the shape of the keys."""
    chosen, row, keys = np.zeros(keys.shape, dtype=bool), np.arange(len(keys)), keys.copy()
    for number in range(int(count.max(initial=0))):
        entry = keys.argmin(axis=1)
        chosen[row, entry] |= number < count
        keys[row, entry] = 3.0
    return chosen


def shortest(distance: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Returns the distance of the nearest target of each search that is reached, -1 where none is: `int32`."""
    far = np.iinfo(np.int16).max
    nearest = np.where(targets & (distance > 0), distance, far).min(axis=1)
    return np.where(nearest < far, nearest, -1).astype(np.int32)
