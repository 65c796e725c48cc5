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

WORDS = ("causes", "Are", "and", "d-separated", "given", "Yes", "No", "Does", "cause")
SPECIAL = ("<pad>", "<eos>", "<user>", "<assistant>", "<unk>", "[CLS]", "[SEP]")


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


def save_language_model(folder: Path, kind: str = "llama", chat: bool = False, seed: int = 0, size: int = 32) -> Path:
    """A Llama or a GPT-2 of two layers with random weights."""
    tokenizer = word_tokenizer(chat)
    torch.manual_seed(seed)
    ids = {"vocab_size": len(tokenizer), "bos_token_id": None, "eos_token_id": 1, "pad_token_id": 0}
    if kind == "llama":
        heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 512}
        sizes = {"hidden_size": size, "intermediate_size": 2 * size, "num_hidden_layers": 2, **heads}
        model = LlamaForCausalLM(LlamaConfig(**ids, **sizes, initializer_range=0.05))
    else:
        sizes = {"n_embd": size, "n_layer": 2, "n_head": 2, "n_positions": 512}
        model = GPT2LMHeadModel(GPT2Config(**ids, **sizes, initializer_range=0.05))
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


def save_classifier(folder: Path, labels: tuple[str, ...], seed: int = 0) -> Path:
    """A BERT of two layers with a head of these labels and random weights."""
    tokenizer = pair_tokenizer()
    torch.manual_seed(seed)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = BertConfig(
        vocab_size=len(tokenizer),
        pad_token_id=0,
        max_position_embeddings=256,
        initializer_range=0.05,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
        **sizes,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
