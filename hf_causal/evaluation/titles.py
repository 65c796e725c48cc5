"""Titles of the splits, for reports and figures."""

TITLES = {
    "sequential": "Longer chains",
    "flipped": "Longer chains, random flips",
    "reversed": "Completely reversed chains",
    "shuffled": "Shuffled sentences",
    "branching": "Branching graphs",
    "long_names": "Names of 4 to 10 characters",
    "feedback": "Statements with feedback",
    "similar_names": "Similar names of up to 30 characters",
}
"""From the name of a split to its title."""
