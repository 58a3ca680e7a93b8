"""Pushes that meet, and pushes that die."""

import json
import subprocess
import time

import pytest

from vps.waiting import started, until, until_it_says

pytestmark = pytest.mark.takes_turns("module")

SLOW = 'cp -r index.html "$DEPLOY_OUTPUT"; echo waiting; while [ -e slow ]; do sleep 0.1; done'
PUSH = "/usr/local/lib/deploy/bin/push"


def go_on(site) -> None:
    (site.place / "builder/source/slow").unlink()


def test_of_pushes_that_wait_the_newest_wins(new_site):
    site = new_site({"build.sh": SLOW, "slow": ""}, build="build.sh")
    first = started(site.vps, f"{PUSH} {site.domain} --by ada")
    until_it_says(first, "waiting")
    second = started(site.vps, f"{PUSH} {site.domain} --by bob")
    until_it_says(second, f"! {site.domain} is locked by ada since ")
    site.commit({"index.html": "<h1>Newest</h1>", "slow": None})
    third = started(site.vps, f"{PUSH} {site.domain} --by eve")
    until_it_says(third, f"! {site.domain} is locked by ada since ")
    until(site.vps, "[ $(pgrep --exact --count flock) = 2 ]")
    go_on(site)
    assert "is live" in first.communicate()[0]
    assert f"{site.domain}: a newer push is waiting, so this push steps aside" in second.communicate()[0]
    assert "is live" in third.communicate()[0]
    assert [first.returncode, second.returncode, third.returncode] == [0, 0, 0]
    assert site.page() == "<h1>Newest</h1>"


def test_what_is_live_once_more_is_not_newer_than_a_push_that_waits(new_site):
    slow = SLOW.replace("-e slow", '! -e "$DEPLOY_CACHE/on"')
    site = new_site({"build.sh": slow}, build="build.sh")
    first = started(site.vps, f"{PUSH} {site.domain} --by ada")
    until_it_says(first, "waiting")
    site.commit({"index.html": "<h1>Newest</h1>"})
    second = started(site.vps, f"{PUSH} {site.domain} --by bob")
    until_it_says(second, f"! {site.domain} is locked by ada since ")
    third = started(site.vps, f"{PUSH} {site.domain} --rebuild --by timer")
    until_it_says(third, f"! {site.domain} is locked by ada since ")
    until(site.vps, "[ $(pgrep --exact --count flock) = 2 ]")
    (site.place / "builder/cache/on").touch()
    for each in (first, second, third):
        said, _ = each.communicate()
        assert each.returncode == 0, said
    assert site.page() == "<h1>Newest</h1>"


def test_an_older_revision_does_not_overtake_what_went_live_while_it_waited(new_site):
    site = new_site({"build.sh": SLOW, "slow": ""}, build="build.sh")
    old = site.git("rev-parse", "HEAD")
    site.commit({"index.html": "<h1>Two</h1>"})
    first = started(site.vps, f"{PUSH} {site.domain}")
    until_it_says(first, "waiting")
    second = started(site.vps, f"{PUSH} {site.domain} --ref {old}")
    until_it_says(second, "is locked by")
    go_on(site)
    assert "is live" in first.communicate()[0]
    assert "a newer revision went live while it waited" in second.communicate()[0]
    assert site.page() == "<h1>Two</h1>"


def test_a_caller_that_goes_away_ends_the_push(new_site):
    site = new_site()
    site.push()
    site.configure(build="build.sh")
    site.commit({"build.sh": SLOW, "slow": "", "index.html": "<h1>Two</h1>"})
    attached = started(site.vps, f"{PUSH} {site.domain} --attached", stdin=subprocess.PIPE)
    until_it_says(attached, "waiting")
    output, _ = attached.communicate()
    assert "✗ build: the caller is gone: given up" in output.splitlines()
    assert attached.returncode == 1
    assert site.page() == "<h1>One</h1>"
    signalled = started(site.vps, f"{PUSH} {site.domain}")
    until_it_says(signalled, "waiting")
    site.vps.run(f"pkill -TERM -f 'deploy/bin/push {site.domain}'")
    assert "✗ build: interrupted: given up" in signalled.communicate()[0].splitlines()
    assert not (site.place / "work").exists()
    assert not list((site.place / "tickets").iterdir())
    detached = started(site.vps, f"{PUSH} {site.domain} 2>&1 | head -n 4")
    until_it_says(detached, "waiting")
    go_on(site)
    detached.communicate()
    assert site.page() == "<h1>Two</h1>"


