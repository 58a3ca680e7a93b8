"""Compositions in the transaction of apply: files, secrets and containers, whole or as they were."""

import base64
import json
import shutil
from collections.abc import Iterator

import pytest

from deployer.errors import UnreachableError
from deployer.files import File, pack, unpack
from deployer.parts.docker import QUESTIONS
from deployer.planning.plan import Plan
from deployer.planning.renames import belongs
from deployer.rehearsal.machine import Machine
from deployer.server.connection import Server, script_command
from deployer.server.login import connect
from deployer.tasks import script
from deployer.tasks.apply import apply_script
from deployer.tasks.apply import parcel as empty_parcel
from vps.services.conftest import environment_of, file_in

PUSH = '    /usr/local/lib/deploy/bin/push "$1" --missing --hold "${@:2}" --by "${who%%, since*}" 9>&-'


@pytest.fixture
def server(vps: Machine) -> Iterator[Server]:
    with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as server:
        yield server


def parcel(files: dict[str, str], **lists: list[str]) -> bytes:
    """An empty plan's parcel, with these files and lists in it."""
    lists.setdefault("checks", ["/etc/nginx/*\tNGINX\tcheck_nginx"])
    lists.setdefault("live", ["/etc/nginx/*\treload_nginx"])
    lists.setdefault("back", lists["live"])
    lists.setdefault("steps", [f"{name}||" for name in lists.get("compositions", ())])
    paths = [*files, *lists.get("remove", ()), *(line.split("\t")[0] for line in lists.get("secrets", ()))]
    names = {*lists.get("compositions", ()), *(each.split()[0] for each in lists.get("gone", ()))}
    names |= {path.split("/")[2] for path in paths if path.startswith("/opt/")}
    own = [
        f"{path}\t{name}"
        for path in paths
        for name in sorted(names)
        if belongs(path, name, f"/opt/{name}", names)
    ]
    lists.setdefault("owners", own)
    members = unpack_members(empty_parcel(Plan(), "ada@laptop, since 12:00:00,"))
    members |= {name: File("".join(f"{text}\n" for text in texts).encode()) for name, texts in lists.items()}
    return pack(members | {f"files{path}": File(text.encode()) for path, text in files.items()})


def apply(server: Server, data: bytes, code: int = 0, text: bytes = b"") -> str:
    lines: list[str] = []
    text = text or apply_script()
    status = server.follow(script_command(text), lines.append, text + data)
    assert status == code, "\n".join(lines)
    return "\n".join(lines)


def composed(app, **change) -> dict[str, str]:
    service = {
        "image": f"{app.repository}:1",
        "ports": [f"127.0.0.1:{app.port}:80"],
        "environment": {"TOKEN": "${TOKEN:?is missing}"},
        "restart": "unless-stopped",
        "stop_signal": "SIGKILL",
    } | change
    text = json.dumps({"name": app.project, "services": {"app": service}}, indent=2)
    return {f"/opt/{app.name}/docker-compose.yml": text}


def value(app, text: str) -> list[str]:
    return [f"/opt/{app.name}/.env\tTOKEN\tvalue\t{base64.b64encode(text.encode()).decode()}"]


def token(app) -> str:
    (line,) = (each for each in environment_of(app.vps, f"{app.project}-app-1") if each.startswith("TOKEN="))
    return line.removeprefix("TOKEN=")


def test_from_nothing_and_a_changed_secret(new_composition, server):
    app = new_composition()
    told = apply(server, parcel(composed(app), secrets=value(app, "hush"), compositions=[app.name]))
    assert f"{app.name} is live: " in told
    assert app.page() == "one"
    assert token(app) == "hush"
    assert "hush" not in told
    assert app.log()["by"] == "ada@laptop"
    app.image("two")
    apply(server, parcel({}, secrets=value(app, "other"), compositions=[app.name]))
    assert token(app) == "other"
    assert app.page() == "one", "apply brings no newer image"


