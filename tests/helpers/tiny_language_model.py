"""A language model of the stock kind with random weights, for harnesses and trainers that expect one."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast


def save_tiny_language_model(folder: Path, initializer_range: float = 0.5) -> Path:
    """Writes a GPT-2 of two layers, and a byte-level tokenizer in which ` Yes` and ` No` are tokens.

    Weights are 25 times as large as usual unless asked otherwise, so that answers differ from prompt to prompt.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=["<eos>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator([" Yes No causes Does cause correlates independent"] * 4, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>", pad_token="<eos>")
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"vocab_size": len(fast), "n_positions": 4096, "n_embd": 16, "n_layer": 2, "n_head": 2}
    config = GPT2Config(**sizes, bos_token_id=0, eos_token_id=0, initializer_range=initializer_range)
    GPT2LMHeadModel(config).save_pretrained(folder)
    return folder


def log_likelihoods(folder: Path, prompts: list[str]) -> list[tuple[float, float]]:
    """Log-likelihood of ` No` and of ` Yes` after each prompt, one prompt at a time, by the library alone."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    model = GPT2LMHeadModel.from_pretrained(folder).eval()
    found = []
    for prompt in prompts:
        with torch.no_grad():
            logits = model(**tokenizer(prompt, return_tensors="pt")).logits[0, -1]
        scores = logits.log_softmax(-1)
        found.append(tuple(float(scores[tokenizer(answer)["input_ids"]]) for answer in (" No", " Yes")))
    return found
