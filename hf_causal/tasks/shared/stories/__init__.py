"""Prompts as stories: everyday topics, nonsense words, and sentences in English and Chinese."""
