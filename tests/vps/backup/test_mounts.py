"""What containers have mounted: volumes of every kind and folders elsewhere are in the archive, or named."""

import json

import pytest

from deployer.shares.backup import Backup
from vps.backup.conftest import Backed, composed
from vps.restore.byhand import Archive, define
from vps.services.conftest import file_in

ALL = Backup(paths=(".",), volumes=None)


def mounts(app, *volumes: object, named: dict | None = None, **services: dict) -> None:
    """Write docker-compose.yml: what the service `app` mounts, the volumes by name, and more services."""
    app.write(
        app={
            "image": f"{app.repository}:1",
            "ports": [f"127.0.0.1:{app.port}:80"],
            "volumes": list(volumes),
        },
        **services,
    )
    path = app.directory / "docker-compose.yml"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"volumes": named or {}}))


def within(app, script: str, service: str = "app") -> None:
    app.vps.run(f"docker exec {app.project}-{service}-1 sh -c '{script}'")


def volume_of(backed: Backed, tree, name: str):
    """Where a volume is in an unpacked archive."""
    return tree / backed.begin["volumes"][name][1:]


def bound(device: str) -> dict:
    return {"driver": "local", "driver_opts": {"type": "none", "o": "bind", "device": device}}


def test_a_volume_that_is_a_folder_elsewhere_is_saved_and_comes_back(new_composition, key, tmp_path, vps):
    # as of many guides for Vaultwarden and Nextcloud: the volume is mounted only while its container runs
    app = new_composition()
    vault = f"/srv/vault-{app.port}"
    vps.run(f"mkdir -p {vault} /opt/{app.name}/own")
    mounts(app, "data:/data", "own:/own", named={"data": bound(vault), "own": bound(f"/opt/{app.name}/own")})
    app.push()
    within(app, "echo precious >/data/db; echo beside >/own/file")
    backed = composed(app, key, ALL)
    backed.run()
    tree = backed.unpack(tmp_path)
    assert list(backed.begin["volumes"]) == [f"{app.project}_data"], "the other is a part of its folder"
    assert (tree / f"opt/{app.name}/own/file").read_text() == "beside\n"
    assert (volume_of(backed, tree, f"{app.project}_data") / "db").read_text() == "precious\n"
    within(app, "echo spoilt >/data/db")
    backed.restore()
    assert vps.run(f"cat {vault}/db").stdout == "precious\n"
    assert file_in(vps, f"{app.project}-app-1", "/data/db") == "precious\n"
    vps.run(f"mv {vault} {vault}-away")  # as a disk that is gone
    assert f"in {vault}, which is not there: is a disk missing?" in backed.fails()
    vps.run(f"mkdir {vault}")
    assert f"app has another folder at /data than {vault} is now" in backed.fails()
    vps.run(f"cd /opt/{app.name}; docker compose down -v; rm -r {vault}")  # as on a new server
    backed.restore()
    assert vps.run(f"cat {vault}/db").stdout == "precious\n"
    assert file_in(vps, f"{app.project}-app-1", "/data/db") == "precious\n"

    # as archives were made while the container was stopped: of such a volume they have an empty folder
    app.script("stop")
    archive = Archive(
        app.name, (), {f"{app.project}_data": f"/var/lib/docker/volumes/{app.project}_data/_data"}
    )
    define(vps, archive)
    said = vps.run(f"/usr/local/lib/deploy/bin/restore {app.name} <{archive.make(vps)}").stdout
    assert f"it has nothing of the volume {app.project}_data" in said
    assert vps.run(f"cat {vault}/db").stdout == "precious\n", "nothing replaces nothing"


@pytest.mark.in_turns("mounts")
def test_what_is_on_another_disk_or_a_share_is_named(new_composition, key, tmp_path, vps):
    # no file system can be made in a throwaway server, nor a share: such volumes are there, and never mounted
    app = new_composition()
    opts = {
        "disk": {"type": "ext4", "device": "/dev/sdb1"},
        "share": {"type": "cifs", "o": "addr=192.0.2.1", "device": "//nas/share"},
    }
    app.push()
    mounts(
        app,
        named={name: {"driver_opts": each} for name, each in opts.items()},
        more={
            "image": f"{app.repository}:1",
            "volumes": ["disk:/disk", "share:/share"],
            "profiles": ["sometimes"],
        },
    )
    for name, each in opts.items():
        words = " ".join(f"--opt {option}={value}" for option, value in each.items())
        vps.run(f"docker volume create {words} {app.project}_{name}")
    backed = composed(app, key, ALL)
    said = backed.run()
    assert f"not saved: volume {app.project}_disk of more, on /dev/sdb1 (ext4)" in said
    assert f"not saved: volume {app.project}_share of more, on //nas/share (cifs)" in said
    assert backed.log()["result"] == "warning"
    backed.unpack(tmp_path)
    assert backed.begin["volumes"] == {}
    left_out = tuple(f"{app.project}_{name}" for name in opts)
    composed(app, key, Backup(paths=(".",), volumes=None, exclude=left_out))
    assert "not saved" not in backed.run()
    assert backed.log()["result"] == "ok"


