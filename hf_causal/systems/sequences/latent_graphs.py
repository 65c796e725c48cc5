"""Samples sequences with a latent causal graph in NumPy: graphs, transitions, tokens, and the Bayes predictor.

The task is that of "How Transformers Learn Causal Structure with Gradient Descent" (arXiv 2402.14735, task 2.4 and the
one with several parents). Each position of a sequence has parents among the earlier positions. Transitions are
drawn anew for every sequence, so they have to be estimated in context. The graph is the same in all sequences, so
weights can learn it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hf_causal.utils.randomness import Stream

MAX_STATES = 100
MAX_LENGTH = 127
"""Positions are stored as `int8`."""


@dataclass(frozen=True)
class LatentGraph:
    """Holds the parents of every position and of the target, which follows the last position.

    Args:
        structure (`str`): Its name among `STRUCTURES`.
        parents (`tuple[tuple[int, ...], ...]`): Parents of the positions 0 ... length - 1 and of the target, each
            among the earlier positions.
        free_last (`bool`): Whether the last token is uniform, whatever the transitions, as in the tasks with one
            parent. Roots then follow the stationary distribution of the transitions; otherwise roots are uniform.

    Raises:
        `ValueError`: If a parent is not before its child.
    """

    structure: str
    parents: tuple[tuple[int, ...], ...]
    free_last: bool

    def __post_init__(self) -> None:
        for child, parents in enumerate(self.parents):
            if any(not 0 <= parent < child for parent in parents) or len(set(parents)) < len(parents):
                raise ValueError(f"`parents` of position {child} must be different positions before it, got {parents}")

    @property
    def length(self) -> int:
        """Number of tokens of a sequence, without the target."""
        return len(self.parents) - 1

    @property
    def num_edges(self) -> int:
        """Number of edges between tokens, without those into the target."""
        return sum(map(len, self.parents[:-1]))

    def adjacency(self) -> np.ndarray:
        """Returns a boolean matrix (length, length), true at [child, parent], like attention by [query, key]."""
        matrix = np.zeros((self.length, self.length), dtype=bool)
        for child, parents in enumerate(self.parents[:-1]):
            matrix[child, list(parents)] = True
        return matrix


def chain(length: int, seed: int = 0) -> LatentGraph:
    """Makes a Markov chain: each token depends on the one before it."""
    return _single("chain", [child - 1 for child in range(length)])


def induction(length: int, seed: int = 0) -> LatentGraph:
    """Makes bigrams in context, as induction heads read them: odd positions depend on the one before, even ones are
    roots."""
    return _single("induction", [child - 1 if child % 2 else -1 for child in range(length)])


def random_tree(length: int, seed: int = 0) -> LatentGraph:
    """Makes a tree in which the parent of position i is uniform among "none" and 0 ... i - 1."""
    draws = Stream(seed, "latent graph", "random", length).uniform((length,))
    return _single("random", [int(draw * (child + 1)) - 1 for child, draw in enumerate(draws)])


def forest(length: int, seed: int = 0) -> LatentGraph:
    """Makes a forest: each position is a root with probability 1/2, otherwise its parent is a uniform earlier one."""
    stream = Stream(seed, "latent graph", "forest", length)
    root, draws = stream.uniform((length,)) < 0.5, stream.uniform((length,))
    root[0] = True
    parent = np.where(root, -1, (draws * np.arange(length)).astype(np.int64))
    return _single("forest", parent.tolist())


def multi_parent(length: int, seed: int = 0) -> LatentGraph:
    """Makes a graph of two parents, (i - 1) // 2 and i - 1, from position i = 2 on and for the target."""
    return LatentGraph(
        "multi_parent",
        tuple(() if child < 2 else ((child - 1) // 2, child - 1) for child in range(length + 1)),
        free_last=False,
    )


STRUCTURES: dict[str, Callable[[int, int], LatentGraph]] = {
    "chain": chain,
    "induction": induction,
    "random": random_tree,
    "forest": forest,
    "multi_parent": multi_parent,
}
"""From the name of a structure to the function that makes it from a length and a seed."""


def make_graph(structure: str, length: int, seed: int = 0) -> LatentGraph:
    """Makes a latent graph.

    Args:
        structure (`str`): Among `STRUCTURES`.
        length (`int`): Number of tokens of a sequence, 3 to 127.
        seed (`int`): Seed of `random` and `forest`; the other structures do not depend on it.

    Raises:
        `ValueError`: For an unknown structure, or a length out of range.

    Example:

    ```python
    >>> make_graph("induction", 5).parents
    ((), (0,), (), (2,), (), (4,))

    ```
    """
    if structure not in STRUCTURES:
        raise ValueError(f"`structure` must be one of {', '.join(STRUCTURES)}, got {structure!r}")
    if not 3 <= length <= MAX_LENGTH:
        raise ValueError(f"`length` must lie in 3 ... {MAX_LENGTH}, got {length}")
    return STRUCTURES[structure](length, seed)


@dataclass(frozen=True)
class Sequences:
    """Holds sequences of one graph."""

    tokens: np.ndarray
    """`int8` of shape (sequences, length)."""
    target: np.ndarray
    """`int8` of shape (sequences,): the token that follows, drawn."""
    target_probabilities: np.ndarray
    """`float64` of shape (sequences, states): the transition row from which it was drawn."""


def sample_sequences(graph: LatentGraph, num_states: int, alpha: float, count: int, stream: Stream) -> Sequences:
    """Draws sequences; each has its own transitions.

    Args:
        graph ([`LatentGraph`]): Parents of each position.
        num_states (`int`): Number of different tokens.
        alpha (`float`): Concentration of the symmetric Dirichlet prior of every transition row; near 0 rows are almost
            deterministic, at 1 uniform among all distributions. 0.1 in arXiv 2402.14735. 0 means deterministic: a row
            has all its mass on one uniform state.
        count (`int`): Number of sequences.
        stream ([`Stream`]): Source of the random numbers.

    Raises:
        `ValueError`: If `num_states` or `alpha` is out of range.
    """
    if not 2 <= num_states <= MAX_STATES:
        raise ValueError(f"`num_states` must lie in 2 ... {MAX_STATES}, got {num_states}")
    if not 0 <= alpha <= 100 or (alpha == 0 and graph.free_last):
        # Without mass everywhere a chain may have several stationary distributions.
        raise ValueError(f"`alpha` must lie in (0, 100] with one parent and in [0, 100] with several, got {alpha}")
    degrees = sorted({len(own) for own in graph.parents} - {0})
    transitions = {
        degree: dirichlet(alpha, (count, num_states**degree, num_states), stream) for degree in degrees
    }  # one tensor for each number of parents, its rows by the parents' tokens
    cumulative = {degree: np.cumsum(tensor, axis=-1) for degree, tensor in transitions.items()}
    uniform = np.arange(1, num_states + 1) / num_states
    roots = np.cumsum(stationary(transitions[1]), axis=-1) if graph.free_last else uniform
    draws = stream.uniform((graph.length + 1, count))
    rows = np.arange(count)
    tokens = np.zeros((count, graph.length), dtype=np.int8)
    for place, own in enumerate(graph.parents):
        if own:
            index = parent_index(tokens, own, num_states)
            steps = cumulative[len(own)][rows, index]
        else:
            steps = uniform if graph.free_last and place == graph.length - 1 else roots
        # The last step is 1 but for rounding, so a draw never falls behind it.
        drawn = (draws[place][:, None] >= steps[..., :-1]).sum(axis=-1).astype(np.int8)
        if place < graph.length:
            tokens[:, place] = drawn
    return Sequences(tokens, drawn, transitions[len(graph.parents[-1])][rows, index])


def parent_index(tokens: np.ndarray, own: tuple[int, ...], num_states: int) -> np.ndarray:
    """The row of a transition tensor that the parents' tokens choose: `int64` of shape (sequences,)."""
    index = np.zeros(len(tokens), dtype=np.int64)
    for parent in own:
        index = index * num_states + tokens[:, parent]
    return index


def bayes_predictive(tokens: np.ndarray, graph: LatentGraph, num_states: int, alpha: float) -> np.ndarray:
    """The predictive distribution of the target by the transitions that a sequence shows, for who knows the graph.

    With a symmetric Dirichlet prior it is (transition counts along the graph from the target's parents + alpha) / sum:
    the Bayes reference of arXiv 2402.14735. It is the exact posterior predictive where roots are uniform. Where they
    follow the stationary distribution, the tokens at the roots tell a little more about the transitions, which the
    reference leaves out, as it does in the paper.

    Args:
        tokens (`np.ndarray`): Integers of shape (sequences, length).
        graph ([`LatentGraph`]): Of the sequences.
        num_states (`int`): Number of different tokens.
        alpha (`float`): Of the prior, positive.

    Returns:
        `np.ndarray`: `float64` of shape (sequences, num_states), rows add up to 1.

    Raises:
        `ValueError`: If the tokens do not fit the graph, or `alpha` is not positive.
    """
    if tokens.ndim != 2 or tokens.shape[1] != graph.length:
        raise ValueError(f"`tokens` must have shape (sequences, {graph.length}), got {tokens.shape}")
    if alpha <= 0:
        raise ValueError(f"`alpha` must be positive, got {alpha}")
    asked = graph.parents[-1]
    wanted = parent_index(tokens, asked, num_states)
    counts = np.full((len(tokens), num_states), alpha, dtype=np.float64)
    rows = np.arange(len(tokens))
    for child, own in enumerate(graph.parents[:-1]):
        if len(own) == len(asked):
            counts[rows, tokens[:, child]] += parent_index(tokens, own, num_states) == wanted
    return counts / counts.sum(axis=-1, keepdims=True)


def soft_cross_entropy(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Mean over rows of `-sum(targets * log(probabilities))`, in nats; both of shape (rows, states)."""
    return float(-(targets * np.log(probabilities)).sum(axis=-1).mean())


def dirichlet(alpha: float, shape: tuple[int, ...], stream: Stream) -> np.ndarray:
    """Draws from a symmetric Dirichlet distribution.

    Gamma variables by the method of Marsaglia and Tsang ("A simple method for generating gamma variables", 2000), with
    their boost for shapes below 1; in logarithms, since at small `alpha` most of them are too small for a float.

    Args:
        alpha (`float`): Concentration, not negative; at 0 one entry is 1, the limit for small `alpha`.
        shape (`tuple[int, ...]`): Of the result; the last axis are the entries that add up to 1.
        stream ([`Stream`]): Source of the random numbers.

    Returns:
        `np.ndarray`: `float64` of the given shape.
    """
    if alpha == 0:
        return np.eye(shape[-1])[stream.integers(shape[-1], shape[:-1])]
    size = int(np.prod(shape))
    boosted = _log_gamma_variables(alpha + 1, size, stream)
    logs = (boosted + np.log1p(-stream.uniform((size,))) / alpha).reshape(shape)
    weights = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def stationary(transitions: np.ndarray) -> np.ndarray:
    """Computes the stationary distribution of Markov chains by elimination without subtractions.

    The algorithm is that of Grassmann, Taksar and Heyman ("Regenerative analysis and steady state distributions for
    Markov chains", 1985). Every entry is exact to rounding, even for chains that are nearly reducible.

    Args:
        transitions (`np.ndarray`): Shape (chains, states, states), [from, to], with rows that add up to 1.

    Returns:
        `np.ndarray`: Shape (chains, states).
    """
    tiny = np.finfo(np.float64).tiny  # for states that never go to an earlier one
    work = np.maximum(transitions, tiny)
    states = work.shape[-1]
    for last in range(states - 1, 0, -1):
        out = work[:, last, :last].sum(axis=-1)
        work[:, :last, last] /= out[:, None]
        work[:, :last, :last] += work[:, :last, last, None] * work[:, last, None, :last]
    weights = np.ones((len(work), states))
    for state in range(1, states):
        weights[:, state] = (weights[:, :state] * work[:, :state, state]).sum(axis=-1)
        weights[:, : state + 1] /= weights[:, : state + 1].max(axis=-1, keepdims=True)
    return weights / weights.sum(axis=-1, keepdims=True)


def _single(structure: str, parent: list[int]) -> LatentGraph:
    """Makes a graph with at most one parent each (-1 for none). The last token is uniform and the target's parent."""
    parents: list[tuple[int, ...]] = [() if position < 0 else (position,) for position in parent[:-1]]
    return LatentGraph(structure, (*parents, (), (len(parent) - 1,)), free_last=True)


def _log_gamma_variables(shape: float, count: int, stream: Stream) -> np.ndarray:
    """Draws logarithms of gamma variables with a shape of at least 1, by rejection (Marsaglia and Tsang, 2000)."""
    d = shape - 1 / 3
    c = 1 / np.sqrt(9 * d)
    logs = np.empty(count)
    missing = np.arange(count)
    while len(missing):
        first, second, height = stream.uniform((3, len(missing)))
        normal = np.sqrt(-2 * np.log1p(-first)) * np.cos(2 * np.pi * second)
        cubed = (1 + c * normal) ** 3
        positive = cubed > 0
        safe = np.where(positive, cubed, 1.0)
        accepted = positive & (np.log1p(-height) < 0.5 * normal**2 + d - d * safe + d * np.log(safe))
        logs[missing[accepted]] = np.log(d * safe[accepted])
        missing = missing[~accepted]
    return logs
