"""The axiom tokenizer: names as characters, words as one token each, recognized by their context in the sentence."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters, digits

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import TokenizersBackend

SPECIAL_TOKENS = ("<pad>", "<bos>", "<eos>", "<unk>")
CHARACTERS = tuple(ascii_letters + digits)
WORDS = ("causes", "cause", "Does", "Yes", "No", ".", "?")

# The context in which each word is a word and not a name; patterns see one sentence at a time. The rest of a sentence
# is names, which keep the space that separates them, so that a later step does not take a name for a word.
_NAME = "[A-Za-z0-9]+"
# The name after a mark such as `{`: not the first of two, as in `{C D}`, whose space would be lost with it.
_ONE_NAME = rf"{_NAME}(?![A-Za-z0-9]|\s+[A-Za-z0-9])"
_CONTEXTS = (
    rf"\ADoes(?=\s+{_NAME}\s+cause\s+{_NAME}\s*\??\s*\z)",  # opens a question
    rf"(?<=\s)causes(?=\s+{_NAME}\s*\.?\s*\z)",  # in a statement, one name follows
    rf"(?<=\s)cause(?=\s+{_NAME}\s*\??\s*\z)",  # in a question, one name follows
    r"\A(?:Yes|No)(?=\s*\.?\s*\z)",  # an answer is a sentence by itself
    r"[.?]",
)

# The same for words of further tasks that could be names. Phrases of several words, and words with punctuation, cannot
# be names and are recognized anywhere.
_AFTER_LAST = r"\s*\.?\s*\z|\s+(?:d-separated|are\ independent|together\ cause|are\ held|share\ a\ hidden)"
_CONTEXT_OF = {
    "Are": rf"\AAre(?=\s+{_NAME}\s+and\s)",
    "and": rf"(?<=\s)and(?=\s+{_NAME}(?:{_AFTER_LAST}))",
    "given": r"(?<=\s)given(?=\s*\{)",
    "variables": r"(?<=[0-9]\s)variables(?=\s*,)",
    "influences": rf"(?<=\s)influences(?=\s+{_NAME}\s+through\s)",
    "However,": r"(?:\A|(?<=follows:\s))However,(?=\s)",
    "Can": r"\ACan(?=\s+changing\s)",
    "changing": rf"(?<=Can\s)changing(?=\s+{_NAME})",
    "affect": rf"(?<=\s)affect(?=\s+{_NAME}\s*(?:,|or\s|if\s|\?|\z))",
    "or": rf"(?<=\s)or(?=\s+{_NAME}(?:\s+(?:affect|if)\s|\s*\??\s*\z))",
    "if": r"(?<=\s)if(?=\s[^.?]*\sheld\s+fixed\s*\??\s*\z)",
    "is": r"(?<=\s)is(?=\s+held\s+fixed\s*\??\s*\z)",
    "are": r"(?<=\s)are(?=\s+held\s+fixed\s*\??\s*\z)",
    "held": r"(?<=\s)held(?=\s+fixed\s*\??\s*\z)",
    "fixed": r"(?<=\sheld\s)fixed(?=\s*\??\s*\z)",
    "Is": r"\AIs(?=\s*\{|\s[^.]*\?\s*\z)",
    "on": rf"(?<=\s)on(?=\s+{_NAME}\s*\??\s*\z)",
}


class AxiomTokenizer(TokenizersBackend):
    r"""
    Tokenizer of the axiomatic corpora, built on the Rust `tokenizers` library.

    The closed vocabulary is that of arXiv 2407.07612, 62 letters and digits and `causes`, `cause`, `Does`, `Yes`,
    `No`, the full stop and the question mark (69), and in addition `<pad>`, `<bos>`, `<eos>` and `<unk>`. Spaces carry
    no information in these texts and have no token; decoding puts them back, so that a prompt survives a round trip
    unchanged.

    A word is recognized by its context in the sentence, not by its spelling: in `cause causes No. Does cause cause
    No?` the nodes are called `cause` and `No`. Anything else (other characters, names of several words, words that the
    forms of the task do not have) becomes `<unk>`, which the models refuse. Saved, the tokenizer is one
    `tokenizer.json` that `AutoTokenizer.from_pretrained` loads without this class.

    Args:
        extra_words (sequence of `str`, *optional*):
            Words and set phrases of further tasks (`"d-separated"`, `"is independent of"`), one token each, between
            spaces or punctuation; words that could also be names are recognized by their context.
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
        options = {"padding_side": "left", "clean_up_tokenization_spaces": False, "extra_words": list(extra_words)}
        super().__init__(**{**special, **options, **kwargs})


