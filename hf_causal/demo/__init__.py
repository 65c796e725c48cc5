"""The page on which people ask causal questions: `hf-causal demo`, and the Space `causal_reasoner`.

`hf_causal.demo.page` builds and serves it; nothing heavy is imported here.
"""
