"""Batches of graphs as NumPy arrays: DAGs and digraphs, d-separation, Markov equivalence. No text, no torch."""
