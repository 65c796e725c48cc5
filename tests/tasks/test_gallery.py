"""GALLERY.md is what the tasks make today."""

import json
import re
from pathlib import Path

from hf_causal.tasks.gallery import LONGEST_PROMPT, render_gallery, shorten
from hf_causal.tasks.proving import check
from hf_causal.tasks.registry import tasks

GALLERY = Path(__file__).resolve().parents[2] / "GALLERY.md"


def test_the_gallery_is_up_to_date():
    assert GALLERY.read_text(encoding="utf-8") == render_gallery(), "run `make gallery`"


def test_every_config_has_a_row_whose_proof_holds():
    text = GALLERY.read_text(encoding="utf-8")
    rows = re.findall(r"### `(\w+)` / `(\w+)`\n\n.*?\n\n((?:> .*\n)+)\n\*\*(.+?)\.\*\* .*\n\n```json\n(.*)\n```", text)
    configs = {(task.dataset.name, config) for task in tasks().values() for config in task.configs}
    assert {(dataset, config) for dataset, config, *_ in rows} == configs
    shortened = set()
    for _, config, quoted, answer, certificate in rows:
        json.loads(certificate)
        prompt = quoted.removeprefix("> ").replace("  \n> ", "\n").strip()
        if "sentences left out" in prompt:
            shortened.add(config)
        else:
            check({"prompt": prompt, "completion": answer, "certificate": certificate})
    assert shortened == {"seven_variables"}


def test_only_long_prompts_are_shortened():
    prompt = "A causes B. " * 200 + "Does A cause B?"
    short = shorten(prompt)
    assert len(short) <= LONGEST_PROMPT + 40 and short.endswith("Does A cause B?")
    assert f"(… {201 - short.count('A causes B') - 1} sentences left out …)" in short
    assert shorten(short[:LONGEST_PROMPT]) == short[:LONGEST_PROMPT]
