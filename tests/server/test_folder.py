"""A folder that was built elsewhere: what is refused of it, and what of it is sent."""

import hashlib
import io
import os
import re
import shutil
import socket
import subprocess
import tarfile
from pathlib import Path

import pytest

import deployer
from deployer.errors import DeployError
from deployer.server.folder import SECRET, Folder, read_folder
from deployer.waiting import Waiting

SENT = Path(deployer.__file__).parent / "server/installed/lib/publication/sent"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\n"


@pytest.fixture
def public(tmp_path: Path) -> Path:
    folder = tmp_path / "public"
    (folder / "about").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>One</h1>")
    (folder / "about/ü.html").write_text("About")
    return folder


def sent(folder: Folder, there: frozenset[str] = frozenset()) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(b"".join(folder.pieces(there, Waiting("x")))), mode="r:gz") as tar:
        return {member.name: file.read() for member in tar if (file := tar.extractfile(member))}


def refused(folder: Path) -> str:
    with pytest.raises(DeployError) as caught:
        read_folder(str(folder))
    return caught.value.line


def refused_there(folder: Path) -> str:
    """What the server has against it, whoever has sent it."""
    shutil.copytree(folder, folder.parent / "site", dirs_exist_ok=True)
    script = f'set -euo pipefail; source {SENT}; fail() {{ echo "$*" && exit 1; }}; refuse_secrets'
    environment = {"PATH": os.environ["PATH"], "WORK": str(folder.parent)}
    argv = ["bash", "-c", script]
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=environment).stdout


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        ".env.production",
        "a/.git/HEAD",
        "about/.ssh/config",
        "id_rsa",
        "id_ed25519",
        "about/.npmrc",
        ".netrc",
        "site.p12",
        "passwords.kdbx",
        "ID_RSA",
    ],
)
def test_what_has_secrets_by_its_name_is_refused(public: Path, name: str) -> None:
    (public / name).parent.mkdir(parents=True, exist_ok=True)
    (public / name).write_text("x")
    shown = name.removesuffix("/HEAD").removesuffix("/config")
    assert f"{public} has {shown}" in refused(public)
    assert refused_there(public) == f"'{shown}' is secret or no part of a site: nothing is published\n"


@pytest.mark.parametrize("name", ["server.pem", "about/server.KEY"])
def test_a_private_key_is_refused_and_a_certificate_is_not(public: Path, name: str) -> None:
    (public / name).write_text("-----BEGIN CERTIFICATE-----\n")
    assert (name in read_folder(str(public)).files, refused_there(public)) == (True, "")
    (public / name).write_text(f"x\n{KEY}")
    assert f"{public} has {name}" in refused(public)
    assert f"'{name}' is secret" in refused_there(public)


def test_what_only_sounds_like_a_secret_is_sent(public: Path) -> None:
    for name in (".env.example", "id_rsa.pub", ".well-known/security.txt", "environment.html"):
        (public / name).parent.mkdir(exist_ok=True)
        (public / name).write_text("x")
    assert (len(read_folder(str(public)).files), refused_there(public)) == (6, "")


def test_the_server_knows_the_same_names() -> None:
    said = re.search(r"^SECRET_NAMES=\((.*?)\)", SENT.read_text(), re.DOTALL | re.MULTILINE)
    assert said
    assert tuple(word.strip("'") for word in said[1].split()) == SECRET


def test_what_is_no_file_is_refused(public: Path, tmp_path: Path) -> None:
    os.mkfifo(public / "pipe")
    assert "pipe, which is no file" in refused(public)
    (public / "pipe").unlink()
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(public / "socket"))
    assert "socket, which is no file" in refused(public)
    (public / "socket").unlink()
    (tmp_path / "secret").write_text("x")
    (public / "out").symlink_to("../secret")
    assert "out, a link that leads out of it" in refused(public)
    (public / "out").unlink()
    (public / "out").symlink_to("/etc")
    assert "out, a link that leads out of it" in refused(public)
    (public / "out").unlink()
    (public / "nowhere").symlink_to("nothing.html")
    assert "nowhere, a link that leads nowhere" in refused(public)


def test_a_link_that_leads_to_where_it_is_ends(public: Path) -> None:
    (public / "about/again").symlink_to("../about")
    assert "about/again, a link to a folder that it is in" in refused(public)


def test_a_link_within_is_what_it_leads_to(public: Path) -> None:
    (public / "latest").symlink_to("about")
    (public / "home.html").symlink_to("index.html")
    files = read_folder(str(public)).files
    assert files["latest/ü.html"].digest == files["about/ü.html"].digest
    assert files["home.html"].digest == files["index.html"].digest


@pytest.mark.parametrize("name", ["a\nb", "a\\b", "a\x07"])
def test_a_name_that_no_address_has_is_refused(public: Path, name: str) -> None:
    (public / name).write_text("x")
    assert "a name that no address has" in refused(public)


def test_a_folder_that_is_none_or_has_nothing_is_told(tmp_path: Path) -> None:
    assert "there is no folder" in refused(tmp_path / "none")
    (tmp_path / "file").write_text("x")
    assert "there is no folder" in refused(tmp_path / "file")
    (tmp_path / "empty/below").mkdir(parents=True)
    assert "has no file" in refused(tmp_path / "empty")


def test_only_what_the_server_has_not_is_sent_and_each_content_once(public: Path) -> None:
    (public / "copy.html").write_text("About")
    folder = read_folder(str(public))
    assert folder.name == "public"
    assert sent(folder) == {
        "index.html": b"<h1>One</h1>",
        "about/ü.html": b"About",
    }
    assert folder.list_text().decode().splitlines() == [
        f"{hashlib.sha256(text).hexdigest()}  {name}"
        for name, text in (
            ("about/ü.html", b"About"),
            ("copy.html", b"About"),
            ("index.html", b"<h1>One</h1>"),
        )
    ]
    there = frozenset({hashlib.sha256(b"About").hexdigest()})
    assert sent(folder, there) == {"index.html": b"<h1>One</h1>"}
    assert folder.lacking(there) == ["index.html"]


def test_a_file_that_changes_meanwhile_ends_it(public: Path) -> None:
    folder = read_folder(str(public))
    (public / "index.html").write_text("<h1>Two and more</h1>")
    with pytest.raises(DeployError, match=r"index\.html has changed while it was sent"):
        sent(folder)


def test_a_name_that_the_server_could_not_show_gets_another(tmp_path: Path) -> None:
    for name, shown in (("dist 2;$(x)", "dist-2-x"), ("...", "folder"), ("öffentlich", "ffentlich")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text("x")
        assert read_folder(str(tmp_path / name)).name == shown
