"""Language models that answer in words: prompts, local models, endpoints and the cache of their replies."""