def test_one_that_is_not_well_is_as_it_was_and_the_others_go_live(new_composition, server):
    good, bad = new_composition("good"), new_composition("old")
    for app in (good, bad):
        apply(server, parcel(composed(app), secrets=value(app, "first"), compositions=[app.name]))
    files = composed(bad, command=["sh", "-c", "echo why; exit 3"], restart="no") | composed(
        good, hostname="new"
    )
    secrets = value(bad, "second") + value(good, "second")
    data = parcel(files, secrets=secrets, compositions=[bad.name, good.name])
    told = apply(server, data, code=73)
    assert "app ended with exit code 3" in told
    assert "  app | why" in told
    assert f"  {bad.name} goes back to what it was; everything else stays live." in told
    assert told.count("is as it was") == 1
    assert (bad.page(), token(bad)) == ("old", "first")
    assert (good.page(), token(good)) == ("good", "second")
    assert "exit 3" not in (bad.directory / "docker-compose.yml").read_text()
    assert "first" in (bad.directory / ".env").read_text()
    assert "already up to date" in bad.push()


def test_a_stack_that_needs_the_network_of_another_comes_after_it(new_composition, server):
    needs, gives = new_composition("needs"), new_composition("gives")
    files = composed(gives)
    (path,) = composed(needs)
    file = json.loads(composed(needs)[path])
    file["services"]["app"]["networks"] = ["shared"]
    file["networks"] = {"shared": {"external": True, "name": f"{gives.project}_default"}}
    files |= {path: json.dumps(file)}
    secrets = value(needs, "x") + value(gives, "x")
    apply(server, parcel(files, secrets=secrets, compositions=[needs.name, gives.name]))
    assert (needs.page(), gives.page()) == ("needs", "gives")
    needs.script("down")  # before the network that it is in


@pytest.mark.in_turns("not well")
def test_a_new_one_that_is_not_well_leaves_no_more_than_what_its_data_may_need(new_composition, server):
    app = new_composition()
    shutil.rmtree(app.directory)
    files = composed(app, command=["sh", "-c", "exit 3"], restart="no")
    generated = [f"/opt/{app.name}/.env\tTOKEN\tgenerate\t20"]
    told = apply(server, parcel(files, secrets=generated, compositions=[app.name]), code=73)
    assert "exit code 3" in told
    assert [path.name for path in app.directory.iterdir()] == [".env"]
    made = (app.directory / ".env").read_text()
    assert app.vps.run(f"docker ps -aq --filter label=com.docker.compose.project={app.project}").stdout == ""
    apply(server, parcel(composed(app), compositions=[app.name]))
    assert made == f"TOKEN='{token(app)}'\n"


STATIC = "DOMAIN={0}\nKIND=static\nREPOSITORY=\nBUILD=\nHTTPS=0\n"


def was_static(app) -> dict[str, str]:
    """The composition is not there yet, but a static site by its name; the values that come."""
    path = f"/etc/deploy/sites/{app.name}.conf"
    conf = app.vps.root / path[1:]
    coming = {path: conf.read_text()}
    conf.write_text(STATIC.format(app.name))
    shutil.rmtree(app.directory)
    return coming


@pytest.mark.in_turns("not well")
def test_a_static_site_stays_when_the_containers_that_come_in_its_place_are_not_well(new_composition, server):
    app = new_composition()
    coming = was_static(app)
    files = coming | composed(app, command=["sh", "-c", "exit 3"], restart="no")
    told = apply(server, parcel(files, secrets=value(app, "x"), compositions=[app.name]), code=73)
    assert [line for line in told.splitlines() if line.startswith("✗")] == [
        "✗ up: app ended with exit code 3"
    ], told
    assert (app.vps.root / f"etc/deploy/sites/{app.name}.conf").read_text() == STATIC.format(app.name)
    assert app.vps.run(f"docker ps -aq --filter label=com.docker.compose.project={app.project}").stdout == ""


@pytest.mark.in_turns("not well")
def test_a_refused_compose_file_stays_as_it_was(new_composition, server):
    app, other = new_composition(), new_composition("other")
    apply(server, parcel(composed(app), secrets=value(app, "first"), compositions=[app.name]))
    files = {f"/opt/{app.name}/docker-compose.yml": "services:\n  app:\n    image: [x\n"}
    data = parcel(
        files | composed(other),
        secrets=value(app, "second") + value(other, "x"),
        compositions=[app.name, other.name],
    )
    told = apply(server, data, code=73)
    assert f"✗ {app.name}: Docker Compose refuses /opt/{app.name}/docker-compose.yml" in told
    assert "yaml: line 2: did not find expected" in told
    assert (app.page(), token(app)) == ("one", "first")
    assert other.page() == "other"
    assert "first" in (app.directory / ".env").read_text()


