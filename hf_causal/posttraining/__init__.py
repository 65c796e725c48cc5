"""Fine-tuning: pretrained language models and classifiers on the corpora, scored before and after.

Nothing heavy is imported here: `recipes` is read by the command line, `run` does the work.
"""
