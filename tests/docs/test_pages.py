"""Every code block of the README and of docs/ runs, and every link leads to a file."""

import os
import re
import shutil
from pathlib import Path

import pytest
from blocks import Page, check_options, commands, read_blocks
from small import few_prompts

from hf_causal.systems import NAMES

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if "_build" not in page.parts]
# The page of a sister system that is not in this checkout cannot run.
PAGES = [page for page in PAGES if page.parent.name != "systems" or page.stem in NAMES]
LANGUAGES = {"python", "bash", "text", "", "bibtex", "yaml"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with the parts of a checkout that pages use."""
    for name in ("model_cards", "spaces"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", os.environ.get("HF_HOME", str(tmp_path / "home")))
    # An export is compared with its model on few prompts; on all of them in `test_export.py`.
    monkeypatch.setattr("hf_causal.export.parity.tasks", few_prompts)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_run(page, folder):
    runner = Page(folder)
    blocks = read_blocks(page.read_text(encoding="utf-8"))
    for block in blocks:
        assert block.language in LANGUAGES or block.language.startswith("{"), f"line {block.line}: {block.language!r}"
        if block.lacks_module:
            continue
        if block.reason is None:
            runner.run(block)
        elif block.language == "bash":
            for line in commands(block.code):
                check_options(line)
    if lacking := sorted({block.module for block in blocks if block.lacks_module}):
        pytest.skip(f"all other blocks ran; some need {', '.join(lacking)}, which `make harnesses` installs")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    missing = [target for target in targets if target and "://" not in target and not (page.parent / target).exists()]
    assert not missing


def test_readme_fits_on_a_screen_or_two():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150
    assert max(map(len, lines)) <= 120


def test_a_block_that_needs_a_module_is_left_out_without_it():
    text = "<!-- needs: {} -->\n```python\nprint(1)\n```\n"
    (block,), (other,) = (read_blocks(text.format(module)) for module in ("json", "no_such_module"))
    assert not block.lacks_module and other.lacks_module and block.reason is other.reason is None


def test_a_block_that_cannot_run_fails(tmp_path):
    with pytest.raises(AssertionError, match="no option --nonsense"):
        check_options("hf-causal build axiomatic --nonsense 3")
    with pytest.raises(AssertionError, match="printed"):
        page = Page(tmp_path)
        for block in read_blocks("```python\nprint(1)\n```\n\n```text\n2\n```\n"):
            page.run(block)


@pytest.mark.skipif("interventions" not in NAMES, reason="its command is not in this checkout")
def test_the_page_of_commands_is_up_to_date(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    import make_cli

    assert make_cli.PAGE.read_text(encoding="utf-8") == make_cli.render(), "run `python docs/make_cli.py`"