@pytest.mark.in_turns("not well")
def test_a_new_one_in_a_folder_of_its_own_that_is_refused_is_left_at_that(new_composition, server):
    app, folder = new_composition(), "/opt/elsewhere"
    app.configure(DIRECTORY=folder)
    path = f"/etc/deploy/sites/{app.name}.conf"
    conf = app.vps.root / path[1:]
    files = {path: conf.read_text(), f"{folder}/docker-compose.yml": "services:\n  app:\n    image: [x\n"}
    conf.unlink()
    owners = [f"{each}\t{app.name}" for each in files]
    told = apply(server, parcel(files, compositions=[app.name], owners=owners), code=73)
    assert f"✗ {app.name}: Docker Compose refuses {folder}/docker-compose.yml" in told
    assert f"  {app.name} stays as it was; everything else goes live." in told
    assert f"▸ {app.name}" not in told
    assert "is not on this server" not in told
    assert not conf.exists()
    assert not (app.vps.root / folder[1:]).exists()


def test_removed_ones_are_stopped_and_keep_their_data(new_composition, server):
    app = new_composition()
    app.directory.mkdir(exist_ok=True)
    file = json.loads(composed(app)[f"/opt/{app.name}/docker-compose.yml"])
    file["services"]["app"]["volumes"] = ["data:/data", "./kept:/kept"]
    file["volumes"] = {"data": {}}
    path = f"/opt/{app.name}/docker-compose.yml"
    apply(server, parcel({path: json.dumps(file)}, secrets=value(app, "x"), compositions=[app.name]))
    app.vps.run(f"docker exec {app.project}-app-1 sh -c 'echo 1 > /data/file; echo 2 > /kept/file'")
    conf = f"/etc/deploy/sites/{app.name}.conf"
    (app.vps.root / conf[1:]).unlink()
    told = apply(server, parcel({}, remove=[path, conf], gone=[f"{app.name} {app.project}"]))
    assert "✓ down" in told
    assert app.page() == "502"
    assert not (app.directory / "docker-compose.yml").exists()
    assert (app.directory / "kept/file").read_text() == "2\n"
    assert app.vps.run(f"docker volume ls -q --filter name={app.project}").stdout
    app.configure()
    apply(server, parcel({path: json.dumps(file)}, compositions=[app.name]))
    assert file_in(app.vps, f"{app.project}-app-1", "/data/file") == "1\n"
    assert token(app) == "x"


def renaming(old, new, files: dict[str, str]) -> bytes:
    """The parcel of a sites.yaml in which the old name is now the new one, with these files."""
    own = ("/etc/deploy/sites/{}.conf", "/etc/nginx/conf.d/{}.conf")
    for path in (own[0].format(new.name), own[1].format(new.name)):
        files[path] = (new.vps.root / path[1:]).read_text().replace(f":{new.port};", f":{old.port};")
        (new.vps.root / path[1:]).unlink()
    remove = [path.format(old.name) for path in own]
    if f"/opt/{old.name}/docker-compose.yml" not in files:
        remove.append(f"/opt/{old.name}/docker-compose.yml")
    step = f"{new.name}||{old.project}"
    lists = {"compositions": [new.name], "gone": [f"{old.name} {old.project}"], "steps": [step]}
    return parcel(files, remove=remove, secrets=value(new, "new"), **lists)


@pytest.mark.in_turns("not well")
def test_a_renamed_one_that_is_not_well_leaves_the_old_one(new_composition, server):
    old, new = new_composition("old"), new_composition("new")
    apply(server, parcel(composed(old), secrets=value(old, "first"), compositions=[old.name]))
    new.configure(PORT=old.port)
    shutil.rmtree(new.directory)
    changed = {"ports": [f"127.0.0.1:{old.port}:80"], "restart": "no"}
    files = composed(new, command=["sh", "-c", "echo not me; exit 3"], **changed)
    told = apply(server, renaming(old, new, files), code=73)
    assert "  app | not me" in told
    assert f"  {old.name} stays." in told
    assert (old.page(), token(old)) == ("old", "first")
    assert (old.directory / "docker-compose.yml").exists()
    assert [path.name for path in new.directory.iterdir()] == [".env"]
    label = f"label=com.docker.compose.project={new.project}"
    assert old.vps.run(f"docker ps -aq --filter {label}").stdout == ""


