"""Observing against intervening on objects in images: where the images come from, the table of pairs, the picture."""

from hf_causal.interventions.sources import Source, open_source
from hf_causal.interventions.table import PairRow, compare

__all__ = ["PairRow", "Source", "compare", "open_source"]
