"""Memory that a step of GRPO takes, counted from the architecture: an estimate, and no measurement.

As `finetuning_memory.py` counts it, and in addition, in bytes:

- the attention cache while answers are sampled: 2 * layers * key-value heads * head size * 2 for each token of prompt
  and answer, for all answers of an optimizer step at once;
- logits while answers are sampled: 4 a word of the vocabulary and answer, twice (before and after the softmax).

Sampling and training take turns, so the larger of both counts. With adapters the reference model is the model without
them, and with `beta` 0 there is none.

    python benchmarks/grpo_memory.py
    python benchmarks/grpo_memory.py --batch-size 4 --prompt 512 --answer 512
"""

import argparse

from finetuning_memory import GB, activations, count

from hf_causal.posttraining.recipe import load_finetune_recipe

# As in the config.json files of Llama-3.2-1B-Instruct and SmolLM2-135M-Instruct.
MODELS = {
    "1.2B parameters (Llama-3.2-1B)": {
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128256,
        "tie_word_embeddings": True,
    },
    "135M parameters (SmolLM2-135M)": {
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "vocab_size": 49152,
        "tie_word_embeddings": True,
    },
}


def sampling(answers: int, tokens: int, sizes: dict) -> float:
    """Returns the bytes of attention cache and logits while answers are sampled."""
    head = sizes["hidden_size"] // sizes["num_attention_heads"]
    cache = answers * tokens * 2 * sizes["num_hidden_layers"] * sizes["num_key_value_heads"] * head * 2
    return cache + 2 * 4 * answers * sizes["vocab_size"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-size", type=int, default=8, help="answers that are trained on at once [%(default)s]")
    parser.add_argument("--accumulation", type=int, default=8, help="batches of a step [%(default)s]")
    parser.add_argument("--prompt", type=int, default=512, help="tokens of a prompt [%(default)s]")
    parser.add_argument("--answer", type=int, default=256, help="tokens of an answer [%(default)s]")
    options = parser.parse_args()
    recipe = load_finetune_recipe(None, {"method": "grpo", "lora": True})
    tokens, answers = options.prompt + options.answer, options.batch_size * options.accumulation
    print(f"{answers} answers a step, {options.batch_size} at once, {tokens} tokens each. In GB, nothing was run:\n")
    print("| model | way | weights | gradients and optimizer | sampling | training | together |")
    print("|---|---|---|---|---|---|---|")
    for name, sizes in MODELS.items():
        total, _, adapters = count(recipe, sizes)
        for way, weights, trained in (("LoRA", 2 * total, adapters), ("all weights", 4 * total, total)):
            state = (16 if way == "LoRA" else 12) * trained
            work = sampling(answers, tokens, sizes), activations(options.batch_size, tokens, sizes)
            figures = [weights, state, *work, weights + state + max(work)]
            print(f"| {name} | {way} | " + " | ".join(f"{figure / GB:.1f}" for figure in figures) + " |")


if __name__ == "__main__":
    main()
