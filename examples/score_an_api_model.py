"""Scores a model behind an OpenAI-compatible API on chains that grow longer.

    export API_TOKEN=…
    python examples/score_an_api_model.py https://HOST/v1 MODEL

`hf_causal.score` reads Yes or No from whatever the model writes, and counts what it cannot read as wrong.
"""

import os
import sys

import httpx

import hf_causal

INSTRUCTION = "Answer the following question with ONLY 'Yes' or 'No'."


def accuracy(url: str, model: str, nodes: int, rows: int = 20, seed: int = 0) -> float:
    """Returns the share of right answers to questions about longer chains of a number of nodes."""
    options = {"split": "sequential", "nodes": (nodes,), "seed": seed}
    questions = hf_causal.create("transitivity_generalization", rows=rows, **options)
    values = []
    for row in questions:
        messages = [{"role": "user", "content": f"{INSTRUCTION}\n\n{row['prompt']}"}]
        headers = {"Authorization": f"Bearer {os.environ.get('API_TOKEN', 'none')}"}
        body = {"model": model, "messages": messages, "max_tokens": 512}
        response = httpx.post(f"{url}/chat/completions", json=body, headers=headers, timeout=60).raise_for_status()
        values.append(hf_causal.score(response.json()["choices"][0]["message"]["content"], row).value)
    return sum(values) / len(values)


def main(url: str, model: str) -> None:
    """Prints the accuracy by number of nodes."""
    for nodes in (7, 10, 15, 20):
        print(f"{nodes} nodes: {accuracy(url, model, nodes):.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
