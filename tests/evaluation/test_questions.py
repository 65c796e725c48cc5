"""Questions of the splits of a config."""

from hf_causal.corpora.load import load_corpus
from hf_causal.evaluation.questions import corpus_questions

CONFIG = "transitivity_generalization"


def test_a_limit_takes_the_first_questions_of_each_cell(corpus_dir):
    for questions in corpus_questions("axiomatic", CONFIG, corpus_dir, limit=3):
        rows = load_corpus("axiomatic", CONFIG, questions.name, corpus_dir).to_pylist()
        cells = {}
        for row in rows:
            key = (row["structure"], row["num_nodes"], row["branching_factor"])
            cells.setdefault(key, []).append(row["prompt"])
        assert all(len(prompts) > 3 for prompts in cells.values())
        first = {prompt for prompts in cells.values() for prompt in prompts[:3]}
        assert questions.prompts == [row["prompt"] for row in rows if row["prompt"] in first]
