"""Models of some ten thousand parameters that learn within seconds, and the corpora that they learn from.

The answers to questions of d-separation hang together with the size of the conditioning set, which a word-level model
of two layers sees after a few dozen steps: enough for a gain on premises that it never read.
"""

import string
from pathlib import Path

import torch
from tiny_language_models import CHAT
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    TokenizersBackend,
)

QUICK = {
    "config": "d_separation",
    "train_rows": 1600,
    "validation_rows": 40,
    "learning_rate": 1e-2,
    "eval_steps": 1000,
    "logging_steps": 1000,
    "gradient_checkpointing": False,
    "mixed_precision": "no",
    "lora_rank": 8,
    "lora_dropout": 0.0,
}
"""Fields of a recipe that make it a matter of seconds."""

WORDS = ("causes", "Are", "and", "d-separated", "given", "Yes", "No", "Does", "cause")
SPECIAL = ("<pad>", "<eos>", "<user>", "<assistant>", "<unk>", "[CLS]", "[SEP]")


def quick(model: Path, **fields):
    """A recipe of a few seconds."""
    from hf_causal.posttraining.recipe import load_finetune_recipe

    return load_finetune_recipe(None, {**QUICK, "model": str(model), **fields})


def word_tokenizer(chat: bool = False) -> TokenizersBackend:
    """The words of the grammars whole, everything else by character."""
    vocabulary = [*SPECIAL, *WORDS, *string.printable]
    backend = Tokenizer(models.WordLevel({word: i for i, word in enumerate(vocabulary)}, unk_token="<unk>"))
    words = "|".join(WORDS)
    backend.pre_tokenizer = pre_tokenizers.Split(Regex(rf"\b(?:{words})\b|[\s\S]"), behavior="isolated")
    backend.decoder = decoders.Fuse()
    tokenizer = TokenizersBackend(
        tokenizer_object=backend,
        eos_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
        additional_special_tokens=["<user>", "<assistant>"],
    )
    if chat:
        tokenizer.chat_template = CHAT
    return tokenizer


def save_language_model(
    folder: Path, kind: str = "llama", chat: bool = False, seed: int = 0, scale: float = 0.05
) -> Path:
    """A Llama or a GPT-2 of two layers with random weights."""
    tokenizer = word_tokenizer(chat)
    torch.manual_seed(seed)
    ids = {"vocab_size": len(tokenizer), "bos_token_id": None, "eos_token_id": 1, "pad_token_id": 0}
    if kind == "llama":
        heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 512}
        sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, **heads}
        model = LlamaForCausalLM(LlamaConfig(**ids, **sizes, initializer_range=scale))
    else:
        sizes = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 512}
        model = GPT2LMHeadModel(GPT2Config(**ids, **sizes, initializer_range=scale))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def pair_tokenizer() -> TokenizersBackend:
    """As BERT has them: `[CLS] premise [SEP] question [SEP]`, the two told apart by their types."""
    from tokenizers.processors import TemplateProcessing

    tokenizer = word_tokenizer()
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, tokenizer.convert_tokens_to_ids(token)) for token in ("[CLS]", "[SEP]")],
    )
    return TokenizersBackend(
        tokenizer_object=tokenizer.backend_tokenizer,
        pad_token="<pad>",
        unk_token="<unk>",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=256,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def save_classifier(folder: Path, labels: tuple[str, ...], seed: int = 0, scale: float = 0.05) -> Path:
    """A BERT of two layers with a head of these labels and random weights."""
    tokenizer = pair_tokenizer()
    torch.manual_seed(seed)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = BertConfig(
        vocab_size=len(tokenizer),
        pad_token_id=0,
        max_position_embeddings=256,
        initializer_range=scale,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
        **sizes,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_contrary_model(folder: Path, rows, steps: int = 100) -> Path:
    """A Llama that has learned what matters about the questions and answers the other way: adapters can turn it."""
    save_language_model(folder)
    model, tokenizer = LlamaForCausalLM.from_pretrained(folder), word_tokenizer()
    prompts, answers = rows["prompt"].to_pylist(), rows["completion"].to_pylist()
    other = {"Yes": "No", "No": "Yes"}
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.0)
    order = torch.randperm(len(prompts), generator=torch.Generator().manual_seed(0)).tolist()
    for step in range(steps):
        chosen = order[16 * step : 16 * step + 16]
        texts = [f"{prompts[row]} {other[answers[row]]}<eos>" for row in chosen]
        batch = tokenizer(texts, return_tensors="pt", padding=True, padding_side="left")
        logits, told = model(**batch).logits[:, -4:-1], batch["input_ids"][:, -3:]  # the space, the answer, the end
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), told.flatten())
        optimizer.param_groups[0]["lr"] = 1e-2 * min(1, (step + 1) / 10) * (1 - step / steps)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    return folder
