"""What pip installs works without the checkout: templates and scripts are in the wheel."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SITES = "sites: {old.example.org: {kind: redirect, to: 'https://example.org'}}\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `deploy` of a virtual environment with our wheel; the libraries are those of the tests."""
    folder = tmp_path_factory.mktemp("package")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True)
    venv.create(folder / "venv")
    libraries = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    (wheel,) = folder.glob("*.whl")
    place = next((folder / "venv/lib").glob("python*/site-packages"))
    subprocess.run([*pip, "install", "--no-deps", "--target", place, wheel], check=True)
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
