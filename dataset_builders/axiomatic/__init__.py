"""Builder and card of the axiomatic corpora."""

from dataset_builders.axiomatic.axiomatic import Axiomatic, AxiomaticConfig

__all__ = ["Axiomatic", "AxiomaticConfig"]
