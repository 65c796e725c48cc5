"""Builder and card of the corpus of co-occurrence."""

from dataset_builders.co_occurrence.co_occurrence import CoOccurrence, CoOccurrenceConfig

__all__ = ["CoOccurrence", "CoOccurrenceConfig"]
