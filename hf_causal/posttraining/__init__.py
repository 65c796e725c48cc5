"""Fine-tuning: pretrained language models and classifiers on the tasks, scored before and after.

Nothing heavy is imported here: the command line reads `recipe`, and `run` does the work.
"""
