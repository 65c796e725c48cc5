"""Tasks: one folder each, with text, proofs, rows and shortcuts, and the registry by which everything knows them."""
