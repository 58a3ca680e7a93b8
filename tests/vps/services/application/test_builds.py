"""What the build of an application may do, sees, and leaves."""

import pytest

from vps.services.application.conftest import BUSYBOX, DOCKERFILE, RUN, Application, nothing_goes_on
from vps.services.conftest import file_in


def test_what_is_missing_in_the_repository(app: Application) -> None:
    app.push()
    app.configure(CONTEXT="web")
    assert "has no folder web (sites.yaml: context:)" in app.fails()
    app.configure(CONTEXT="", DOCKERFILE="docker/App")
    assert "has no file docker/App, which says how it is built (sites.yaml: dockerfile:)" in app.fails()
    app.configure(DOCKERFILE="Dockerfile", BRANCH="gone")
    assert "has no branch gone; its branches: main" in app.fails()


def test_what_a_dockerignore_names_is_no_part_of_what_is_built(app: Application) -> None:
    """As `docker build` in a folder has it; BuildKit reads none for files that come as a stream."""
    lines = "\ufeff**/*.md\n!www/kept.md\nDockerfile*\n./www/private/**/key\r\n"
    names = ["a.md", "deep/b.md", "kept.md", "private/key", "private/in/key", "private/lock", "\u00e4 b.txt"]
    app.commit("page", **{".dockerignore": lines, **{f"www/{name}": "x" for name in names}})
    app.push()
    show = f"docker run --rm {app.name}:live {BUSYBOX} find /www -type f"
    kept = {"/www/index.html", "/www/kept.md", "/www/private/lock", "/www/\u00e4 b.txt"}
    assert {*app.vps.run(show).stdout.splitlines()} == kept
    app.commit(**{"Dockerfile.dockerignore": "www/*\n!www/index.html\n"})
    app.push()
    assert app.vps.run(show).stdout.splitlines() == ["/www/index.html"]


def test_what_a_build_says_when_it_fails(app: Application) -> None:
    app.push()
    app.commit(Dockerfile=DOCKERFILE + RUN.format("echo hello from it; exit 3"))
    said = app.fails()
    assert "hello from it" in said
    assert "✗ build: the image could not be built: " in said
    assert "exit code: 3" in said


@pytest.mark.fault("a Dockerfile that wants more memory than it may have")
def test_a_build_that_wants_too_much_memory(app: Application) -> None:
    app.push()
    app.commit(Dockerfile=DOCKERFILE + RUN.format("dd if=/dev/zero of=/dev/null bs=150M count=9"))
    app.configure(MEMORY_LIMIT=60 << 20)
    assert (
        "ran out of memory: its limit is 60 MB (to double it, in sites.yaml: limits: {memory: 120M})"
        in app.fails()
    )
    assert nothing_goes_on(app.vps)


@pytest.mark.fault("a Dockerfile that never ends")
def test_a_build_that_never_ends(app: Application) -> None:
    app.push()
    app.commit(Dockerfile=DOCKERFILE + RUN.format("while true; do sleep 1; done"))
    app.configure(TIME_LIMIT=4)
    assert "✗ build: the build ran longer than its limit of 4 s" in app.fails()
    assert nothing_goes_on(app.vps)


@pytest.mark.fault("a Dockerfile that fills the disk")
def test_a_build_that_fills_the_disk(app: Application) -> None:
    app.push()
    app.commit(Dockerfile=DOCKERFILE + RUN.format("cat /dev/zero >/large"))
    said = app.fails()
    assert "✗ build: the build wrote more than its limit of 300 MB, and the builds' cache is emptied" in said
    assert nothing_goes_on(app.vps)


OF_CACHE = 'RUN --mount=type=cache,target=/kept ["/bin/busybox", "sh", "-c", "{}"]\n'


