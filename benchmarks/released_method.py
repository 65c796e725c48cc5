"""How the released code of arXiv 2407.07612 trains, written anew from its description, for comparison.

A GPT-2 model of transformers is fed embeddings from another table, so that GPT-2's table of 50,257 words is there
and never used. 128 prompts at a time are padded to the longest, everything is computed in fp32, a Python loop picks
each prompt's last token, and the loss is the cross-entropy over the vocabulary there. The optimizer is AdamW as it
comes.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from transformers import GPT2Config, GPT2Model

BATCH = 128
POSITIONS = 7000

_NAMES = (
    ("model.embed_tokens", "embed"),
    ("lm_head", "head"),
    ("model.embed_positions", "gpt2.wpe"),
    ("model.norm", "gpt2.ln_f"),
    ("model.layers", "gpt2.h"),
    ("input_layernorm", "ln_1"),
    ("post_attention_layernorm", "ln_2"),
    ("self_attn.qkv_proj", "attn.c_attn"),
    ("self_attn.o_proj", "attn.c_proj"),
    ("mlp.up_proj", "mlp.c_fc"),
    ("mlp.down_proj", "mlp.c_proj"),
)


class ReleasedModel(nn.Module):
    """GPT-2 between an embedding table and a head.

    Args:
        vocabulary, width, layers, heads (`int`): Its sizes.
    """

    def __init__(self, vocabulary: int, width: int, layers: int, heads: int):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.gpt2 = GPT2Model(GPT2Config(n_embd=width, n_layer=layers, n_head=heads, n_positions=POSITIONS))
        self.head = nn.Linear(width, vocabulary, bias=False)

    def copy_decoder(self, decoder: nn.Module) -> None:
        """Takes over the weights of an axiom decoder without positions, so that the two compute the same."""
        theirs = {"gpt2.wpe.weight": torch.zeros_like(self.gpt2.wpe.weight)}
        for name, weights in decoder.state_dict().items():
            for old, new in _NAMES:
                name = name.replace(old, new)
            # GPT-2 stores its linear layers transposed.
            theirs[name] = weights.T if weights.ndim == 2 and ".c_" in name else weights
        missing, unexpected = self.load_state_dict(theirs, strict=False)
        if unexpected or set(missing) != {"gpt2.wte.weight"}:
            raise ValueError(f"`decoder` has other weights than GPT-2: {[*missing, *unexpected]}")

    def forward(self, prompts: Sequence[Sequence[int]], answers: Sequence[int]) -> torch.Tensor:
        """Mean loss of the answers after the prompts, both as token ids."""
        device = self.head.weight.device
        longest = max(map(len, prompts))
        ids = torch.tensor([[*prompt, *[0] * (longest - len(prompt))] for prompt in prompts], device=device)
        mask = torch.tensor([[1] * len(prompt) + [0] * (longest - len(prompt)) for prompt in prompts], device=device)
        states = self.gpt2(inputs_embeds=self.embed(ids), attention_mask=mask).last_hidden_state
        last = []
        for row, prompt in enumerate(prompts):
            last.append(states[row, len(prompt) - 1])
        return nn.functional.cross_entropy(self.head(torch.stack(last)), torch.tensor(answers, device=device))