def test_commits_that_arrive_and_what_is_built_are_nobody_elses(new_site):
    site = new_site({"build.sh": SLOW, "slow": ""}, build="build.sh")
    as_nobody = "setpriv --reuid=nobody --regid=nogroup --clear-groups"
    readable = f"{as_nobody} find /srv/deploy/{site.domain} -type f -readable 2>/dev/null || :"
    arriving = started(site.vps, f"{PUSH} {site.domain} --pack {'1' * 40}", stdin=subprocess.PIPE)
    arriving.stdin.write("PACK\0\0\0\2\0\0\0\1")
    arriving.stdin.flush()
    objects = f"/srv/deploy/{site.domain}/tickets/1.objects"
    until(site.vps, f"[ -e {objects}/pack/tmp_pack_* ]")
    assert "objects" not in site.vps.run(readable).stdout
    arriving.communicate()
    building = started(site.vps, f"{PUSH} {site.domain}")
    until_it_says(building, "waiting")
    found = site.vps.run(readable).stdout.split()
    assert not [path for path in found if "/work/" in path or "/source/" in path]
    go_on(site)
    building.communicate()
    assert site.page() == "<h1>One</h1>"
    for lock in ("lock", "tickets.lock"):
        locks = f"{as_nobody} flock --nonblock --shared /srv/deploy/{site.domain}/{lock} true"
        assert site.vps.run(locks, check=False).returncode == 66, "nobody else can keep it from being pushed"


@pytest.mark.in_turns("killed")
@pytest.mark.fault("a push is killed in its build")
def test_killed_in_the_build_the_next_push_cleans_up(new_site):
    site = new_site()
    site.push()
    site.configure(build="build.sh")
    site.commit({"build.sh": SLOW, "slow": "", "index.html": "<h1>Two</h1>"})
    killed = started(site.vps, f"{PUSH} {site.domain} --by ada")
    until_it_says(killed, "waiting")
    site.vps.run(f"pkill -KILL -f 'deploy/bin/push {site.domain}'")
    killed.communicate()
    assert site.page() == "<h1>One</h1>"
    assert (site.place / "work").exists()
    site.commit({"slow": None})
    output = site.push()
    assert "! the push of ada, begun " in output
    assert "was killed: cleaning up after it" in output
    assert site.page() == "<h1>Two</h1>"
    assert sorted(p.name for p in site.place.iterdir()) == [
        "builder",
        "earlier",
        "lock",
        "made-live",
        "previous",
        "releases",
        "repository.git",
        "tickets",
        "tickets.lock",
    ]


@pytest.mark.in_turns("killed")
@pytest.mark.fault("a push is killed between switch and answer")
def test_killed_between_the_switch_and_the_answer(new_site):
    site = new_site()
    site.push()
    first = site.live
    site.commit({"index.html": "<h1>Two</h1>"})
    site.vps.run("systemctl kill --signal=STOP nginx")  # it leaves the question without an answer for a while
    try:
        killed = started(site.vps, f"{PUSH} {site.domain}")
        until_it_says(killed, "▸ switch")
        while site.live == first:
            assert killed.poll() is None
            time.sleep(0.02)
        site.vps.run(f"pkill -KILL -f 'deploy/bin/push {site.domain}'")
        killed.communicate()
        assert site.live != first
        site.vps.run("systemctl kill --signal=CONT nginx; systemctl stop nginx")
        assert "what it made live is not served: switched back" in site.push(code=1)
        assert site.live == first
    finally:
        site.vps.run("systemctl kill --signal=CONT nginx; systemctl start nginx")
    assert site.page() == "<h1>One</h1>"
    site.push()
    assert site.page() == "<h1>Two</h1>"


@pytest.mark.in_turns("killed")
@pytest.mark.fault("a push is killed at a moment", rounds=20)
def test_killed_anywhere_visitors_see_a_whole_release(new_site):
    site = new_site({"a.html": "<h1>One</h1>"})
    site.push()
    script = f"""
    cd /root/repositories/{site.domain} && git config --global user.email a@b && git config --global user.name a
    for part in $(seq 1 20); do
        echo "<h1>$part</h1>" | tee index.html > a.html; git commit -qam "$part"
        timeout -s KILL "$(printf '0.%02d' $((part * 3)))" {PUSH} {site.domain} >/dev/null
        curl -sk --resolve {site.domain}:443:127.0.0.1 https://{site.domain}/ | cmp - /var/www/{site.domain}/a.html
    done
    """
    assert "".join(site.vps.run(script, check=False).stdout) == ""
    site.push("--force")
    assert site.page() == "<h1>20</h1>\n"
    assert not (site.place / "work").exists()
    releases = site.place / "releases"
    files = {path.name for path in releases.iterdir()}
    assert files == {
        release + end for release in site.releases for end in ("", ".info", ".sha256", ".derived")
    }
    assert json.loads(site.log())["result"] == "live"