def test_a_build_finds_nothing_of_another_application(app: Application, other: Application) -> None:
    """Neither what its builds keep for one another, nor its image: who may push one may read and change no other."""
    app.commit("private", Dockerfile=DOCKERFILE + OF_CACHE.format("ls /kept; echo mine >/kept/tool"))
    app.push()
    other.commit(
        "a", Dockerfile=DOCKERFILE + OF_CACHE.format("ls /kept/tool && cp /kept/tool /www/index.html; true")
    )
    other.push()
    assert other.page() == "a"
    for line in (f"FROM {app.name}:live", f"FROM {app.name}:{app.git('rev-parse', 'HEAD')}"):
        other.commit("b", Dockerfile=line)
        assert "✗ build: the image could not be built: " in other.fails()
    other.commit("b", Dockerfile=DOCKERFILE + f"COPY --from=docker.io/library/{app.name}:live /www /www")
    assert "✗ build: the image could not be built: " in other.fails()
    for first in (
        "# syntax=example/reader",
        "\ufeff//syntax = example/reader:1",
        '{"syntax": "example/reader"}',
        '\n\t{"syntax": "example/reader"}',
        "#!/bin/sh\n#\fsyntax\f=\fexample/reader\f",
    ):
        other.commit("b", Dockerfile=f"{first}\n{DOCKERFILE}")
        assert "wants to be read by another program than Docker's own" in other.fails()
    reader = f"# syntax=example/reader\n{DOCKERFILE}".ljust(400)
    (other.repository_folder / "Dockerfile").unlink()
    (other.repository_folder / "Dockerfile").symlink_to("Reader")
    other.commit("b", Reader=reader)
    assert "Dockerfile, which says how it is built, is a link" in other.fails()
    (other.repository_folder / "Dockerfile").unlink()
    other.commit(
        "b", **{".gitattributes": "Dockerfile working-tree-encoding=UTF-16LE\n", "Dockerfile": reader}
    )
    said = other.fails()
    assert ("the image could not be built" in said, "example/reader" in said) == (True, False)
    (other.repository_folder / ".gitattributes").unlink()
    other.commit("b", Dockerfile=f"# escape=\\\n{DOCKERFILE}# syntax=none\n")
    other.push()
    assert other.page() == "b"


def test_what_a_build_sees_of_the_server(app: Application) -> None:
    """Its own files alone, without .git; a link in the repository leads nowhere, and what it says of archives counts not."""
    (app.repository_folder / "www/shadow").symlink_to("/etc/shadow")
    says = "www/extra export-ignore ident eol=crlf\n"
    app.commit("one", **{".gitattributes": says, "www/extra": "extra $Id$\n"})
    seen = RUN.format("ls -a / >/www/seen; cat /www/shadow >/www/leaked 2>&1; true")
    app.commit(Dockerfile=DOCKERFILE.replace("CMD", "COPY . /all\n" + seen + "CMD"))
    app.push()
    container = f"{app.project}-app-1"
    assert ".git\n" not in app.vps.run(f"docker exec {container} {BUSYBOX} ls -a /all").stdout
    assert file_in(app.vps, container, "/www/extra") == "extra $Id$\n"
    assert "No such file" in file_in(app.vps, container, "/www/leaked")


def test_a_secret_of_the_build_is_in_nothing_that_stays(app: Application) -> None:
    secret, vps = "hush-hush-hush'$x", app.vps
    asks = f'RUN --mount=type=secret,id=TOKEN ["{BUSYBOX}", "sh", "-c", "{{}}"]\n'
    app.commit(
        Dockerfile=DOCKERFILE + asks.format("wc -c </run/secrets/TOKEN >/www/size; cat /run/secrets/TOKEN")
    )
    app.configure(BUILD_SECRETS="TOKEN")
    assert f"TOKEN, a secret of the build, is not on this server: run deploy apply {app.name}" in app.fails()
    vps.run(f"cat >>/opt/{app.name}/.env", input='TOKEN="hush-hush-hush\'\\$x"\n')
    said = app.push()
    assert secret not in said
    size = f"docker run --rm {app.name}:live {BUSYBOX} cat /www/size"
    assert int(vps.run(size).stdout) == len(secret)
    left = f"docker save {app.name}:live | grep -acF hush-hush; docker history --no-trunc {app.name}:live | grep -cF hush"
    assert vps.run(f"{left}; :").stdout.split() == ["0", "0"]
    assert "TOKEN" not in vps.run(f"docker inspect $(docker ps -q --filter name={app.project}-)").stdout
    assert vps.run(f"find /srv/deploy/{app.name} -name TOKEN").stdout == ""
