"""The wheel has to work where the clone is not: recipes, templates and builders are in it."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def outside(tmp_path_factory) -> Path:
    """An environment with the wheel in it, whose dependencies are found in this one."""
    folder = tmp_path_factory.mktemp("wheel")
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*wheel, "--wheel-dir", str(folder), str(ROOT)], check=True, capture_output=True, cwd=folder)
    venv.create(folder / "env")
    python = folder / "env" / "bin" / "python"
    (built,) = folder.glob("hf_causal-*.whl")
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, str(built)], check=True, capture_output=True, cwd=folder)
    (packages,) = (folder / "env" / "lib").glob("python*/site-packages")
    # A folder named in a .pth file is searched, but the .pth files in it, such as an editable install, are not run.
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return folder


def built(kind: str, folder: Path) -> list[str]:
    """Builds a kind of distribution with hatchling itself and returns the names of its files."""
    code = f"import sys; from hatchling.build import build_{kind} as build; print(build(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(folder)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    path = folder / done.stdout.split()[-1]
    if path.suffix == ".whl":
        return zipfile.ZipFile(path).namelist()
    return [name.partition("/")[2] for name in tarfile.open(path).getnames()]


RELEASED = "hf_causal/models/released/axiom-reasoner/config.json"
BOTH_PACKAGES = {
    "hf_causal/__init__.py",
    "hf_causal/py.typed",
    "hf_causal/recipes/axiom-cpu.yaml",
    "dataset_builders/__init__.py",
    "dataset_builders/axiomatic/README.md.jinja",
}


def test_the_wheel_holds_both_packages_and_the_released_models(tmp_path):
    names = set(built("wheel", tmp_path))
    assert names >= {*BOTH_PACKAGES, RELEASED}
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {
        "hf_causal",
        "hf_causal_taskset",  # verifiers finds a taskset by the name of a package
        "dataset_builders",
    }


def test_the_sdist_holds_both_packages_and_what_builds_the_wheel(tmp_path):
    names = set(built("sdist", tmp_path))
    assert names >= {*BOTH_PACKAGES, "hatch_build.py", "model_cards/axiom-reasoner/model.safetensors"}


def test_an_editable_install_copies_nothing_of_the_package(tmp_path):
    names = built("editable", tmp_path)
    assert [name for name in names if ".dist-info/" not in name] == ["_hf_causal.pth"]


def run(outside: Path, *command: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "HF_HOME": str(outside / "hf"), "PYTHONPATH": ""}
    program, *rest = command
    program = str(outside / "env" / "bin" / program)
    return subprocess.run([program, *rest], cwd=outside, env=environment, capture_output=True, text=True, timeout=300)


def test_the_installed_package_is_the_wheel(outside):
    found = run(outside, "python", "-c", "import hf_causal; print(hf_causal.__file__)").stdout.strip()
    assert Path(found).is_relative_to(outside / "env")


def test_the_console_script_knows_its_recipes_and_corpora(outside):
    done = run(outside, "hf-causal", "info")
    assert done.returncode == 0, done.stderr
    assert "axiom-67m-rope" in done.stdout and "multi_node" in done.stdout


def test_the_console_script_builds_and_trains_outside_the_clone(outside):
    build = ["build", "axiomatic", "--config", "transitivity_ts2", "--rows", "2000", "--validation-rows", "400"]
    done = run(outside, "hf-causal", *build, "--out", "data", "--num-proc", "2")
    assert done.returncode == 0, done.stderr
    assert (outside / "data" / "README.md").is_file()
    train = ["train", "axiom-cpu", "--output-dir", "model", "--data-dir", "data", "--max-steps", "2"]
    train += ["--model.hidden-size", "16", "--per-device-train-batch-size", "4", "--eval-rows", "40"]
    done = run(outside, "hf-causal", *train)
    assert done.returncode == 0, done.stderr
    assert "axiom-cpu" in (outside / "model" / "README.md").read_text()


def test_the_wheel_is_small_and_carries_a_model_that_answers(outside):
    (wheel,) = outside.glob("hf_causal-*.whl")
    assert wheel.stat().st_size < 2_000_000
    code = (
        "from hf_causal.demo.answers import answer_question; from hf_causal.demo.models import Models;"
        "from hf_causal.demo.page import STYLE, build_page; assert STYLE.is_file();"
        "models = Models(); print(models.names);"
        "print(answer_question(models, 'smoking leads to tar; tar causes cancer', 'Does smoking cause cancer?', "
        "'axiom-reasoner').says); build_page()"
    )
    done = run(outside, "python", "-c", code)
    assert done.stdout.splitlines() == ["['axiom-reasoner', 'axiom-looped']", "Yes"], done.stderr
