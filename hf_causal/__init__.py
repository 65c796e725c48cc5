"""Teach transformers causal reasoning from text, and measure exactly how far it generalizes.

The functions below are imported when they are used, so that `import hf_causal` takes no time.
`import hf_causal.models` registers the architectures with transformers.

Example:

```python
>>> import hf_causal
>>> row = hf_causal.create("transitivity", rows=2, seed=7)[0]
>>> hf_causal.check(row)  # raises an error if the certificate does not prove the answer
>>> hf_causal.prove(row["prompt"]).answer == row["completion"]
True
>>> hf_causal.score(f"The answer is {row['completion']}.", row).value
1.0
>>> hf_causal.vary(row, "story", seed=1)["completion"] == row["completion"]
True
>>> hf_causal.read("Mud is caused by rain, and mud leads to falls.", "Does rain cause falls?").edges
(('rain', 'mud'), ('mud', 'falls'))
>>> hf_causal.ask("Mud is caused by rain, and mud leads to falls.", "What causes falls?").members
('rain', 'mud')

```
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hf_causal.corpora.create import create as create
    from hf_causal.corpora.create import load as load
    from hf_causal.reading import ask as ask
    from hf_causal.reading import read as read
    from hf_causal.scoring import Score as Score
    from hf_causal.scoring import score as score
    from hf_causal.tasks.proving import check as check
    from hf_causal.tasks.proving import prove as prove
    from hf_causal.tasks.varying import vary as vary
    from hf_causal.verification.verify import verify as verify

__version__ = "0.1.0"

_MODULES = {
    "create": "hf_causal.corpora.create",
    "load": "hf_causal.corpora.create",
    "prove": "hf_causal.tasks.proving",
    "check": "hf_causal.tasks.proving",
    "read": "hf_causal.reading",
    "ask": "hf_causal.reading",
    "vary": "hf_causal.tasks.varying",
    "verify": "hf_causal.verification.verify",
    "score": "hf_causal.scoring",
    "Score": "hf_causal.scoring",
}
"""From public name to the module that defines it."""

__all__ = ["Score", "__version__", "ask", "check", "create", "load", "prove", "read", "score", "vary", "verify"]


def __getattr__(name: str) -> Any:
    """Imports a public function when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
