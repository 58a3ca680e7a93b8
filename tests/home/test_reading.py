"""Archives are decrypted and read to the end, and what is not whole is found out."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chance import noise
from deployer.backups.archives import Archive
from deployer.backups.copies import Verdict
from deployer.errors import DeployError
from deployer.home.reading import read
from deployer.home.undecrypted import NoKey, failure
from deployer.report.home import show_verdicts, verdicts_json
from home.sample import Keyring, lay, now, tar_of, without_gnu_tar

ARCHIVE = Archive("forum.example.org", now())
FILES = {f"opt/forum.example.org/file{number}": noise(20_000) for number in range(200)}


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyring]:
    ring = Keyring(tmp_path_factory.mktemp("g") / "h")
    yield ring
    ring.stop()


@pytest.fixture(autouse=True)
def at_home(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the private key is."""
    monkeypatch.setenv("GNUPGHOME", str(keyring.folder))


@pytest.fixture(params=["GNU tar", "another tar"])
def tar(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A home server with GNU tar, and one with the tar of a Mac or a NAS, which cannot tell what we need."""
    if request.param == "another tar":
        without_gnu_tar(tmp_path / "bin", monkeypatch)
    return str(request.param)


def archive(keyring: Keyring, folder: Path, plain: bytes) -> Path:
    return lay(folder, ARCHIVE, keyring.encrypt(plain, keyring.folder))


def test_a_whole_archive(keyring: Keyring, tmp_path: Path, tar: str) -> None:
    plain = tar_of(ARCHIVE.name, FILES)
    found = read(archive(keyring, tmp_path, plain), ARCHIVE)
    assert found.members == len(FILES) + 1
    assert len(plain) - 10240 <= found.bytes <= len(plain)
    assert found.tables is None, "no table was compared"


@pytest.mark.in_turns
@pytest.mark.parametrize(("tables", "told"), [(7, 7), (0, 0), (None, None), ("many", None)])
def test_how_many_tables_were_compared_is_told(
    keyring: Keyring, tmp_path: Path, capsys: pytest.CaptureFixture[str], tables: object, told: int | None
) -> None:
    found = read(archive(keyring, tmp_path, tar_of(ARCHIVE.name, FILES, end={"tables": tables})), ARCHIVE)
    (verdict,) = json.loads(verdicts_json([Verdict(ARCHIVE, found)], ()))["archives"]
    assert verdict["tables"] == told
    show_verdicts([Verdict(ARCHIVE, found)], ())
    heading, _, row = capsys.readouterr().out.partition("\n")
    assert "tables" in heading
    assert f"{len(FILES) + 1} {'–' if told is None else told} " in " ".join(row.replace("│", " ").split())


def test_members_of_gnu_tar_with_everything_that_is_hard(keyring: Keyring, tmp_path: Path, tar: str) -> None:
    place = tmp_path / "root"
    backup = place / f"srv/deploy/{ARCHIVE.name}/backup"
    backup.mkdir(parents=True)
    data = place / "data"
    data.mkdir()
    (data / "with\nnewline").write_text("a")
    os.link(data / "with\nnewline", data / "hard link")
    (data / "symbolic").symlink_to("nowhere")
    (data / ("long" * 60)).write_text("b")
    os.mkfifo(data / "pipe")
    with (data / "sparse").open("wb") as sparse:
        for hole in range(50):
            sparse.seek(hole << 20)
            sparse.write(b"x")
    os.setxattr(data / "sparse", "user.colour", b"green")
    strange = data / "größe \\ \n"
    strange.mkdir()
    for number in range(3):
        (strange / f"** Block of NULs **{number}").write_text("c")
    count = len(list(data.rglob("*"))) + 1
    places = {"/data": count - 1, "/data/größe \\ \n": 3}
    begin = {"name": ARCHIVE.name, "format": 1, "paths": list(places)}
    (backup / "begin.json").write_text(json.dumps(begin))
    end = {"members": count + 1, "warnings": ["a file changed"], "held": places, "tables": 12}
    (backup / "end.json").write_text(json.dumps(end))
    options = ["--format=posix", "--numeric-owner", "--acls", "--xattrs", "--sparse"]
    argv = ["/usr/bin/tar", "-c", *options, "-C", place, backup.relative_to(place) / "begin.json", "data"]
    argv.append(backup.relative_to(place) / "end.json")
    made = subprocess.run(argv, capture_output=True, check=True).stdout
    found = read(archive(keyring, tmp_path, made), ARCHIVE)
    assert (found.members, found.warnings, found.tables) == (count + 1, ("a file changed",), 12)


PLACES = {
    "paths": ["/opt/forum.example.org"],
    "volumes": {"forum_data": "/srv/vault", "forum_none": "/var/lib/docker/volumes/forum_none/_data"},
}


@pytest.mark.in_turns
@pytest.mark.parametrize(
    ("end", "warnings"),
    [
        ({}, ["there is nothing in it of the volume " + name for name in PLACES["volumes"]]),
        (
            {"held": {"/opt/forum.example.org": 200, "/srv/vault": 0}, "warnings": ["not saved: x"]},
            ["not saved: x"],
        ),
        (
            {"held": {"/opt/forum.example.org": 200, "/srv/vault": 3}},
            "it has 0 files of /srv/vault, and 3 were read",
        ),
        (
            {"held": {"/opt/forum.example.org": 201}},
            "it has 200 files of /opt/forum.example.org, and 201 were read",
        ),
    ],
)
def test_what_it_holds_of_each_folder(
    keyring: Keyring, tmp_path: Path, tar: str, end: dict[str, object], warnings: list[str] | str
) -> None:
    path = archive(keyring, tmp_path, tar_of(ARCHIVE.name, FILES, begin=PLACES, end=end))
    if isinstance(warnings, list):
        assert read(path, ARCHIVE).warnings == tuple(warnings)
    else:
        with pytest.raises(DeployError, match=warnings):
            read(path, ARCHIVE)


@pytest.mark.in_turns
@pytest.mark.parametrize(
    ("plain", "said"),
    [
        (tar_of(ARCHIVE.name, FILES, missing=1), "some are missing"),
        (tar_of(ARCHIVE.name, FILES, begin={"name": "other.example.org"}), "archive of other.example.org"),
        (tar_of(ARCHIVE.name, FILES, begin={"format": 2}), "format 2"),
        (tar_of("other.example.org", FILES), "no begin.json"),
        (tar_of(ARCHIVE.name, FILES)[:300_000], "it is damaged"),
        (tar_of(ARCHIVE.name, FILES)[: 512 * 3 + 20480 * 5] + bytes(10240), "no end.json"),
        (b"no tar at all", "it is damaged"),
        (b"", "no begin.json|it is damaged"),
    ],
)
def test_what_is_no_whole_backup(keyring: Keyring, tmp_path: Path, tar: str, plain: bytes, said: str) -> None:
    with pytest.raises(DeployError, match=said):
        read(archive(keyring, tmp_path, plain), ARCHIVE)


@pytest.mark.in_turns
@pytest.mark.parametrize("place", [0, 30, 80, 0.3, 0.9, 0.9999], ids=str)
def test_one_wrong_byte_is_found(keyring: Keyring, tmp_path: Path, place: float) -> None:
    path = archive(keyring, tmp_path, tar_of(ARCHIVE.name, FILES))
    content = bytearray(path.read_bytes())
    content[place if isinstance(place, int) else int(place * len(content))] ^= 1
    path.write_bytes(content)
    with pytest.raises(DeployError, match=r"damaged|decrypt") as caught:
        read(path, ARCHIVE)
    assert not isinstance(caught.value, NoKey), "it is the archive, not the key"


@pytest.mark.parametrize("missing", [1, 100, 100_000])
@pytest.mark.fault("an archive is cut off")
def test_a_cut_archive_is_found(keyring: Keyring, tmp_path: Path, missing: int) -> None:
    path = archive(keyring, tmp_path, tar_of(ARCHIVE.name, FILES))
    os.truncate(path, path.stat().st_size - missing)
    with pytest.raises(DeployError, match=r"damaged|decrypt"):
        read(path, ARCHIVE)


def test_without_the_private_key(keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(keyring, tmp_path, tar_of(ARCHIVE.name, FILES))
    (tmp_path / "empty").mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(tmp_path / "empty"))
    with pytest.raises(NoKey, match=r"private key .* is not here"):
        read(path, ARCHIVE)
    subprocess.run(["gpgconf", "--kill", "all"], check=True)


def test_with_another_private_key(keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(keyring, tmp_path, tar_of(ARCHIVE.name, FILES))
    other = Keyring(tmp_path / "o")
    monkeypatch.setenv("GNUPGHOME", str(other.folder))
    with pytest.raises(NoKey, match=r"private key .* is not here"):
        read(path, ARCHIVE)
    other.stop()


@pytest.mark.fault("an archive is altered at home", rounds=2)
def test_an_altered_archive_is_told_by_its_digest(keyring: Keyring, tmp_path: Path) -> None:
    path = archive(keyring, tmp_path, tar_of(ARCHIVE.name, FILES))
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert read(path, ARCHIVE, digest).members == len(FILES) + 1
    path.write_bytes(keyring.encrypt(tar_of(ARCHIVE.name, {}), keyring.folder))
    with pytest.raises(DeployError, match="SHA-256 differs"):
        read(path, ARCHIVE, digest)
    path.write_bytes(bytes(4096) + content)
    with pytest.raises(DeployError, match="SHA-256 differs"):
        read(path, ARCHIVE, digest)


def test_a_digest_of_what_gpg_did_not_read_to_its_end(
    keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive(keyring, tmp_path, tar_of(ARCHIVE.name, FILES))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (tmp_path / "empty").mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(tmp_path / "empty"))
    with pytest.raises(NoKey, match=r"private key .* is not here") as caught:
        read(path, ARCHIVE, digest)
    assert "Restore" not in caught.value.advice
    subprocess.run(["gpgconf", "--kill", "all"], check=True)


def test_a_passphrase_that_nobody_can_type(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "p", passphrase="correct horse")
    path = archive(ring, tmp_path, tar_of(ARCHIVE.name, {"opt/file": b"x"}))
    ring.stop()  # its agent knows the passphrase still
    alone = "import sys; from pathlib import Path; from deployer.backups.archives import Archive;"
    alone += "from deployer.home.reading import read; read(Path(sys.argv[1]), Archive(sys.argv[2], None))"
    environment = {key: value for key, value in os.environ.items() if key != "GPG_TTY"}
    environment |= {"GNUPGHOME": str(ring.folder)}
    done = subprocess.run(
        [sys.executable, "-c", alone, path, ARCHIVE.name],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    ring.stop()
    assert "gpg did not get the passphrase of the private key" in done.stderr
    assert "NoKey" in done.stderr


STATUS = "[GNUPG:] ENC_TO BBC4606FD268E7DD 18 0\n{}[GNUPG:] BEGIN_DECRYPTION\n[GNUPG:] DECRYPTION_FAILED\n"
STATUS += "gpg: Entschlüsselung fehlgeschlagen: Kein geheimer Schlüssel\n[GNUPG:] END_DECRYPTION\n"


@pytest.mark.parametrize(
    ("said", "told", "of_the_key"),
    [
        ("[GNUPG:] NO_SECKEY BBC4606FD268E7DD\n", "the private key .* is not here", True),
        (
            "gpg: kein Zugriff auf den Agenten\n",
            "not use the private key: kein Zugriff auf den Agenten$",
            True,
        ),
        ("gpg: Abgebrochen\n[GNUPG:] ERROR pkdecrypt_failed 83886179\n", "did not get the passphrase", True),
        ("gpg: No pinentry\n[GNUPG:] ERROR pkdecrypt_failed 67108949\n", "did not get the passphrase", True),
        (
            "gpg: Kein Speicher\n[GNUPG:] ERROR pkdecrypt_failed 67141718\n",
            "private key: Kein Speicher$",
            True,
        ),
        ("gpg: Prüfsumme\n[GNUPG:] ERROR pkdecrypt_failed 16777226\n", "unpacked: Prüfsumme$", False),
    ],
)
def test_why_it_is_not_decrypted_is_told_in_any_language(said: str, told: str, of_the_key: bool) -> None:
    found = failure(STATUS.format(said))
    assert re.search(told, found.message)
    assert isinstance(found, NoKey) == of_the_key


def test_an_agent_that_does_not_start_is_not_taken_for_a_passphrase(
    keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive(keyring, tmp_path, tar_of(ARCHIVE.name, {"opt/file": b"x"}))
    ring = shutil.copytree(keyring.folder, tmp_path / "r", ignore=shutil.ignore_patterns("S.*"))
    (ring / "gpg.conf").write_text("agent-program /bin/false\n")
    monkeypatch.setenv("GNUPGHOME", str(ring))
    with pytest.raises(NoKey, match=r"could not use the private key: .*/bin/false"):
        read(path, ARCHIVE)


def test_reading_waits_for_nothing_that_others_need(keyring: Keyring, tmp_path: Path) -> None:
    archive(keyring, tmp_path / "home", tar_of(ARCHIVE.name, FILES))
    home = {"directory": "home", "key": "key"}
    sections = {"server": {"host": "vps.example.org"}, "home": home}
    (tmp_path / "sites.yaml").write_text(json.dumps(sections))
    for option, unwanted in (
        ("--init", "set()"),
        ("--verify", "{'deployer.planning.desired', 'fabric', 'ssl'}"),
    ):
        code = (
            f"import sys; sys.argv = ['deploy', 'backup', '{option}']\n"
            "from deployer.cli import main\n"
            "try: main()\n"
            "except SystemExit as end: assert end.code == 0\n"
            f"assert not (loaded := {unwanted} & set(sys.modules)), loaded\n"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, text=True, capture_output=True)
        assert done.returncode == 0, done.stderr
