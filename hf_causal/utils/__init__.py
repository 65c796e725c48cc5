"""Utilities that know nothing of causality: files, hardware, random numbers, recipe files, arrays of text."""
