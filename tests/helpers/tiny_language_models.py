"""Language models of a few thousand parameters, with tokenizers made on the spot."""

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, TokenizersBackend

CHAT = (
    "{% for message in messages %}<{{ message.role }}>{{ message.content }}<eos>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
_MERGES = [("Y", "e"), ("Ye", "s"), ("N", "o"), ("Ġ", "Yes"), ("Ġ", "No")]


def tiny_tokenizer(whole_answers: bool = True, chat: bool = False) -> TokenizersBackend:
    """Bytes; with `whole_answers`, Yes and No are one token each, with and without a space before them."""
    merges = _MERGES if whole_answers else []
    words = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *(first + second for first, second in merges), "<eos>"]
    backend = Tokenizer(models.BPE({word: index for index, word in enumerate(words)}, merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    tokenizer = TokenizersBackend(tokenizer_object=backend, eos_token="<eos>")
    if chat:
        tokenizer.chat_template = CHAT
    return tokenizer


def tiny_model(tokenizer, seed: int = 0, always: str | None = None, positions: int = 4096) -> GPT2LMHeadModel:
    """A GPT-2 with random weights large enough that everything matters; with `always`, one that repeats a token."""
    torch.manual_seed(seed)
    eos = tokenizer.eos_token_id
    sizes = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": positions}
    model = GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), bos_token_id=eos, eos_token_id=eos, **sizes)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.3)
        if always is not None:
            model.transformer.ln_f.weight.zero_()
            model.transformer.ln_f.bias.zero_()[0] = 1
            model.transformer.wte.weight[:, 0] = 0
            model.transformer.wte.weight[tokenizer.convert_tokens_to_ids(always), 0] = 10
    return model


def save_tiny(folder, always: str | None = None, **options) -> str:
    """A model folder."""
    tokenizer = tiny_tokenizer(**options)
    tiny_model(tokenizer, always=always).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)
