"""A service with files and a volume, or with a database, and the archive of it that is made by hand."""

from vps.restore.byhand import Archive, define, fill, state
from vps.restore.databases import ASK, DUMP, FILL, LOAD, service, until_it_stays


def files_and_a_volume(new_composition, **more: object):
    """A service that serves a file of its folder, and its archive before it is made; `more` is its container's."""
    app = new_composition()
    app.write(
        app={
            "image": f"{app.repository}:1",
            "ports": [f"127.0.0.1:{app.port}:80"],
            "restart": "unless-stopped",
            "volumes": ["./www:/www", "data:/data"],
            **more,
        }
    )
    add_volume(app, "data")
    (app.directory / "www").mkdir()
    write_first(app)
    app.push()
    return app, as_first(app)


def write_first(app) -> None:
    """Its files, as they are before anything happens."""
    (app.directory / "www/index.html").write_text("first\n")
    app.configure(GIVEN="COMPOSE_PROJECT_NAME")  # as of `project:`, which apply writes into .env
    (app.directory / ".env").write_text(f"PASSWORD='first'\nCOMPOSE_PROJECT_NAME='{app.project}'\n")


def as_first(app) -> Archive:
    """Make it as if nothing had happened to it, whatever a test has done; its archive before it is made."""
    place = f"/var/lib/docker/volumes/{app.project}_data/_data"
    paths = tuple(f"/opt/{app.name}/{name}" for name in (".env", "docker-compose.yml", "www"))
    archive = Archive(app.name, paths, {f"{app.project}_data": place})
    define(app.vps, archive)
    if (app.place / "restored").exists():
        app.script("restore", "--forget")
        (app.place / "restored").rmdir()
    write_first(app)
    app.vps.run(
        f"cd /opt/{app.name}/www && find . -mindepth 1 -not -name index.html -delete; rm -rf {place}/*"
    )
    fill(app.vps, place)
    if app.page() != "first":
        app.push("--force")
    assert app.page() == "first"
    return archive


def add_volume(app, name: str) -> None:
    file = app.directory / "docker-compose.yml"
    file.write_text(file.read_text().replace('"services"', f'"volumes": {{"{name}": {{}}}}, "services"', 1))


def everything(app, archive: Archive) -> str:
    """All that the archive has of the service, as it is now."""
    return state(app.vps, *archive.paths, *archive.volumes.values())


def with_database(new_composition, kind: str, **more: object):
    """A service with a real database that has three orders, and its archive before it is made."""
    app = new_composition()
    app.write(db=service(kind) | more)
    add_volume(app, "db")
    app.configure(WAIT=60)
    app.push()
    until_it_stays(app.vps, app.name, kind)
    return app, with_orders(app, kind)


def with_orders(app, kind: str) -> Archive:
    """Give its database three orders and nothing else, whatever a test has done; its archive before it is made."""
    if (app.place / "restored").exists():
        app.script("restore", "--forget")
    ask(app, kind, "DROP TABLE IF EXISTS orders, later;" + FILL)
    archive = Archive(
        app.name,
        (f"/opt/{app.name}/docker-compose.yml",),
        dump=f"cd /opt/{app.name} && {DUMP[kind]}",
        load=LOAD[kind],
        service="db",
    )
    define(app.vps, archive)
    return archive


def ask(app, kind: str, words: str) -> str:
    """What the database answers."""
    return app.vps.run(f"cd /opt/{app.name} && {ASK[kind]}", input=words).stdout


def die(app, archive: str, part: str, before: str, how: str = "kill -9 $$", code: int = 137) -> str:
    """Run the real restore, which kills itself before that line, or does what else is said; what it says."""
    app.vps.run("rm -rf /root/dying; cp -r /usr/local/lib/deploy /root/dying")
    script = app.vps.root / "root/dying" / part
    assert script.read_text().count(before) == 1
    script.write_text(script.read_text().replace(before, f"    {how}\n" + before))
    done = app.vps.run(f"/root/dying/bin/restore {app.name} <{archive}; echo ended with $?", check=False)
    assert done.stdout.endswith(f"ended with {code}\n"), done.stdout
    return done.stdout
