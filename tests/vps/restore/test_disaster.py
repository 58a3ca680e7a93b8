"""The disaster drill: backups of one server, restored by the command line onto an empty second one, and compared."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deployer.config.home import S3
from deployer.home.offsite import send
from deployer.home.store import Store
from deployer.rehearsal.machine import Machine
from home.object_store import ObjectStore
from vps.backup.conftest import make_key
from vps.project import DEPLOY, Project
from vps.restore.byhand import fill, inside, state
from vps.restore.conftest import boot
from vps.restore.databases import ASK, EVERYTHING, FILL, KINDS, LOAD, make_images, service, until_it_stays
from vps.restore.official import SHOP, make_official
from vps.services.conftest import REGISTRY, SERVE, prepare, registry_of
from vps.waiting import client, until

pytestmark = pytest.mark.in_turns("faults", of="modules")

NAMES = ("files.test", "mariadb.test", "photos", "postgres.test")
SAVED = {
    "photos": ("/srv/photos",),
    "files.test": ("/opt/files.test/more", "/var/lib/docker/volumes/paperless_data/_data"),
}
SQL = "PRAGMA journal_mode=WAL; CREATE TABLE notes (id int, what text); INSERT INTO notes VALUES (1, 'ü'), (2, NULL);"


@dataclass
class Drill:
    """The project of a user, the server that was lost, and the new one."""

    project: Project
    new: Machine
    before: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def deploy(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.project.deploy(*arguments, GNUPGHOME=str(self.project.folder / "gpg"))


def compose(kind: str, port: int) -> dict[str, object]:
    app = {
        "image": f"{REGISTRY}/page:1",
        "ports": [f"127.0.0.1:{port}:80"],
        "stop_signal": "SIGKILL",
        "restart": "unless-stopped",
        "environment": {"PASSWORD": "${PASSWORD}"},
    }
    if kind in KINDS:
        return {"services": {"app": app, "db": service(kind)}, "volumes": {"db": {}}}
    return {"services": {"app": app | {"volumes": ["data:/data", "./more:/more"]}}, "volumes": {"data": {}}}


def sites(folder: Path) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for port, kind in enumerate(("files", *KINDS), 8200):
        (folder / f"{kind}.yml").write_text(json.dumps(compose(kind, port)))
        found[f"{kind}.test"] = {
            "kind": "compose",
            "file": f"{kind}.yml",
            "port": port,
            "https": False,
            "wait": "60s",
            "watch": "0",
            "secrets": {"PASSWORD": "generate"},
        }
    found["files.test"]["project"] = "paperless"
    for kind in KINDS:
        also = {"paths": [".env"]} if kind == "postgres" else {}  # as of an application
        found[f"{kind}.test"]["backup"] = {"database": kind, "service": "db"} | also
    return found


def make_ready(vps: Machine) -> None:
    prepare(vps)
    registry_of(vps).push("page", SERVE, {}, "well")


def content(vps: Machine, *names: str) -> dict[str, str]:
    """All that must be the same of these: files with all that they have, and what the databases answer."""
    found = {path: state(vps, path) for name in names for path in SAVED.get(name, ())}
    for name in names:
        kind = name.removesuffix(".test")
        if kind in KINDS:
            until_it_stays(vps, name, kind)
            found[kind] = vps.run(f"cd /opt/{name} && {ASK[kind]}", input=EVERYTHING).stdout
        if name != "photos":
            found[f"{name} .env"] = vps.run(
                f"cd /opt/{name}; stat -c %a .env; cat .env docker-compose.yml"
            ).stdout
    return found


def as_before(drill: Drill, *names: str) -> bool:
    """Whether the new server has of these what the lost one had."""
    found = content(drill.new, *names)
    return found == {key: drill.before[key] for key in found}


@pytest.fixture(scope="module")
def drill(throwaway: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    """A server with services, databases and a folder, backed up and brought home; then an empty one."""
    folder = tmp_path_factory.mktemp("drill")
    key = make_key(folder)
    (folder / "home").mkdir()
    more = {
        "backups": {"recipient": key.public.name, "folders": {"photos": ["/srv/photos"]}},
        "home": {"directory": str(folder / "home")},
    }
    with boot() as new:
        with boot() as old:
            for vps in (old, new):
                make_ready(vps)
                make_images(vps)
            drill = Drill(Project(folder, old, None, sites(folder), more), new)
            live(drill)
            for path in (old.root / "home/backups").iterdir():
                shutil.copytree(path, folder / "home" / path.name)
        drill.project.vps = new
        yield drill
    key.stop_agent()


def live(drill: Drill) -> None:
    """What happens on a server before it is lost."""
    old = drill.project.vps
    fill(old, "/srv/photos")
    applied = drill.project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    fill(old, "/var/lib/docker/volumes/paperless_data/_data")
    fill(old, "/opt/files.test/more/folder")
    old.run(f'sqlite3 /opt/files.test/more/notes.db "{SQL}"')
    for kind in KINDS:
        until_it_stays(old, f"{kind}.test", kind)
        old.run(f"cd /opt/{kind}.test && {ASK[kind]}", input=FILL)
    saved = old.run("/usr/local/lib/deploy/bin/backup", check=False)
    assert saved.returncode == 0, saved.stdout + saved.stderr
    assert sorted(path.name for path in (old.root / "home/backups").iterdir()) == list(NAMES)
    drill.before = content(old, *NAMES)


def test_everything_is_back_on_an_empty_server(drill: Drill) -> None:
    begun = time.monotonic()
    applied = drill.project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    drill.seconds["apply"] = time.monotonic() - begun

    unasked = drill.deploy("restore", "--all")
    assert unasked.returncode == 2
    planned = unasked.stderr.splitlines()
    volumes = "/var/lib/docker/volumes"
    for line in (
        "there is no /srv/photos yet",
        "puts /opt/files.test aside",
        f"puts the data of volume paperless_data aside: {volumes}/paperless_data/_data",
        "puts /opt/mariadb.test aside",
        "puts /opt/postgres.test/.env aside",
        *(f"puts the data of the database db aside: {volumes}/{kind}test_db/_data" for kind in KINDS),
    ):
        assert planned.count(f"  {line}") == 1, "the plan of a restore has every path, once"
    for kind in KINDS:
        at = planned.index(f"  loads the dump into the empty database db, in /opt/{kind}.test:")
        assert planned[at + 1] == f"    {LOAD[kind]}", "and every command"

    begun = time.monotonic()
    done = drill.deploy("restore", "--all", "--yes")
    drill.seconds["restore"] = time.monotonic() - begun
    assert done.returncode == 0, done.stdout + done.stderr
    assert content(drill.new, *NAMES) == drill.before
    for name in NAMES:
        assert f"{name} is restored to" in done.stderr
        if name != "photos":
            assert drill.project.get(name, scheme="http") == (200, "well\n")
    assert drill.project.plan()["empty"]
    print({name: round(seconds, 1) for name, seconds in drill.seconds.items()})


def test_what_sites_yaml_says_now_stays_and_a_plan_finds_nothing(drill: Drill) -> None:
    """The archive has what a service has; what it is, sites.yaml says, also where that is newer, or it is another."""
    file = drill.project.folder / "files.yml"
    then = file.read_text()
    now = json.loads(then)
    now["services"]["app"]["environment"]["LATER"] = "${LATER}"
    file.write_text(json.dumps(now))
    entry = drill.project.sites["files.test"]
    entry["secrets"], entry["environment"] = {"PASSWORD": "generate"}, {"LATER": "yes"}
    (drill.project.folder / "copy.yml").write_text(json.dumps(compose("files", 8209)))
    drill.project.sites["copy.test"] = {
        **{key: value for key, value in entry.items() if key not in ("project", "environment")},
        "file": "copy.yml",
        "port": 8209,
    }
    try:
        assert drill.project.apply().returncode == 0
        comes_back_as_another(drill)
        done = drill.deploy("restore", "files.test", "--yes", "--from", "home")
        assert done.returncode == 0, done.stderr
        assert (
            "/opt/files.test/docker-compose.yml stays as it is: sites.yaml says what is in it" in done.stderr
        )
        planned = drill.project.plan()
        assert planned["empty"], planned
        assert "LATER=yes" in drill.new.run("docker inspect $(docker ps -q --filter publish=8200)").stdout
    finally:
        file.write_text(then)
        del entry["environment"], drill.project.sites["copy.test"]
        assert drill.project.apply().returncode == 0
        drill.new.run("sed -i /LATER/d /opt/files.test/.env")
    assert as_before(drill, "files.test")


def comes_back_as_another(drill: Drill) -> None:
    """An archive of files.test as copy.test: one file of it, then all; files.test stays as it is."""
    new, (more, volume) = drill.new, SAVED["files.test"]
    ours = more.replace("files.test", "copy.test"), volume.replace("paperless", "copytest")
    archived = [inside(new, folder) for folder in (more, volume)]
    new.run(f"echo newer >{more}/newer")
    before = content(new, "files.test")
    as_copy = ("restore", "files.test", "--as", "copy.test", "--from", "home", "--yes")
    one = drill.deploy(*as_copy, "--only", "more/notes.db")
    assert one.returncode == 0, one.stderr
    assert new.run(f"ls {' '.join(ours)}").stdout.split() == [f"{ours[0]}:", "notes.db", f"{ours[1]}:"]
    whole = drill.deploy(*as_copy)
    assert whole.returncode == 0, whole.stderr
    assert "copy.test is restored to" in whole.stderr
    assert [inside(new, folder) for folder in ours] == archived
    assert content(new, "files.test") == before


def test_one_of_a_date_and_what_there_is_when_there_is_none(drill: Drill) -> None:
    drill.new.run("rm -rf /srv/photos/deep; echo new >/srv/photos/new")
    none = drill.deploy("restore", "photos", "--at", "2001-01-01", "--yes")
    assert none.returncode == 2
    assert "there is no archive of photos of 2001-01-01" in none.stderr
    stamp = next((drill.project.folder / "home/photos").glob("*.gpg")).name[len("backup-photos-") :][:10]
    assert stamp in none.stderr
    unasked = drill.deploy("restore", "photos", "--at", stamp)
    assert unasked.returncode == 2
    assert "puts /srv/photos aside" in unasked.stderr
    assert (drill.new.root / "srv/photos/new").exists()
    done = drill.deploy("restore", "photos", "--at", stamp, "--yes", "--from", "home")
    assert done.returncode == 0, done.stderr
    assert as_before(drill, "photos")


def test_by_hand_as_the_documents_say(drill: Drill) -> None:
    """The lines of docs/by-hand.md, at home, where the private key is."""
    text = (Path(__file__).parents[3] / "docs/by-hand.md").read_text()
    lines = text.partition("## Restore\n")[2].partition("```\n")[2].partition("```")[0]
    archive = next((drill.project.folder / "home/photos").glob("*.gpg"))
    login = f"ssh -F none -i {drill.new.key} -o UserKnownHostsFile={drill.new.known_hosts} root@{drill.new.address}"
    for said, here in (
        ("/mnt/nas/backups", str(drill.project.folder / "home")),
        ("backup-photos-2026-11-21-230000.tar.zst.gpg", archive.name),
        ("ssh root@vps.example.org", login),
    ):
        assert said in lines
        lines = lines.replace(said, here)
    drill.new.run("rm -r /srv/photos/deep")
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", lines],
        env={**os.environ, "GNUPGHOME": str(drill.project.folder / "gpg")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "photos is restored to" in done.stdout
    assert as_before(drill, "photos")


def test_from_the_server_itself(drill: Drill) -> None:
    saved = drill.new.run("/usr/local/lib/deploy/bin/backup files.test postgres.test", check=False)
    assert saved.returncode == 0, saved.stdout
    before = content(drill.new, "files.test", "postgres.test")
    drill.new.run("rm -rf /opt/files.test/more; cd /opt/postgres.test; docker compose rm -sf db 2>&1")
    for name in ("files.test", "postgres.test"):
        done = drill.deploy("restore", name, "--yes", "--from", "vps")
        assert done.returncode == 0, done.stdout + done.stderr
    assert content(drill.new, "files.test", "postgres.test") == before


def test_from_s3_when_the_home_server_is_gone_too(drill: Drill, tmp_path: Path) -> None:
    home, objects = drill.project.folder / "home", ObjectStore(tmp_path / "store")
    s3 = {"bucket": "backups", "endpoint": objects.endpoint, "credentials": str(objects.credentials())}
    before = content(drill.new, "files.test", "photos")
    try:
        assert not send(S3.model_validate(s3), Store(home), lambda text: None).troubles
        home.rename(tmp_path / "home")
        drill.project.more["home"] = {"directory": str(home), "s3": s3}
        drill.new.run("rm -rf /srv/photos; echo new >/opt/files.test/more/new")
        for name in ("photos", "files.test"):
            done = drill.deploy("restore", name, "--from", "s3", "--yes")
            assert done.returncode == 0, done.stdout + done.stderr
        there = drill.deploy("restore", "photos", "--from", "s3", "--to", str(tmp_path / "look"))
        assert there.returncode == 0, there.stderr
        objects.client().put_object(Bucket="backups", Key=objects.keys()[0], Body=b"not what it was")
        broken = drill.deploy("restore", objects.keys()[0].partition("/")[0], "--from", "s3", "--yes")
    finally:
        objects.stop()
        drill.project.more["home"] = {"directory": str(home)}
        if not home.exists():
            (tmp_path / "home").rename(home)
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert content(drill.new, "files.test", "photos") == before


def test_into_a_folder_here_while_the_server_is_gone(drill: Drill, tmp_path: Path) -> None:
    drill.new.cut()
    try:
        done = drill.deploy("restore", "photos", "--from", "home", "--to", str(tmp_path / "look"))
    finally:
        drill.new.mend()
    assert done.returncode == 0, done.stderr
    there = drill.new.run("cd / && find srv/photos -type f -exec sha256sum {} + | sort").stdout
    here = subprocess.run(
        "find srv/photos -type f -exec sha256sum {} + | sort",
        cwd=tmp_path / "look",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert there == here
    again = drill.deploy("restore", "photos", "--from", "home", "--to", str(tmp_path / "look"))
    assert again.returncode == 1
    assert "is there already, and not empty" in again.stderr


def altered(path: Path, change) -> bytes:
    good = path.read_bytes()
    data = bytearray(good)
    change(data)
    path.write_bytes(bytes(data))
    return good


@pytest.mark.in_turns
@pytest.mark.parametrize(("digest", "places"), [("seen", [-200_000]), ("unknown", [2000, -200_000, -100])])
@pytest.mark.fault("an archive is altered at the beginning, the middle or the end", rounds=3)
def test_an_archive_that_was_altered_or_cut_off(
    drill: Drill, digest: str, places: list[int], tmp_path: Path
) -> None:
    path = next((drill.project.folder / "home/photos").glob("*.gpg"))
    before = content(drill.new, "photos")
    sums = path.with_name(path.name + ".sha256")
    kept = sums.read_text()
    for place in places:
        good = altered(path, lambda data, place=place: data.__setitem__(place, data[place] ^ 1))
        if digest == "unknown":  # as if whoever altered it had altered the digest too
            new = subprocess.run(
                ["sha256sum", path.name], cwd=path.parent, capture_output=True, text=True, check=True
            )
            sums.write_text(new.stdout)
        try:
            done = [drill.deploy("restore", "photos", "--yes", "--from", "home")]
            if place == -200_000:
                look = str(tmp_path / "never")
                done.append(drill.deploy("restore", "photos", "--from", "home", "--to", look))
        finally:
            path.write_bytes(good)
            sums.write_text(kept)
        for each in done:
            assert each.returncode == 1, each.stderr
            assert "SHA-256 differs" in each.stderr or "cannot be decrypted" in each.stderr
        assert list(tmp_path.iterdir()) == []
    assert content(drill.new, "photos") == before
    assert not (drill.new.root / "srv/deploy/photos/restore.part").exists()


def test_an_archive_of_another_service(drill: Drill) -> None:
    folder = drill.project.folder / "home"
    wrong = next((folder / "files.test").glob("*.gpg"))
    path = folder / "photos" / wrong.name.replace("files.test", "photos").replace("20", "21", 1)
    shutil.copy(wrong, path)
    path.with_name(path.name + ".sha256").write_text(
        subprocess.run(
            ["sha256sum", path.name], cwd=path.parent, capture_output=True, text=True, check=True
        ).stdout
    )
    try:
        done = drill.deploy("restore", "photos", "--yes", "--from", "home")
    finally:
        path.unlink()
        path.with_name(path.name + ".sha256").unlink()
    assert done.returncode == 1
    assert "the archive is one of files.test, not of photos" in done.stderr


def test_without_the_private_key(drill: Drill, tmp_path: Path) -> None:
    (tmp_path / "gpg").mkdir(mode=0o700)
    done = drill.project.deploy("restore", "photos", "--yes", GNUPGHOME=str(tmp_path / "gpg"))
    assert done.returncode == 1
    assert "the private key that the archive is encrypted for is not here" in done.stderr


@pytest.mark.fault("the line is cut in the middle of a restore")
def test_the_connection_is_lost_in_the_middle(drill: Drill) -> None:
    before, project = content(drill.new, "photos"), drill.project
    drill.new.run("echo changed >/srv/photos/since")
    changed = content(drill.new, "photos")
    project.write()
    started = client(
        [*DEPLOY, "restore", "photos", "--yes", "--from", "home"],
        cwd=project.folder,
        env={**os.environ, "GNUPGHOME": str(project.folder / "gpg")},
        stderr=subprocess.DEVNULL,
    )
    runs = "pgrep -f '^/bin/bash /usr/local/lib/deploy/bin/restore photos --by'"
    until(
        drill.new, f"{runs} || [ /var/log/deploy/push.log -nt /srv/photos/since ]"
    )  # it may be over already
    started.kill()
    started.wait()
    until(drill.new, f"! {runs}")
    assert content(drill.new, "photos") in (before, changed), "all of it, or nothing"
    done = drill.deploy("restore", "photos", "--yes", "--from", "home")
    assert done.returncode == 0, done.stderr
    assert content(drill.new, "photos") == before


def test_what_cannot_be_restored(drill: Drill) -> None:
    for arguments, words in (
        ((), "one site or service is restored, or --all"),
        (("photos", "--all"), "one site or service is restored, or --all"),
        (("foto", "--yes"), "'foto' is nothing that is backed up"),
        (("photos", "--from", "s3", "--yes"), "there is no home.s3 in sites.yaml"),
    ):
        done = drill.deploy("restore", *arguments)
        assert done.returncode == 2, done.stderr
        assert words in done.stderr


@pytest.mark.in_turns
@pytest.mark.parametrize("engine", KINDS)
def test_an_application_has_its_database_again(drill: Drill, engine: str) -> None:
    """Made, found by its secret, dumped by the backup, and loaded into a new one that has another password."""
    vps, project = drill.new, drill.project
    make_official(vps)
    shop = {"kind": "app", "image": SHOP, "port": 80, "published": 8220, "https": False, "database": engine}
    project.sites["shop.test"] = shop | {"release": "/www/cgi-bin/orders make", "watch": "0"}

    def called(*words: str) -> str:
        done = drill.deploy(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def orders(more: str = "") -> str:
        return project.get("shop.test", f"/cgi-bin/orders{more}", scheme="http")[1].rstrip()

    try:
        called("apply", "shop.test", "--yes")
        assert orders("?tea") == "tea"
        called("backup", "shop.test")
        password = called("secret", "show", "shop.test", "DB_PASSWORD")
        assert orders("?coffee") == "coffee\ntea"
        called("restore", "shop.test", "--yes", "--from", "vps")
        assert orders() == "tea"

        down = "docker compose -p shop-test down --timeout 0 2>&1; rm -r /opt/shop.test/{db,.env}"
        vps.run(f"cd /opt/shop.test && {down}")
        called("apply", "shop.test", "--yes")
        assert called("secret", "show", "shop.test", "DB_PASSWORD") != password
        assert orders() == ""
        called("restore", "shop.test", "--yes", "--from", "vps")
        assert called("secret", "show", "shop.test", "DB_PASSWORD") == password
        assert orders("?water") == "tea\nwater"
        assert json.loads(called("plan", "shop.test", "--json"))["empty"]
    finally:
        del project.sites["shop.test"]
        gone = project.apply()
        vps.run("rm -rf /opt/shop.test /home/backups/shop.test")
    assert gone.returncode == 0, gone.stdout + gone.stderr
