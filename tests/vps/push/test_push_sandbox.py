"""What a build may do to the server: nothing."""

import json

import pytest

from deployer.values.publication import Limits

pytestmark = pytest.mark.takes_turns("commit")
SPY = """
exec >"$DEPLOY_OUTPUT/index.html" 2>&1
env | sort
for path in /root /etc/deploy /etc/letsencrypt /etc/nginx /srv/deploy/other.example.org /var/log/nginx \
    /opt/other.example.org /srv/deploy/$DEPLOY_SITE/deploy_key /srv/deploy/$DEPLOY_SITE/releases /run/systemd; do
    cat "$path"/* "$path" >/dev/null 2>&1 && echo "READ $path"
done
for path in /etc/x /usr/local/lib/deploy/x /var/www/x /srv/deploy/x /srv/deploy/$DEPLOY_SITE/x \
    /srv/deploy/$DEPLOY_SITE/source/.git/x /srv/deploy/$DEPLOY_SITE/source/.git/objects/x /opt/x /dev/shm/../x \
    /run/x /run/lock/x /run/deploy/x /var/log/x; do
    touch "$path" 2>/dev/null && echo "WROTE $path"
done
sudo -n true 2>/dev/null && echo ROOT
ls /srv/deploy /var/www
ps -e | grep -c sshd
id -un
"""


def test_a_build_sees_and_reaches_nothing_of_the_server(new_site):
    site = new_site({"build.sh": SPY}, build="build.sh", environment={"GREETING": "hello"})
    site.vps.run(
        "mkdir -p /srv/deploy/other.example.org /etc/letsencrypt /opt/other.example.org &&"
        " mkdir -p /usr/local/share/ca-certificates && touch /usr/local/share/ca-certificates/own.crt &&"
        " echo secret | tee /srv/deploy/other.example.org/x /opt/other.example.org/docker-compose.yml"
    )
    site.script("key")
    site.push()
    lines = site.page().splitlines()
    variables = {line.partition("=")[0] for line in lines if "=" in line}
    systemd = {"LOGNAME", "USER", "SHELL", "INVOCATION_ID", "PWD", "SHLVL", "_", "OLDPWD", "SYSTEMD_EXEC_PID"}
    systemd |= {"MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE", "LC_ALL"}
    ours = {
        "DEPLOY_SITE",
        "DEPLOY_REVISION",
        "DEPLOY_OUTPUT",
        "DEPLOY_CACHE",
        "PATH",
        "HOME",
        "LANG",
        "GREETING",
    }
    caches = {
        "HUGO_CACHEDIR",
        "npm_config_cache",
        "PNPM_HOME",
        "YARN_CACHE_FOLDER",
        "COREPACK_HOME",
    }
    caches |= {"PIP_CACHE_DIR", "GOMODCACHE", "GOCACHE"}
    caches |= {"BUNDLE_PATH"}
    always = {
        "NODE_EXTRA_CA_CERTS",
        "CI",
        "DO_NOT_TRACK",
        "GOBIN",
        "npm_config_prefix",
        "PIP_BREAK_SYSTEM_PACKAGES",
    }
    always |= {f"{name}_TELEMETRY_DISABLED" for name in ("ASTRO", "GATSBY", "NEXT", "NUXT")}
    assert ours | always <= variables <= ours | systemd | caches | always
    assert f"npm_config_cache=/srv/deploy/{site.domain}/cache/npm" in lines
    assert not [line for line in lines if line.startswith(("READ", "WROTE", "ROOT"))]
    assert lines[-2:] == ["0", site.user]
    assert "other.example.org" not in lines


def test_a_script_that_fails_is_told_with_its_exit_code(new_site):
    site = new_site({"build.sh": 'echo "line 7 is wrong" >&2; exit 42'}, build="build.sh")
    output = site.fails()
    assert "  line 7 is wrong\n✗ build: build.sh failed with exit code 42\n" in output
    assert json.loads(site.log())["error"] == "build.sh failed with exit code 42"
    site.commit({"build.sh": "kill -SEGV $$"})
    assert "build.sh failed with exit code 139" in site.fails()
    site.configure(build="other.sh")
    assert "✗ build: there is no other.sh in the repository" in site.fails()
    site.configure(build="build.sh", output="public")
    site.commit({"build.sh": "true"})
    assert "✗ build: the build made no folder public" in site.fails()


