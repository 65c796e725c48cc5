"""Builder and card of the sequences with a latent causal graph."""

from dataset_builders.causal_sequences.causal_sequences import CausalSequences, CausalSequencesConfig

__all__ = ["CausalSequences", "CausalSequencesConfig"]
