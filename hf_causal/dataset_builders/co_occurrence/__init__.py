"""Builder and card of the corpus of co-occurrence."""

from hf_causal.dataset_builders.co_occurrence.co_occurrence import CoOccurrence, CoOccurrenceConfig

__all__ = ["CoOccurrence", "CoOccurrenceConfig"]
