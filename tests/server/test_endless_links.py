"""Links that lead through links: who makes them so keeps whoever follows them busy for ever: root."""

import os
import subprocess
from pathlib import Path

import pytest

import deployer

SCRIPTS = Path(deployer.__file__).parent / "server/installed"
LIMIT = "--cpu=20"  # seconds of the processor: followed to their end, they take for ever


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A folder with a link of which each step is two."""
    folder = tmp_path / "site"
    folder.mkdir()
    os.symlink(".", folder / "step0")
    for number in range(1, 100):
        os.symlink(f"step{number - 1}/step{number - 1}", folder / f"step{number}")
    return folder


def run(script: str, *parts: str, **variables: str) -> str:
    sourced = "".join(f"source {SCRIPTS}/{part}\n" for part in parts)
    argv = [
        "prlimit",
        LIMIT,
        "bash",
        "-c",
        f"set -Eeuo pipefail\nshopt -s extglob nullglob\n{sourced}{script}",
    ]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"} | variables
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.stdout


def test_those_of_a_build_are_refused(endless: Path) -> None:
    begin = 'FOLLOWED_FOR=1 OUTPUT=\'\' PLACE=/nowhere\nfail() { echo "✗ $*"; exit; }\ncd "$WORK/site"\n'
    variables = {"WORK": str(endless.parent), "WWW": "/var/www/site.test"}
    assert "✗ its symbolic links cannot be followed within 1 s" in run(
        f"{begin}follow_links", "lib/publication/release", **variables
    )
    for link in list(endless.iterdir()):
        link.unlink()
    for number in range(50):
        os.symlink(f"/var/www/site.test/{number}", endless / f"link{number}")
    told = run(f"{begin}FOLLOWED_FOR=-1\nfollow_links", "lib/publication/release", **variables)
    assert "✗ its symbolic links cannot be followed" in told, "each of them is made anew, and takes its time"
    assert (
        run(f"{begin}FOLLOWED_FOR=600\nfollow_links; echo fine", "lib/publication/release", **variables)
        == "fine\n"
    )
    assert os.readlink(endless / "link7") == "7"


def test_those_of_a_container_keep_no_backup(endless: Path) -> None:
    def run_soon(script: str, part: str) -> str:
        """Whoever gives up does so soon: the processor is busy until then."""
        return run(f'timeout() {{ command timeout 0.3 "${{@:2}}"; }}\n{script}', part)

    assert run_soon(f"where_is {endless}/step99", "lib/composition/mounts") == f"{endless}/step99\n"
    os.symlink(endless, endless.parent / "link")
    assert run_soon(f"where_is {endless.parent}/link/x/../y", "lib/composition/mounts") == f"{endless}/y\n"
    folders = run_soon(f"canonical <<<$'shop\\t{endless}/step99' || echo given up", "lib/backup/conflicts")
    assert folders == "given up\n"


def test_what_containers_can_write_is_followed_nowhere_else() -> None:
    for name in ("backup/mounts", "backup/proof", "restore/definition", "restore/others"):
        assert "readlink -m" not in (SCRIPTS / "lib" / name).read_text(), "where_is gives up"


def test_root_enters_no_link_below_the_folder_of_a_composition(tmp_path: Path) -> None:
    shop, other = tmp_path / "opt/shop", tmp_path / "etc"
    (shop / "data").mkdir(parents=True)
    other.mkdir()
    go = f"if enter {tmp_path}/opt/shop/$WHERE make; then touch here; else echo $OTHERWISE; fi"

    def entered(where: str) -> str:
        return run(go, "lib/common/enter", DEPLOY_ROOT=str(tmp_path), WHERE=where)

    assert entered("data/new/one") == ""
    assert (shop / "data/new/one/here").exists()
    os.symlink(other, shop / "data/away")
    os.symlink("gone", shop / "data/nowhere")
    for name in ("away", "away/below", "nowhere"):
        (said,) = entered(f"data/{name}").splitlines()
        link = name.partition("/")[0]
        assert said == f"{shop}/data/{link} is a link, which a container may have made: take it away"
    assert [*other.iterdir()] == []
    os.rename(shop, tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", shop)
    assert entered("data") == "", "who has moved the whole folder is no container"
    assert (tmp_path / "elsewhere/data/here").exists()
