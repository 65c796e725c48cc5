"""Scores models on files that other people published, whose answers are sets, lists, paths, numbers or options."""
