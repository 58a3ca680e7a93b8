"""Pushes of an application that are many, killed, or the first, and what is live after them."""

import pytest

from vps.services.application.conftest import BUSYBOX, CRASHES, DOCKERFILE, RUN, Application, nothing_goes_on
from vps.waiting import until


def test_pushes_at_once(app: Application) -> None:
    """One builds; what waits steps aside for what came later, or finds that all is done."""
    app.commit("at once", Dockerfile=DOCKERFILE + RUN.format("sleep 1"))
    push = f"{{ /usr/local/lib/deploy/bin/push {app.name} || echo failed; }}"
    said = app.vps.run(f"{push} & {push} & {push} & wait").stdout
    assert said.count(" is live: ") == 1
    assert said.count("is already up to date") + said.count("so this push steps aside") == 2
    assert "failed" not in said
    assert app.page() == "at once"


@pytest.mark.fault("a push of an application is killed", rounds=3)
def test_a_push_that_is_killed_at_any_step(app: Application) -> None:
    """The next one cleans up after it, whatever it was doing, and nothing of it goes on."""
    app.write(
        app=app.one(),
        release=app.one(command=[BUSYBOX, "sh", "/www/release"], restart="no", profiles=["once"], ports=[]),
    )
    app.configure(RELEASES_BY="release")
    app.commit("one", **{"www/release": "true\n"})
    app.push()
    slow = DOCKERFILE + RUN.format("sleep 60")
    for step, page, files in (
        ("build", "two", {"Dockerfile": slow, "www/release": "true\n"}),
        ("release", "three", {"Dockerfile": DOCKERFILE, "www/release": "sleep 60\n"}),
        ("up", "four", {"Dockerfile": DOCKERFILE, "www/release": "true\n"}),
    ):
        app.commit(page, **files)
        before = app.page()
        begun = f"until grep -q '▸ {step}' /root/said; do sleep 0.05; done"
        app.vps.run(
            f"/usr/local/lib/deploy/bin/push {app.name} >/root/said 2>&1 & push=$!; {begun}; kill -KILL $push; wait $push",
            check=False,
        )
        if step != "up":
            assert app.page() == before
        app.commit(f"{page} again", Dockerfile=DOCKERFILE, **{"www/release": "true\n"})
        said = app.push()
        assert "was killed: cleaning up after it" in said
        assert app.page() == f"{page} again"
        assert nothing_goes_on(app.vps)
        assert not app.vps.run(
            f"docker ps -q --filter label=com.docker.compose.oneoff=True --filter name={app.project}"
        ).stdout


def test_it_waits_for_its_first_push_where_it_is_let_in_nowhere(app: Application) -> None:
    """So that there is a key to give: an apply that took it away again would leave none."""
    app.configure(REPOSITORY="git@127.0.0.1:page.git")
    said = app.push("--missing")
    assert "! the host key of 127.0.0.1 is not known" in said
    assert said.splitlines()[-1] == f"{app.name} waits for its first push: deploy push {app.name}"
    assert app.script("served") == ""
    assert app.script("key").startswith("ssh-ed25519 ")
    assert "✗ fetch: the host key of 127.0.0.1 is not known" in app.push(code=1)


def test_what_comes_back_is_what_was_live_last(app: Application) -> None:
    """And not what was sent since, and was no good."""
    app.push()
    bad = app.commit("two", Dockerfile=CRASHES)
    app.fails()
    app.script("down")
    assert "  goes on with what was live last: " in app.push("--missing")
    assert app.page() == "one"
    assert app.log()["revision"] == app.git("rev-parse", "HEAD~")
    app.script("down")
    bare = f"git --git-dir=/srv/deploy/{app.name}/repository.git update-ref"
    app.vps.run(f"{bare} refs/deploy/pushed {bad}; {bare} -d refs/deploy/live")
    app.configure(REPOSITORY="")
    assert "waits for its first push" in app.push("--missing")


def test_what_crashes_again_and_again_is_not_said_to_be_served(app: Application) -> None:
    serve = f"test ! -e /bad || exit 9; exec {BUSYBOX} httpd -f -p 80 -h /www"
    app.write(app=app.one(command=[BUSYBOX, "sh", "-c", serve]))
    app.push()
    assert "✓ served" in app.script("served")
    app.vps.run(f"docker exec {app.project}-app-1 {BUSYBOX} touch /bad")
    app.vps.run(f"kill -KILL $(docker inspect --format '{{{{.State.Pid}}}}' {app.project}-app-1)")
    until(app.vps, f"docker inspect --format '{{{{.RestartCount}}}}' {app.project}-app-1 | grep -qv '^0'")
    said = app.vps.run(f"/usr/local/lib/deploy/bin/served {app.name}", check=False)
    assert said.returncode == 1
    assert "✓" not in said.stdout
