"""What the axes of generalization are called in reports and pictures."""

TITLES = {
    "sequential": "Longer chains",
    "flipped": "Longer chains, random flips",
    "reversed": "Completely reversed chains",
    "shuffled": "Shuffled sentences",
    "branching": "Branching graphs",
    "long_names": "Names of 4 to 10 characters",
}
"""From the name of a split to its title."""
