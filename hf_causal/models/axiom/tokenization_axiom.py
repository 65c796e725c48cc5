"""The axiom tokenizer: node names by character, words whole, recognised by their place in the sentence."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters, digits

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import TokenizersBackend

SPECIAL_TOKENS = ("<pad>", "<bos>", "<eos>", "<unk>")
CHARACTERS = tuple(ascii_letters + digits)
WORDS = ("causes", "cause", "Does", "Yes", "No", ".", "?")

# Each word with the place in which it is a word and not a name; patterns see one sentence at a time. What is left
# around them is names, which keep the space that separates them, so that a name is never mistaken for a word later on.
_NAME = "[A-Za-z0-9]+"
_PLACES = (
    rf"\ADoes(?=\s+{_NAME}\s+cause\s+{_NAME}\s*\??\s*\z)",  # opens a question
    rf"(?<=\s)causes(?=\s+{_NAME}\s*\.?\s*\z)",  # in a statement, one name follows
    rf"(?<=\s)cause(?=\s+{_NAME}\s*\??\s*\z)",  # in a question, one name follows
    r"\A(?:Yes|No)(?=\s*\.?\s*\z)",  # an answer stands alone
    r"[.?]",
)

# Words of further grammars that could be names, with their places. Set phrases of several words, and words with other
# signs in them, can be no name, and are recognised wherever they stand.
_PLACES_OF = {
    "Are": rf"\AAre(?=\s+{_NAME}\s+and\s)",
    "and": rf"(?<=\s)and(?=\s+{_NAME}(?:\s*\.?\s*\z|\s+(?:d-separated|are\ independent|together\ cause)))",
    "given": r"(?<=\s)given(?=\s*\{)",
    "variables": r"(?<=[0-9]\s)variables(?=\s*,)",
    "influences": rf"(?<=\s)influences(?=\s+{_NAME}\s+through\s)",
    "However,": r"\AHowever,(?=\s)",
}


class AxiomTokenizer(TokenizersBackend):
    r"""
    Tokenizer of the axiomatic corpora, built on the Rust `tokenizers` library.

    The closed vocabulary is that of arXiv 2407.07612, 62 letters and digits and `causes`, `cause`, `Does`, `Yes`,
    `No`, the full stop and the question mark (69), with `<pad>`, `<bos>`, `<eos>` and `<unk>` kept apart. Spaces carry
    no information in this grammar and have no token; decoding puts them back, so that any text of the grammar survives
    a round trip unchanged.

    A word is recognised by its place in the sentence, not by its spelling: in `cause causes No. Does cause cause No?`
    the nodes are called `cause` and `No`. Saved, it is one `tokenizer.json` that `AutoTokenizer.from_pretrained` loads
    without this class.

    Args:
        extra_words (sequence of `str`, *optional*):
            Words and set phrases of further grammars (`"d-separated"`, `"is independent of"`), each a token of its own
            wherever it stands between spaces or punctuation; the words that could also be names have their places.
        **kwargs: Passed to `TokenizersBackend`, for example `padding_side` (default `"left"`).

    Example:

    ```python
    >>> tokenizer = AxiomTokenizer()
    >>> tokenizer.tokenize("no causes B2. Does no cause B2?")
    ['n', 'o', 'causes', 'B', '2', '.', 'Does', 'n', 'o', 'cause', 'B', '2', '?']
    >>> tokenizer.decode(tokenizer("no causes B2. Does no cause B2? Yes").input_ids, skip_special_tokens=True)
    'no causes B2. Does no cause B2? Yes'

    ```
    """

    def __init__(self, extra_words: Sequence[str] = (), **kwargs):
        if kwargs.get("tokenizer_object") is None and kwargs.get("tokenizer_file") is None:
            kwargs["tokenizer_object"] = _build(tuple(extra_words))
        special = dict(zip(("pad_token", "bos_token", "eos_token", "unk_token"), SPECIAL_TOKENS, strict=True))
        # `extra_words` go into the saved configuration, so that loading through this class keeps them.
        own = {"padding_side": "left", "clean_up_tokenization_spaces": False, "extra_words": list(extra_words)}
        super().__init__(**{**special, **own, **kwargs})


_NEXT_LINE = "Hypothesis:"
"""Begins a line of its own."""


def _build(extra_words: tuple[str, ...]) -> Tokenizer:
    vocabulary = [*SPECIAL_TOKENS, *CHARACTERS, *WORDS]
    for word in extra_words:
        if not word or word != " ".join(word.split()) or word in vocabulary:
            raise ValueError(
                "`extra_words` must be words, or phrases with single spaces in them, that are not in the vocabulary "
                f"yet, got {word!r}"
            )
        vocabulary.append(word)
    tokenizer = Tokenizer(
        models.WordLevel({token: index for index, token in enumerate(vocabulary)}, unk_token="<unk>")
    )
    words = "|".join(_escape(word) for word in sorted((*WORDS, *extra_words), key=len, reverse=True))
    marks = "|".join(_escape(word) for word in extra_words if not word[0].isalnum())
    marks = rf"\A(?:{marks})|" if marks else ""
    phrases = [word for word in extra_words if " " in word]
    # Inside a phrase every space counts, so there is one way only to write it.
    one_space = [normalizers.Replace(Regex(r"\s+"), " ")] if phrases else []
    tokenizer.normalizer = normalizers.Sequence([normalizers.Strip(), *one_space]) if phrases else normalizers.Strip()
    # Stops inside a phrase end no sentence.
    whole = "|".join(_escape(phrase) for phrase in phrases if "." in phrase)
    sentence = rf"(?:{whole}|[^.?])*[.?]?\s*" if whole else r"[^.?]*[.?]?\s*"
    further = sorted(extra_words, key=len, reverse=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            # One sentence at a time; a stop or question mark belongs to the sentence that it ends.
            pre_tokenizers.Split(Regex(sentence), behavior="isolated"),
            pre_tokenizers.Split(Regex("|".join([*_PLACES, *map(_pattern, further)])), behavior="isolated"),
            # Names by character. A space inside a name makes its neighbour unknown: merging the words would lose it
            # silently.
            pre_tokenizers.Split(Regex(rf"\A(?:{words})\z|{marks}\A\s+|\S\s+(?=\S)|\S|\s+\z"), behavior="isolated"),
            pre_tokenizers.Split(Regex(r"\A\s+\z"), behavior="removed"),
        ]
    )
    spaced = {
        "Does": "Does ",
        ".": ". ",
        "?": "? ",
        **{word: f" {word} " for word in ("causes", "cause", *extra_words)},
        **({_NEXT_LINE: f"\n{_NEXT_LINE} "} if _NEXT_LINE in extra_words else {}),
    }
    tokenizer.decoder = decoders.Sequence(
        [
            *(decoders.Replace(Regex(f"^{_escape(word)}$"), written) for word, written in spaced.items()),
            decoders.Fuse(),
            decoders.Replace(Regex(r" {2,}"), " "),
            *([decoders.Replace(" \n", "\n")] if _NEXT_LINE in extra_words else []),
            *(decoders.Replace(f" {mark}", mark) for mark in ".?,}"),
            decoders.Replace("{ ", "{"),
            decoders.Replace(Regex("^ | $"), ""),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A $B", special_tokens=[("<bos>", vocabulary.index("<bos>"))]
    )
    return tokenizer


def _pattern(word: str) -> str:
    """Pattern of a word in its places: where they are not known, in any, but not as a part of another word."""
    return _PLACES_OF.get(word) or (
        rf"(?<![A-Za-z0-9\-]){_escape(word)}(?![A-Za-z0-9\-])"
        if word[0].isalnum()
        else rf"{_escape(word)}(?:{_NAME})?"
    )


def _escape(word: str) -> str:
    return "".join(character if character.isalnum() else f"\\{character}" for character in word)


__all__ = ["AxiomTokenizer"]