_NEXT_LINE = "Hypothesis:"
"""Word that begins a new line."""


def _build(extra_words: tuple[str, ...]) -> Tokenizer:
    """Builds the Rust tokenizer; raises `ValueError` for words that cannot be in the vocabulary."""
    vocabulary = _vocabulary(extra_words)
    tokenizer = Tokenizer(
        models.WordLevel({token: index for index, token in enumerate(vocabulary)}, unk_token="<unk>")
    )
    phrases = [word for word in extra_words if " " in word]
    # Inside a phrase every space counts, so that there is exactly one way to write it.
    one_space = [normalizers.Replace(Regex(r"\s+"), " ")]
    strip = normalizers.Strip()
    tokenizer.normalizer = normalizers.Sequence([strip, *one_space]) if phrases else strip
    tokenizer.pre_tokenizer = _pre_tokenizer(extra_words, phrases)
    tokenizer.decoder = _decoder(extra_words)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A $B", special_tokens=[("<bos>", vocabulary.index("<bos>"))]
    )
    return tokenizer


def _vocabulary(extra_words: tuple[str, ...]) -> list[str]:
    vocabulary = [*SPECIAL_TOKENS, *CHARACTERS, *WORDS]
    for word in extra_words:
        if not word or word != " ".join(word.split()) or word in vocabulary:
            raise ValueError(
                "`extra_words` must be words, or phrases with single spaces in them, that are not in the vocabulary "
                f"yet, got {word!r}"
            )
        vocabulary.append(word)
    return vocabulary


def _pre_tokenizer(extra_words: tuple[str, ...], phrases: list[str]) -> pre_tokenizers.PreTokenizer:
    """Splits a text into sentences, these into words and names, and names into characters."""
    words = "|".join(_escape(word) for word in sorted((*WORDS, *extra_words), key=len, reverse=True))
    marks = "|".join(_escape(word) for word in extra_words if not word[0].isalnum())
    marks = rf"\A(?:{marks})|" if marks else ""
    # Stops inside a phrase do not end a sentence.
    with_stops = "|".join(_escape(phrase) for phrase in phrases if "." in phrase)
    sentence = rf"(?:{with_stops}|[^.?])*[.?]?\s*" if with_stops else r"[^.?]*[.?]?\s*"
    longest_first = sorted(extra_words, key=len, reverse=True)
    return pre_tokenizers.Sequence(
        [
            # A stop or question mark belongs to the sentence that it ends.
            pre_tokenizers.Split(Regex(sentence), behavior="isolated"),
            pre_tokenizers.Split(Regex("|".join([*_CONTEXTS, *map(_pattern, longest_first)])), behavior="isolated"),
            # A space inside a name makes its neighbour unknown: joining the words would lose the space silently.
            pre_tokenizers.Split(Regex(rf"\A(?:{words})\z|{marks}\A\s+|\S\s+(?=\S)|\S|\s+\z"), behavior="isolated"),
            pre_tokenizers.Split(Regex(r"\A\s+\z"), behavior="removed"),
        ]
    )


def _decoder(extra_words: tuple[str, ...]) -> decoders.Decoder:
    """Puts the spaces back, which have no tokens."""
    spaced = {
        "Does": "Does ",
        ".": ". ",
        "?": "? ",
        **{word: f" {word} " for word in ("causes", "cause", *extra_words)},
        **({_NEXT_LINE: f"\n{_NEXT_LINE} "} if _NEXT_LINE in extra_words else {}),
    }
    return decoders.Sequence(
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


def _pattern(word: str) -> str:
    """Returns the pattern of a word in its context; without a known one, anywhere except inside another word."""
    return _CONTEXT_OF.get(word) or (
        rf"(?<![A-Za-z0-9\-]){_escape(word)}(?![A-Za-z0-9\-])"
        if word[0].isalnum()
        else rf"{_escape(word)}(?:{_ONE_NAME})?"
    )


def _escape(word: str) -> str:
    return "".join(character if character.isalnum() else f"\\{character}" for character in word)


__all__ = ["AxiomTokenizer"]