@pytest.mark.in_turns("mounts")
def test_what_the_database_shares_is_saved_and_comes_back(new_composition, key, tmp_path):
    app = new_composition()
    image = f"{app.repository}:1"
    alone = f"/srv/database-{app.port}"
    of_the_database = ["uploads:/import", "db:/var/lib/postgresql/data", "./dumps:/dumps"]
    of_the_database += ["./pg:/var/lib/mysql"]
    mounts(
        app,
        "uploads:/uploads",
        "both:/both",
        named={"uploads": {}, "db": bound(alone), "both": {}},
        db={"image": image, "volumes": [*of_the_database, "both:/var/lib/postgresql/more"]},
    )
    app.vps.run(f"mkdir {alone}")
    app.push()
    within(app, "echo picture >/uploads/one; echo mine >/both/one")
    within(
        app,
        "echo raw >/var/lib/postgresql/data/raw; echo raw >/var/lib/mysql/raw; echo kept >/dumps/one",
        "db",
    )
    backup = Backup(paths=(".",), volumes=None, dump="echo dump", load="cat", service="db")
    backed = composed(app, key, backup)
    assert f"its database shares {app.project}_both with others: it is stopped" in backed.run()
    tree = backed.unpack(tmp_path)
    shared = [f"{app.project}_both", f"{app.project}_uploads"]
    assert sorted(backed.begin["volumes"]) == shared, "the dump stands for the other one"
    assert (volume_of(backed, tree, f"{app.project}_uploads") / "one").read_text() == "picture\n"
    assert (tree / f"opt/{app.name}/dumps/one").read_text() == "kept\n"
    assert not (tree / f"opt/{app.name}/pg").exists()
    within(app, "echo spoilt >/both/one; echo spoilt >/uploads/one")
    backed.restore()
    assert file_in(app.vps, f"{app.project}-app-1", "/both/one") == "mine\n"
    assert file_in(app.vps, f"{app.project}-app-1", "/uploads/one") == "picture\n"
    assert app.vps.run(f"ls {alone}").stdout == "", "a fresh database fills it by itself"


@pytest.mark.in_turns("mounts")
@pytest.mark.fault("the containers are gone before a backup")
def test_without_containers_its_volumes_are_saved(new_composition, key, tmp_path):
    app = new_composition()
    image = f"{app.repository}:1"
    mounts(
        app, "data:/data", named={"data": {}, "db": {}}, db={"image": image, "volumes": ["db:/var/lib/mysql"]}
    )
    app.push()
    within(app, "echo precious >/data/file")
    within(app, "echo raw >/var/lib/mysql/raw", "db")
    app.vps.run(f"cd /opt/{app.name} && docker compose down")
    backed = composed(app, key, Backup(paths=(".",), volumes=None, dump="false", load="cat", service="db"))
    said = backed.run()
    assert "the files of its database are saved instead of a dump" in said
    tree = backed.unpack(tmp_path)
    assert (volume_of(backed, tree, f"{app.project}_data") / "file").read_text() == "precious\n"
    assert (volume_of(backed, tree, f"{app.project}_db") / "raw").read_text() == "raw\n"
    mounts(app, "data:/data", named={"data": {}}, db={"image": image})
    assert "nothing of its database (db) is there" in backed.fails()


@pytest.mark.in_turns("mounts")
def test_folders_elsewhere_and_those_of_a_volume_are_saved_or_named(new_composition, key, tmp_path, vps):
    app = new_composition()
    media, music, linked = (f"/srv/{name}-{app.port}" for name in ("media", "music", "linked"))
    vps.run(f"mkdir -p {media} {music} {linked} /opt/{app.name}; ln -s {linked} /opt/{app.name}/data")
    mounts(
        app,
        f"{media}:/media",
        f"{music}:/music:ro",
        "./data:/data",
        "/:/host:ro",
        "/etc/localtime:/etc/localtime:ro",
        "/run:/run/host",
        "/cache",
        {"type": "volume", "source": "kept", "target": "/part", "volume": {"subpath": "part"}},
        named={"kept": {}},
    )
    labels = f"--label com.docker.compose.project={app.project} --label com.docker.compose.volume=kept"
    vps.run(f"docker volume create {labels} {app.project}_kept")
    part = f"/var/lib/docker/volumes/{app.project}_kept/_data/part"
    vps.run(f"mkdir {part}; echo precious >{part}/file")
    app.push()
    assert file_in(vps, f"{app.project}-app-1", "/part/file") == "precious\n"
    within(app, "echo film >/media/one; echo linked >/data/one")
    backed = composed(app, key, ALL)
    said = backed.run()
    named = [line.split("not saved: ")[1] for line in said.splitlines() if "not saved: " in line]
    assert [line.split(" (")[0] for line in named] == [
        "a volume without a name of app, at /cache",
        f"{music} of app, read only",
    ], said
    tree = backed.unpack(tmp_path)
    assert (tree / f"{media[1:]}/one").read_text() == "film\n"
    assert (tree / f"{linked[1:]}/one").read_text() == "linked\n"
    assert (volume_of(backed, tree, f"{app.project}_kept") / "part/file").read_text() == "precious\n"
    assert backed.log()["warnings"] == [f"not saved: {each}" for each in named]
    backed = composed(app, key, Backup(paths=(".",), volumes=None, exclude=(music, media, "app:/cache")))
    assert "not saved" not in backed.run()
    (tmp_path / "without").mkdir()
    assert not (backed.unpack(tmp_path / "without") / media[1:]).exists()


