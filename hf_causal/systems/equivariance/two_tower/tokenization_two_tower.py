"""The tokenizer of captions: one token a word."""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import TokenizersBackend

SPECIAL_TOKENS = ("<pad>", "<unk>")


class TwoTowerTokenizer(TokenizersBackend):
    r"""
    Tokenizer of captions, built on the Rust `tokenizers` library: a closed vocabulary of whole words, in any case.

    Saved, it is one `tokenizer.json` that `AutoTokenizer.from_pretrained` loads without this class.

    Args:
        words (sequence of `str`):
            The vocabulary, beside `<pad>` and `<unk>`.
        **kwargs: Passed to `TokenizersBackend`, for example `padding_side` (default `"right"`).

    Example:

    ```python
    >>> tokenizer = TwoTowerTokenizer(["a", "red", "circle"])
    >>> tokenizer(["A red circle", "a green circle"]).input_ids
    [[2, 3, 4], [2, 1, 4]]

    ```
    """

    model_input_names = ["input_ids", "attention_mask"]

    def __init__(self, words: Sequence[str] = (), **kwargs):
        if kwargs.get("tokenizer_object") is None and kwargs.get("tokenizer_file") is None:
            kwargs["tokenizer_object"] = _build(tuple(words))
        own = {"pad_token": "<pad>", "unk_token": "<unk>", "padding_side": "right", "words": list(words)}
        super().__init__(**{**own, "clean_up_tokenization_spaces": False, **kwargs})


def _build(words: tuple[str, ...]) -> Tokenizer:
    vocabulary = [*SPECIAL_TOKENS, *words]
    if len(set(vocabulary)) < len(vocabulary) or any(word != word.lower() or word.split() != [word] for word in words):
        raise ValueError(f"`words` must be different words in lower case, got {list(words)}")
    tokenizer = Tokenizer(
        models.WordLevel({token: index for index, token in enumerate(vocabulary)}, unk_token="<unk>")
    )
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


__all__ = ["TwoTowerTokenizer"]
