from itertools import permutations

import numpy as np
import pytest

from hf_causal.graphs.enumeration import NUM_CLASSES, SIZES, canonical_codes, class_codes, classes, dags
from hf_causal.graphs.equivalence import acyclic, cpdags, independences, members

NUM_DAGS = {2: 2, 3: 6, 4: 31, 5: 302, 6: 5984}
LABELLED_DAGS = {2: 3, 3: 25, 4: 543, 5: 29281, 6: 3781503}
LABELLED_CLASSES = {2: 2, 3: 11, 4: 185, 5: 8782, 6: 1067825}


@pytest.mark.parametrize("size", SIZES)
def test_numbers_of_dags_and_classes(size):
    assert len(dags(size)) == NUM_DAGS[size]
    assert len(class_codes(size)) == len(classes(size)) == NUM_CLASSES[size]
    assert acyclic(dags(size)).all()


@pytest.mark.parametrize("size", SIZES)
def test_all_labellings_are_the_labelled_classes_and_dags(size):
    """Counted apart from each other: labellings of the classes found here, against the known sequences."""
    orders = np.array(list(permutations(range(size))))
    labelled_classes = labelled_dags = 0
    for cpdag in classes(size):
        labellings = cpdag[orders[:, :, None], orders[:, None, :]].reshape(len(orders), -1)
        different = len(np.unique(np.packbits(labellings, axis=1), axis=0))
        labelled_classes += different
        labelled_dags += different * len(members(cpdag))
    assert (labelled_classes, labelled_dags) == (LABELLED_CLASSES[size], LABELLED_DAGS[size])


@pytest.mark.parametrize("size", [2, 3, 4])
def test_classes_are_what_independences_tell_apart(size):
    """The independences of a graph in all its labellings, as a set, tell its class up to isomorphism."""
    orders = list(permutations(range(size)))
    kinds = {
        frozenset(independences(dag[np.ix_(order, order)]).tobytes() for order in map(list, orders))
        for dag in dags(size)
    }
    assert len(kinds) == NUM_CLASSES[size]


def test_codes_are_the_same_for_isomorphic_graphs_only():
    graphs = dags(5)
    assert len(set(canonical_codes(graphs))) == len(graphs)
    order = [3, 0, 4, 1, 2]
    assert np.array_equal(canonical_codes(graphs), canonical_codes(graphs[:, order][:, :, order]))


def test_classes_are_represented_by_their_cpdags():
    for size in SIZES[:4]:
        first = np.array([members(cpdag)[0] for cpdag in classes(size)])
        assert np.array_equal(cpdags(first), classes(size))
        assert np.array_equal(canonical_codes(classes(size)), class_codes(size))


@pytest.mark.parametrize("size", [0, 1, 7, "3"])
def test_other_sizes_are_refused(size):
    with pytest.raises(ValueError, match="`num_nodes` must be one of 2, 3, 4, 5, 6"):
        dags(size)
