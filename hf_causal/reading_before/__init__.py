"""Reading text as people type it: any names, several ways to say "causes", lists, missing stops."""

from hf_causal.reading_before.reading import EverydayPrompt, read_everyday
from hf_causal.reading_before.sentences import Sentence, Trouble, UnreadableText, split_sentences

__all__ = ["EverydayPrompt", "Sentence", "Trouble", "UnreadableText", "read_everyday", "split_sentences"]