@pytest.mark.fault("a build hangs")
def test_a_build_that_hangs_is_stopped_at_its_limit(new_site):
    site = new_site(
        {"build.sh": "trap '' TERM; sleep 300 & sleep 300"}, build="build.sh", limits=Limits(time="1s")
    )
    assert "✗ build: build.sh ran longer than its limit of 1 s" in site.fails()


def test_a_build_that_eats_memory_is_stopped(new_site):
    script = (
        "python3 -c 'x = bytearray(300_000_000); print(len(x))' && echo done >\"$DEPLOY_OUTPUT/index.html\""
    )
    site = new_site({"build.sh": script}, build="build.sh", limits=Limits(memory="200M"))
    assert "✗ build: build.sh ran out of memory: its limit is 200 MB" in site.fails()
    site.configure(limits=Limits(memory="1G"))
    site.push()
    assert site.page() == "done\n"


def test_what_a_build_leaves_running_is_ended(new_site):
    script = '(trap "" TERM HUP; sleep 301 &) ; echo ok >"$DEPLOY_OUTPUT/index.html"'
    site = new_site({"build.sh": script}, build="build.sh")
    site.push()
    assert site.vps.run("pgrep -f 'sleep 301'", check=False).returncode == 1


@pytest.mark.fault("a build writes more than its limit", rounds=5)
def test_a_build_that_writes_too_much_is_stopped_and_its_caches_emptied(new_site):
    """Whatever it is that grows: what is published, what is kept, the checkout or /tmp."""
    write = "head -c 40M /dev/zero >"
    site = new_site(build="build.sh", limits=Limits(disk="60M", time="60s"))
    told = "✗ build: build.sh wrote more than its limit of 63 MB, and its caches are emptied"
    for script in (
        f'{write} "$DEPLOY_OUTPUT/index.html"; {write} "$DEPLOY_CACHE/x"',
        f'{write} "$DEPLOY_CACHE/x"; {write} /tmp/x; sleep 50',
        f"{write} x; {write} /var/tmp/x; sleep 50",
        'truncate -s 1T "$DEPLOY_OUTPUT/index.html"',
        'for n in 1 2 3; do truncate -s 50M "$DEPLOY_OUTPUT/$n"; done; echo >"$DEPLOY_OUTPUT/index.html"',
    ):
        site.commit({"build.sh": script})
        assert told in site.fails()
        assert "(to double it, in sites.yaml: limits: {disk: 120M})" in site.log()
        assert not (site.place / "builder").exists()
    site.commit({"build.sh": f'{write} "$DEPLOY_CACHE/x"; cp index.html "$DEPLOY_OUTPUT"'})
    site.push()
    assert (site.place / "builder/cache/x").stat().st_size == 40 << 20


@pytest.mark.fault("one site has filled the disk", rounds=2)
def test_what_one_site_has_filled_the_disk_with_stops_no_other(new_site):
    fills = 'dd if=/dev/zero of="$DEPLOY_CACHE/x" bs=1M; cp index.html "$DEPLOY_OUTPUT"'
    greedy, other = new_site({"build.sh": fills}, build="build.sh"), new_site()
    greedy.vps.mount_small("/srv/deploy", 400)
    try:
        assert "✗ build: the disk is full (" in greedy.push(code=1)
        given_up = f"of caches of {greedy.domain} are given up, because the disk is full"
        assert given_up in other.push()
        assert other.page() == "<h1>One</h1>"
        greedy.vps.run(f"dd if=/dev/zero of=/srv/deploy/{greedy.domain}/fill bs=1M count=340 2>/dev/null")
        other.commit({"index.html": "<h1>Two</h1>"})
        assert f"most there: {greedy.domain} 35" in other.push(code=1)
    finally:
        greedy.vps.run("umount --lazy /srv/deploy")  # NGINX keeps open what it has served


