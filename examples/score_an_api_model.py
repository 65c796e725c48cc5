"""Scores a model behind an OpenAI-compatible API on chains that grow longer.

    export API_TOKEN=…
    python examples/score_an_api_model.py https://HOST/v1 MODEL

`hf_causal.score` reads Yes or No from whatever the model writes, and counts what it cannot read as wrong.
"""

import os
import sys

from huggingface_hub import InferenceClient

import hf_causal

INSTRUCTION = "Answer the following question with ONLY 'Yes' or 'No'."


def accuracy(client: InferenceClient, model: str, nodes: int, rows: int = 20, seed: int = 0) -> float:
    """Returns the share of right answers to questions about longer chains of a number of nodes."""
    options = {"split": "sequential", "nodes": (nodes,), "seed": seed}
    questions = hf_causal.create("transitivity_generalization", rows=rows, **options)
    values = []
    for row in questions:
        messages = [{"role": "user", "content": f"{INSTRUCTION}\n\n{row['prompt']}"}]
        reply = client.chat_completion(messages, model=model, max_tokens=512).choices[0].message.content
        values.append(hf_causal.score(reply or "", row).value)
    return sum(values) / len(values)


def main(url: str, model: str) -> None:
    """Prints the accuracy by number of nodes."""
    client = InferenceClient(base_url=url, api_key=os.environ.get("API_TOKEN", "none"))
    for nodes in (7, 10, 15, 20):
        print(f"{nodes} nodes: {accuracy(client, model, nodes):.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
