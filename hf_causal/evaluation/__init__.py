"""Predictions, scores, shortcut baselines and the report."""
