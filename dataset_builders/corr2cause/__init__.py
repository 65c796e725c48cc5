"""Builder and card of the corpus of correlation and causation."""

from dataset_builders.corr2cause.corr2cause import Corr2Cause, Corr2CauseConfig

__all__ = ["Corr2Cause", "Corr2CauseConfig"]
