"""Links the Python files that each released model needs into its folder: `python model_cards/link_code.py`.

With them, `from_pretrained(FOLDER, trust_remote_code=True)` loads a folder of a checkout in a process that has not
imported `hf_causal.models`. Links and not copies, so that there is one version of the code. A folder that was saved by
`save_pretrained` has copies; this program replaces them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from hf_causal.hub.remote_code import package_code

HERE = Path(__file__).resolve().parent


def link_code(folder: Path) -> None:
    """Makes the Python files of a model folder links to those that its architecture needs."""
    for path in folder.glob("*.py"):
        path.unlink()
    model_type = json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"]
    for name, path in package_code(model_type).items():
        (folder / name).symlink_to(os.path.relpath(path, folder))


if __name__ == "__main__":
    for config in sorted(HERE.glob("*/config.json")):
        link_code(config.parent)
