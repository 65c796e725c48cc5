"""The checks: of a row by its own text, of the graph that a premise states, and of rows against each other."""