def test_a_renamed_one_needs_no_image_anew(new_composition, server):
    old, new = new_composition("old"), new_composition()
    apply(server, parcel(composed(old), secrets=value(old, "first"), compositions=[old.name]))
    new.configure(PORT=old.port)
    files = composed(new, image=f"{old.repository}:1", ports=[f"127.0.0.1:{old.port}:80"])
    old.vps.run("systemctl stop docker-registry")
    try:
        told = apply(server, renaming(old, new, files))
    finally:
        old.vps.run("systemctl start docker-registry; curl -s --retry 9 --retry-connrefused 127.0.0.1:5000")
    assert f"it takes the place of {old.name}" in told
    assert (new.page(), token(new)) == ("old", "new")
    label = f"label=com.docker.compose.project={old.project}"
    assert old.vps.run(f"docker ps -aq --filter {label}").stdout == ""


def test_a_renamed_one_goes_on_with_folder_volumes_and_secrets(new_composition, server):
    old, new = new_composition("old"), new_composition()
    (path,) = files = composed(old)
    apply(server, parcel(files, secrets=value(old, "first"), compositions=[old.name]))
    before = old.vps.run(f"docker ps -q --filter name={old.project}-app-1").stdout
    new.configure(PORT=old.port, PROJECT=old.project, DIRECTORY=f"/opt/{old.name}")
    data = renaming(old, new, {path: files[path]})
    apply(server, data)
    assert (new.page(), token(old)) == ("old", "first")
    assert old.vps.run(f"docker ps -q --filter name={old.project}-app-1").stdout == before
    assert not (old.place / "images").exists()


@pytest.mark.in_turns("killed")
@pytest.mark.fault("the first apply of a service is killed")
def test_a_killed_first_apply_leaves_no_containers(new_composition, server):
    app = new_composition()
    (app.directory / "docker-compose.yml").unlink()
    (app.vps.root / f"etc/deploy/sites/{app.name}.conf").rename(app.vps.root / "root/conf")
    conf = {f"/etc/deploy/sites/{app.name}.conf": (app.vps.root / "root/conf").read_text()}
    dying = apply_script().decode().replace(PUSH, f"{PUSH}\n    kill -9 $$\n")
    data = parcel(composed(app) | conf, secrets=value(app, "x"), compositions=[app.name])
    with pytest.raises(UnreachableError):
        apply(server, data, text=dying.encode())
    assert app.page() == "one"
    ours = 'flock --nonblock "/srv/deploy/$name/lock" true && touch /root/unlocked'
    watched = apply_script().decode().replace("by_compose() {", f"by_compose() {{\n    {ours}\n")
    apply(server, parcel({}), text=watched.encode())
    assert not (app.vps.root / "root/unlocked").exists(), "the push may have outlived the apply"
    assert app.page() == "502"
    assert [path.name for path in app.directory.iterdir()] == [".env"]
    assert app.vps.run(f"docker ps -aq --filter label=com.docker.compose.project={app.project}").stdout == ""


@pytest.mark.in_turns("killed")
@pytest.mark.parametrize("how", ["apply", "the start of the server"])
@pytest.mark.fault("the apply that makes a service of a static site is killed")
def test_a_killed_apply_leaves_the_static_site_and_no_containers(new_composition, server, how):
    app = new_composition()
    files = was_static(app) | composed(app)
    dying = apply_script().decode().replace(PUSH, f"{PUSH}\n    kill -9 $$\n")
    with pytest.raises(UnreachableError):
        apply(server, parcel(files, secrets=value(app, "x"), compositions=[app.name]), text=dying.encode())
    assert app.page() == "one"
    (app.place / "work").mkdir()
    (app.place / "work/was-up").touch()  # as if the push had been killed with it
    if how == "apply":
        apply(server, parcel({}))
    else:
        told = app.vps.run("cd /usr/local/lib/deploy/bin; ./undo --at-start; ./resume", check=False)
        assert (told.returncode, "unknown option" in told.stdout + told.stderr) == (0, False), told
    assert (app.vps.root / f"etc/deploy/sites/{app.name}.conf").read_text() == STATIC.format(app.name)
    assert app.vps.run(f"docker ps -aq --filter label=com.docker.compose.project={app.project}").stdout == ""
    assert not (app.vps.root / "var/lib/deploy/containers").exists()


