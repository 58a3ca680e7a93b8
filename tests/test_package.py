"""What pip installs works without the checkout: templates, scripts and documents are in the wheel."""

import os
import re
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
SITES = "sites: {old.example.org: {kind: redirect, to: 'https://example.org'}}\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `deploy` of a virtual environment with our wheel; the libraries are those of the tests."""
    folder = tmp_path_factory.mktemp("package")
    venv.create(folder / "venv")
    libraries = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    place = next((folder / "venv/lib").glob("python*/site-packages"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--no-compile", "--target", place, ROOT], check=True)
    (place / "libraries.pth").write_text(f"{libraries}\n")
    return folder / "venv/bin/python"


def test_the_wheel_renders_a_whole_server(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "sites.yaml").write_text(SITES)
    run = {"cwd": tmp_path, "capture_output": True, "text": True, "check": True}
    where = subprocess.run([installed, "-c", "import deployer; print(deployer.__file__)"], **run).stdout
    assert str(ROOT) not in where
    rendered = subprocess.run([installed, "-m", "deployer", "render"], **run).stdout
    assert "server_name old.example.org;" in rendered
    code = "from deployer.tasks import script; print(len(script('apply.sh')) > 1000)"
    assert subprocess.run([installed, "-c", code], **run).stdout == "True\n"
    page = subprocess.run([installed, "-m", "deployer", "docs", "first-site"], **run).stdout
    assert page.rstrip() == (ROOT / "docs/first-site.md").read_text().rstrip()
    listed = subprocess.run([installed, "-m", "deployer", "docs"], **run).stdout
    assert "first-site" in listed.split()
    assert str(ROOT) not in listed, "what pipx has installed needs no checkout"


LOCK = (ROOT / "requirements.lock").read_text()


def locked(text: str) -> list[Requirement]:
    """What a part of the lock installs with this Python."""
    lines = [line.rstrip("\\ ") for line in text.splitlines() if re.match("[a-z0-9]", line)]
    found = map(Requirement, lines)
    return [each for each in found if each.marker is None or each.marker.evaluate()]


def test_the_lock_names_no_host_and_has_a_hash_for_everything() -> None:
    for line in LOCK.splitlines():
        assert re.fullmatch(
            r"# .*|[a-z0-9-]+==[a-z0-9.]+( ; [a-z0-9_.'<>=! ]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?",
            line,
            re.I,
        ), line
    assert "//" not in LOCK
    packages = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.M)[1:]
    assert all("--hash=" in package for package in packages)


def test_the_lock_is_what_the_ranges_allow() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed, _, _ = LOCK.partition("# for the tests:")
    extras = project["project"]["optional-dependencies"]
    for wanted, part in (
        ([*project["build-system"]["requires"], *project["project"]["dependencies"]], needed),
        ([each for extra in extras.values() for each in extra], LOCK),
    ):
        versions = {each.name: str(each.specifier).removeprefix("==") for each in locked(part)}
        for requirement in map(Requirement, wanted):
            version = versions[requirement.name.lower()]
            assert version in requirement.specifier, f"scripts/lock: {requirement} against {version}"


def test_what_runs_here_is_what_the_lock_says() -> None:
    if os.environ.get("VERSIONS") == "newest":
        pytest.skip("it was asked for the newest versions instead")
    versions = {re.sub("[-_.]+", "-", each.name).lower(): each.version for each in distributions()}
    different = [str(each) for each in locked(LOCK) if versions.get(each.name) not in each.specifier]
    assert not different
