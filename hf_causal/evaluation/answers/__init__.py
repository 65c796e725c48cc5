"""Answers with proofs from language models: scores of every cell, and the failures that teach most."""