@pytest.mark.in_turns("mounts")
def test_what_the_paths_leave_out_and_what_is_not_there_yet_is_named(new_composition, key, vps):
    app = new_composition()
    vps.run(f"mkdir -p /opt/{app.name}/data")
    mounted = ["./data:/data", "./more:/more", "kept:/kept", "/srv/elsewhere:/elsewhere"]
    mounts(app, *mounted, named={"kept": {}})
    app.push()
    backed = composed(app, key, Backup(paths=("data",), volumes=()))
    said = backed.run()
    for each in (
        f"/opt/{app.name}/more of app",
        f"volume {app.project}_kept of app",
        "/srv/elsewhere of app",
    ):
        assert f"not saved: {each}" in said
    composed(
        app,
        key,
        Backup(paths=("data",), volumes=(), exclude=("more", f"{app.project}_kept", "/srv/elsewhere")),
    )
    assert "not saved" not in backed.run()
    mounts(app, *mounted, "later:/later", "/srv/later:/after", named={"kept": {}, "later": {}})
    backed = composed(app, key, ALL)
    said = backed.run()  # what apply wrote is mounted by the next push
    assert f"not saved: volume {app.project}_later of app, which is not there" in said
    assert "not saved: /srv/later of app, which is not there" in said
    assert backed.log()["result"] == "warning"


@pytest.mark.in_turns("mounts")
def test_what_runs_from_another_folder_is_saved_as_it_is_mounted(new_composition, key, tmp_path, vps):
    app = new_composition()
    mounts(app, "./data:/data")
    (app.directory / "data").mkdir()
    (app.directory / "data/file").write_text("stale\n")
    vps.run(
        f"cp -r /opt/{app.name} /srv/by-hand-{app.port}; cd /srv/by-hand-{app.port} && docker compose up -d --wait"
    )
    within(app, "echo live >/data/file")
    backed = composed(app, key, ALL)
    said = backed.run()
    tree = backed.unpack(tmp_path)
    assert (tree / f"srv/by-hand-{app.port}/data/file").read_text() == "live\n"
    assert f"app has /srv/by-hand-{app.port}/data mounted at /data, not /opt/{app.name}/data" in said
    assert backed.log()["result"] == "warning"
    (app.directory / "docker-compose.yml").write_text("services: [broken\n")
    said = backed.run()
    assert f"docker compose refuses /opt/{app.name}/docker-compose.yml: " in said
    assert "only what its containers have mounted is saved" in said
    (tmp_path / "broken").mkdir()
    assert (backed.unpack(tmp_path / "broken") / f"srv/by-hand-{app.port}/data/file").read_text() == "live\n"
    vps.run(f"docker rm -f {app.project}-app-1")
    assert "docker compose refuses" in backed.fails()


@pytest.mark.in_turns("mounts")
@pytest.mark.fault("a folder is replaced under its container before a backup")
def test_a_folder_that_was_replaced_under_its_container_is_a_failure(new_composition, key, tmp_path, vps):
    app = new_composition()
    mounts(app, "./data:/data", "kept:/kept", named={"kept": {}})
    app.push()
    within(app, "echo live >/data/file; echo x >/kept/file")
    vps.run(f"cd /opt/{app.name}; mv data old; mkdir data; echo stale >data/file")
    backed = composed(app, key, ALL)
    said = backed.fails()
    assert f"app has another folder at /data than /opt/{app.name}/data is now" in said
    assert app.page() == "one"
    app.push("--force")
    backed.run()
    tree = backed.unpack(tmp_path)
    place = backed.begin["volumes"][f"{app.project}_kept"]
    end = json.loads((tree / f"srv/deploy/{app.name}/backup/end.json").read_text())
    assert end["held"][place] == 1
    assert end["held"][f"/opt/{app.name}"] == 5


@pytest.mark.in_turns("mounts")
def test_what_is_left_out_is_so_in_a_folder_that_is_a_link(new_composition, key, tmp_path, vps):
    app = new_composition()
    own = f"/opt/{app.name}"
    vps.run(
        f"mv {own} /srv/own-{app.port}; ln -s /srv/own-{app.port} {own}; cd {own}; echo x >a.tmp; echo x >b"
    )
    backed = composed(app, key, Backup(paths=(".",), volumes=None, exclude=("*.tmp",)))
    backed.run()
    tree = backed.unpack(tmp_path)
    assert sorted(path.name for path in (tree / own[1:]).iterdir()) == ["b", "docker-compose.yml"]
