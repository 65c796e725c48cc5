"""Teach transformers causal reasoning from text, and measure exactly how far it generalizes.

Nothing heavy is imported here. `import hf_causal.models` registers the architectures with transformers.
"""

__version__ = "0.1.0"
