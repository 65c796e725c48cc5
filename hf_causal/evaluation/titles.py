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
    "larger_condition": "More nodes held fixed",
    "larger_sets": "Larger sets of causes and effects",
    "more_statements": "More statements",
    "size": "More variables",
    "density": "More arrows",
    "hidden": "Several hidden causes",
    "set_size": "Larger sets",
    "fractions": "Numbers as fractions",
    "hundredths": "Numbers in hundredths",
    "counterfactuals": "Counterfactuals",
}
"""From the name of a split to its title."""
