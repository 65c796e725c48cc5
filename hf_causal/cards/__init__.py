"""Data set and model cards, rendered from the files of a folder. No network."""
