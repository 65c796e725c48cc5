"""Memory that fine-tuning Llama-3-8B takes, counted from its architecture: an estimate, and no measurement.

The model is made without weights (`meta`), so that its parameters and those of the adapters are counted, not quoted.
Then, in bytes:

- weights: 2 a parameter in bf16, 4 in fp32; in NF4 half a byte for each parameter of a linear layer inside of the
  blocks, and 0.127 bits more for its quantized constants (arXiv 2305.14314, section 3), everything else in bf16;
- what is trained: the parameter in fp32 (4), its gradient (4) and both moments of AdamW (8); with QLoRA TRL holds the
  adapters in bf16, and so are gradient and moments (2 + 2 + 4);
- activations with gradient checkpointing: one hidden state a layer (2 bytes a value), and what one layer keeps while
  it is computed again: 34 bytes a hidden value and token (arXiv 2205.05198, section 4.1, without the attention matrix,
  which fused attention does not keep), more where the feed-forward layer is wider than four times the hidden state;
- logits: TRL computes them at the answer's tokens alone, which is nothing compared with the rest.

Not counted: the CUDA context, fragmentation, copies while loading, and the bf16 copies that autocast makes of fp32
weights.

    python benchmarks/finetuning_memory.py
    python benchmarks/finetuning_memory.py --batch-size 4 --length 1024
"""

import argparse

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from hf_causal.posttraining.recipe import load_finetune_recipe

# As in the config.json of Meta-Llama-3-8B-Instruct.
LLAMA_3_8B = {
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "tie_word_embeddings": False,
}
GB = 1e9


def count(recipe, sizes=LLAMA_3_8B):
    """Parameters: all, those in linear layers inside of the blocks, and those of the adapters."""
    with torch.device("meta"):
        model = LlamaForCausalLM(LlamaConfig(**sizes))
        total = sum(parameter.numel() for parameter in model.parameters())
        head = model.lm_head
        linear = sum(
            module.weight.numel()
            for module in model.modules()
            if isinstance(module, torch.nn.Linear) and module is not head
        )
        lora = LoraConfig(r=recipe.lora_rank, lora_alpha=recipe.lora_alpha, target_modules=recipe.target_modules)
        adapted = get_peft_model(model, lora)
        trained = sum(parameter.numel() for parameter in adapted.parameters() if parameter.requires_grad)
    return total, linear, trained


def activations(batch_size, length, sizes=LLAMA_3_8B):
    """Bytes of the activations that are kept at once."""
    hidden, wide, layers = (sizes[name] for name in ("hidden_size", "intermediate_size", "num_hidden_layers"))
    tokens = batch_size * length
    return tokens * hidden * (2 * layers + 34 * max(1.0, wide / (4 * hidden)))


def main():
    recipe = load_finetune_recipe("llama-3-8b-axioms")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-size", type=int, default=recipe.batch_size, help="rows of a batch [the recipe's]")
    parser.add_argument("--length", type=int, default=recipe.max_length, help="tokens of a row [the recipe's longest]")
    options = parser.parse_args()
    total, linear, trained = count(recipe)
    work = activations(options.batch_size, options.length)
    four_bits = linear * (0.5 + 0.127 / 8) + 2 * (total - linear)
    rows = {
        "all weights, fp32 with bf16 multiplication": (4 * total, 12 * total),
        "LoRA over bf16 (the recipe)": (2 * total, 16 * trained),
        "QLoRA over NF4": (four_bits, 8 * trained),
    }
    print(
        f"{total:,} parameters, {trained:,} of them in adapters on top (rank {recipe.lora_rank}, every linear layer);"
    )
    print(f"{options.batch_size} rows of {options.length} tokens. An estimate in GB, nothing was run:\n")
    print("| | weights | gradients and optimizer | activations | together |\n|---|---|---|---|---|")
    for name, (weights, state) in rows.items():
        figures = [weights, state, work, weights + state + work]
        print(f"| {name} | " + " | ".join(f"{figure / GB:.1f}" for figure in figures) + " |")


if __name__ == "__main__":
    main()