@pytest.mark.in_turns("killed")
@pytest.mark.fault("an apply is killed around the start of containers", rounds=2)
def test_killed_while_containers_come_up(new_composition, server):
    app = new_composition()
    apply(server, parcel(composed(app), secrets=value(app, "first"), compositions=[app.name]))
    killer = apply_script().decode()
    assert PUSH in killer
    data = parcel(composed(app, hostname="new"), secrets=value(app, "second"), compositions=[app.name])
    for moment, dying in (
        ("before", killer.replace(PUSH, f"    kill -9 $$\n{PUSH}")),
        ("after", killer.replace(PUSH, f"{PUSH}\n    kill -9 $$")),
    ):
        with pytest.raises(UnreachableError):
            apply(server, data, text=dying.encode())
        assert "second" in (app.directory / ".env").read_text(), moment
        told = apply(server, parcel({}))
        assert "the last apply was interrupted" in told, moment
        assert (app.page(), token(app)) == ("one", "first"), moment
        assert not (app.vps.root / "var/lib/deploy/transaction").exists(), moment
        assert not (app.vps.root / "var/lib/deploy/containers").exists(), moment


def test_looking_tells_digests_and_no_values(new_composition, server):
    app = new_composition()
    apply(server, parcel(composed(app), secrets=value(app, "hush hush"), compositions=[app.name]))
    look = script("observe.sh")
    folder = f"/opt/{app.name}"
    asked = (
        "\n".join(map(str, QUESTIONS))
        + f"\n\nsecrets {folder}/.env\nfile {folder}/docker-compose.yml\nsecrets /opt/none/.env\n"
    )
    answer = server.ask(script_command(look), look + asked.encode())
    import gzip
    import hashlib

    files = unpack(answer.output)
    digest = hashlib.sha256(b"hush hush").hexdigest()
    assert f"secret /opt/{app.name}/.env TOKEN {digest}\n".encode() in files["/facts"].content
    facts = files["/facts"].content.decode().splitlines()
    versions = dict(line.split()[1:] for line in facts if line.startswith("version "))
    assert (versions["docker"][:4], versions["compose"][:4]) == ("26.1", "2.26")
    assert all(line.split()[0].isidentifier() for line in facts)
    assert f"/opt/{app.name}/docker-compose.yml" in files
    assert f"/opt/{app.name}/.env" not in files
    assert b"hush" not in gzip.decompress(answer.output)


def test_sources_are_there_before_packages_or_not_at_all(vps, server):
    good = "Types: deb\nURIs: file:/root/packages\nSuites: ./\nTrusted: yes\n"
    path = "sources/etc/apt/sources.list.d/extra.sources"
    vps.run("mkdir -p /root/packages && touch /root/packages/Packages")
    others = "/etc/apt/sources.list.d/others"
    vps.run(f"mkdir -p {others}; mv /etc/apt/sources.list {others}/ 2>/dev/null || true")

    def with_source(text: str) -> bytes:
        return pack(unpack_members(parcel({})) | {path: File(text.encode())})

    told = apply(server, with_source(good))
    assert "✓ sources" in told
    assert (vps.root / path.removeprefix("sources/")).read_text() == good
    broken = good.replace("/root/packages", "/root/nowhere")
    told = apply(server, with_source(broken), code=1)
    assert "✗ apt-get cannot read the new sources of packages; nothing was changed" in told
    assert (vps.root / path.removeprefix("sources/")).read_text() == good
    vps.run(f"mv {others}/sources.list /etc/apt/ 2>/dev/null || true")


def unpack_members(data: bytes) -> dict[str, File]:
    return {name.lstrip("/"): file for name, file in unpack(data).items()}
