"""Checks a row by its own text, the graph that a premise states, and rows against each other."""
