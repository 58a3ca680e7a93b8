"""What lies beside sites.yaml and must not get into Git is found, keys by their content."""

import subprocess
from pathlib import Path

import pytest

from deployer.config.beside import GITIGNORE, found_beside

# as GnuPG, ssh-keygen, openssl and PuTTY begin them
PGP = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlIYE"
OPENSSH = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl"
PKCS8 = "Bag Attributes\n-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIF"
PUTTY = "PuTTY-User-Key-File-3: ssh-ed25519\n"
PUBLIC = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDME"


def lay(folder: Path, files: dict[str, str], mode: int = 0o600) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
    return folder / "sites.yaml"


def paths(config: Path) -> list[str]:
    return [found.path for found in found_beside(config)]


SECRET = {
    "private-key.asc": PGP,
    "deploy": OPENSSH,
    "server.pem": PKCS8,
    "me.ppk": PUTTY,
    ".env": "A=1",
    ".env.production": "A=1",
    "home.env": "A=1",
    "backup/forum.sql": "--",
    "backup/forum.sql.gz": "--",
    "forum.dump": "--",
    "app/data.sqlite3": "--",
}
HARMLESS = {
    "sites.yaml": "",
    "backup-key.asc": PUBLIC,
    "id_ed25519.pub": "ssh-ed25519 AAAA",
    ".env.example": "A=",
    "notes.md": f"it begins with `{PGP}",
    ".ssh/id_ed25519": OPENSSH,
    ".git/key": OPENSSH,
}


def test_what_is_secret_is_found(tmp_path: Path) -> None:
    config = lay(tmp_path, SECRET | HARMLESS)
    assert sorted(paths(config)) == sorted(SECRET)


def test_what_gitignore_names_is_no_matter(tmp_path: Path) -> None:
    config = lay(tmp_path, SECRET | {".gitignore": "*.asc\n/deploy\nbackup/\n*.pem\n"})
    (tmp_path / "app/.gitignore").write_text("*.sqlite3\n")
    assert paths(config) == [".env", ".env.production", "forum.dump", "home.env", "me.ppk"]


def test_the_gitignore_of_init_says_what_git_takes_it_for(tmp_path: Path) -> None:
    config = lay(tmp_path, SECRET | HARMLESS | {".gitignore": GITIGNORE})
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    argv = ["git", "-C", tmp_path, "ls-files", "--others", "--exclude-standard"]
    taken = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()
    assert (
        sorted(path for path in taken if path in SECRET)
        == paths(config)
        == ["deploy", "me.ppk", "server.pem"]
    )
    assert {"backup-key.asc", "id_ed25519.pub", ".env.example"} <= set(taken)


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_private_key_that_others_can_read_is_told_in_any_case(tmp_path: Path, mode: int) -> None:
    config = lay(tmp_path, {"private-key.asc": PGP, ".env": "A=1", ".gitignore": GITIGNORE}, mode)
    (found,) = found_beside(config)
    assert found.warning == "private-key.asc is a private key: others on this machine can read it (chmod 600)"