@pytest.mark.fault("there are no inodes, or the disk is read-only, when a push begins or builds")
def test_a_disk_that_takes_no_files_is_not_called_full(new_site):
    many = 'cd "$DEPLOY_CACHE" && seq 9999 | xargs touch'
    site, small = new_site({"build.sh": many}, build="build.sh"), new_site()
    caches = "/srv/deploy/other.example.org/builder/cache"

    def disk(options: str) -> None:
        site.vps.run(f"mount -t tmpfs -o size=900m,mode=755,{options} tmpfs /srv/deploy")

    disk("nr_inodes=6000")
    try:
        output = site.push(code=1)
        assert "✗ build: build.sh made more files than this disk can have beside those of others" in output
        assert "disk is full" not in output
        small.push()
        small.commit()
        site.vps.run(f"mkdir -p {caches}; cd {caches}; seq 5500 | xargs touch")
        assert (
            " files of caches of other.example.org are given up, because no inodes are left" in small.push()
        )
        site.vps.run("mount -o remount,ro /srv/deploy")
        assert f"✗ lock: /srv/deploy/{small.domain} is read-only (findmnt -T " in small.push(code=1)
        assert "✗ lock: /srv/deploy/" in small.script("rollback", code=1)
    finally:
        site.vps.run("umount --lazy /srv/deploy")
    disk("nr_inodes=500")
    try:
        assert "✗ space: no inodes are left on /srv/deploy/" in small.push(code=1)
    finally:
        site.vps.run("umount --lazy /srv/deploy")


@pytest.mark.fault("the disk is full during a build")
def test_a_full_disk_is_told_and_nothing_is_left(new_site):
    site = new_site(
        {"build.sh": 'dd if=/dev/zero of="$DEPLOY_OUTPUT/index.html" bs=1M count=400 2>&1'}, build="build.sh"
    )
    site.vps.mount_small("/srv/deploy", 150)
    try:
        output = site.push(code=1)
        assert "✗ build: the disk is full (" in output
        assert "nothing is live yet" in output.splitlines()[-1]
        assert (
            site.vps.run(f"ls /srv/deploy/{site.domain}/ /srv/deploy/{site.domain}/releases").stdout.count(
                "work"
            )
            == 0
        )
        site.vps.run("dd if=/dev/zero of=/srv/deploy/fill bs=1M count=80 2>/dev/null")
        assert "✗ space: not enough space on /srv/deploy: " in site.push(code=1)
    finally:
        site.vps.run("umount /srv/deploy")


def test_a_poisoned_checkout_is_made_anew(new_site):
    poison = 'touch /tmp/hook; printf "#!/bin/sh\\ntouch /tmp/owned" > .git/hooks/post-checkout; chmod +x .git/hooks/*;'
    breaks = "rm -rf .git/HEAD .git/index; echo x > .git/index; mkdir -p index.html.d; chmod 500 index.html.d"
    site = new_site({"build.sh": f'cp index.html "$DEPLOY_OUTPUT"; {poison} {breaks}'}, build="build.sh")
    site.push()
    for number in range(2):
        site.commit({"index.html": f"<h1>{number}</h1>"})
        site.push()
        assert site.page() == f"<h1>{number}</h1>"
    assert not (site.vps.root / "tmp/owned").exists()


def test_each_build_begins_clean_but_keeps_its_caches(new_site):
    script = """
    ls -d * .next/cache > "$DEPLOY_OUTPUT/index.html"
    mkdir -p .next/cache .next/server hugo-cache node_modules/x public/.git; touch left public/x node_modules/x/y; echo changed > tracked
    cat tracked hugo-cache/* >> "$DEPLOY_OUTPUT/index.html"; echo kept > hugo-cache/file
    """
    site = new_site(
        {"build.sh": script, "tracked": "original", ".gitignore": "left\npublic"}, build="build.sh"
    )
    site.push()
    site.push("--force")
    assert site.page().split() == [
        ".next/cache",
        "build.sh",
        "hugo-cache",
        "index.html",
        "node_modules",
        "tracked",
        "changed",
        "kept",
    ]
