"""What is made of how a server says it is: nothing of a good one, and one thing for each that is wrong."""

from datetime import UTC, datetime
from typing import Any

import pytest

from deployer.audit.evidence import read_evidence
from deployer.config.model import Config
from deployer.doctor import FromHere, diagnose
from deployer.doctor.pace import days_left
from deployer.doctor.room import memory
from deployer.report.doctor import as_json, result_lines

NOW = 1_796_000_000  # 30 November 2026
DAY = 86400
GB = 1_000_000  # in KiB, nearly
GOOD = f"""now {NOW}
release debian 13
codename trixie
address 203.0.113.5
room {60 * GB} {80 * GB} 12 /
noted {NOW - 10 * DAY} {80 * GB} {60 * GB}
noted {NOW - 5 * DAY} {80 * GB} {60 * GB}
log 300000 /var/log/journal
log 20000 /var/log/nginx
log 400000 /var/log
images 2 300000000
memory 4000000 2500000 2000000 1900000
killed 0 864000
docker 29.1.0
php 8.4
clock systemd-timesyncd
site www.example.org https / www.example.org
answer www.example.org 200 0.011 Feb 26 07:47:29 2027 GMT
certificate www.example.org 1803628049
renewal active {NOW - 3600} success
backed_up forum
backup forum {NOW - 3600}
"""
SITES = {"www.example.org": {"kind": "redirect", "to": "https://example.org"}}
HERE = FromHere(NOW + 1, {"www.example.org": ("203.0.113.5",)}, frozenset({"203.0.113.5"}))


def found(*lines: str, without: str = "", here: FromHere = HERE, **sections: Any) -> list[str]:
    """What is found on a good server with these lines more; `!` begins what is not serious."""
    told = [line for line in GOOD.splitlines() if not without or not line.startswith(without)]
    results = diagnose(
        read_evidence("\n".join([*told, *lines])), Config.model_validate({"sites": SITES, **sections}), here
    )
    return [
        f"{'' if finding.serious else '! '}{result.name}: {finding.what}"
        for result in results
        for finding in result.findings
    ]


def test_a_good_server_has_a_short_line_for_each_thing() -> None:
    results = diagnose(read_evidence(GOOD), Config.model_validate({"sites": SITES}), HERE)
    assert list(result_lines(results, "vps.example.org")) == [
        "✓ sites: 1 name answered",
        "✓ dns: 1 name asked for from here",
        "✓ certificates: www.example.org ends first, in 88 days",
        "✓ renewal: 1 hour ago, went well",
        "✓ services: all run that shall",
        "✓ units: none has failed",
        "✓ disk: 61.4 of 81.9 GB free, it does not fill",
        "✓ logs: 0.4 GB",
        "✓ images: 2 images that no container has, up to 0.3 GB",
        "✓ memory: 2.4 of 3.8 GiB free, 1.8 of 1.9 GiB of swap",
        "✓ backups: 1 name, none older than 1 hour on the server",
        "✓ reboot: none is waited for",
        "✓ release: Debian 13, with security updates until 2030-06-30",
        "✓ docker: 29.1.0",
        "✓ php: 8.4",
        "✓ clock: as here, kept by systemd-timesyncd",
        "vps.example.org: all is well.",
    ]


def test_a_server_that_has_nothing_is_asked_for_nothing_of_that() -> None:
    results = diagnose(read_evidence(f"now {NOW}"), Config(), FromHere())
    assert [result.name for result in results] == ["services", "units", "reboot"]


@pytest.mark.parametrize(
    ("without", "line", "what"),
    [
        ("answer", "answer www.example.org 502 0.1 ", "sites: www.example.org answers 502"),
        ("answer", "answer www.example.org 000 0 ", "sites: www.example.org does not answer"),
        (
            "answer",
            "answer www.example.org 404 0.1 \nwaits www.example.org deploy push www.example.org",
            "sites: www.example.org waits for its first push",
        ),
        (
            "answer",
            "answer www.example.org 200 0 \ndistrust www.example.org its certificate has expired",
            "sites: www.example.org: its certificate has expired",
        ),
        (
            "answer",
            "answer www.example.org 200 0.01 Dec 20 07:47:29 2026 GMT",
            "certificates: www.example.org is served with the former certificate, which ends on 2026-12-20",
        ),
        (
            "certificate",
            f"certificate www.example.org {NOW + 3 * DAY}",
            "certificates: the certificate www.example.org expires in 3 days",
        ),
        (
            "renewal",
            "renewal inactive 0 success",
            "renewal: certificates are not renewed by themselves: certbot.timer is off",
        ),
        (
            "renewal",
            f"renewal active {NOW - 60} exit-code",
            "renewal: the last renewal of certificates failed (exit-code)",
        ),
        (
            "renewal",
            f"renewal active {NOW - 5 * DAY} success",
            "renewal: nobody has looked for certificates to renew for 5 days",
        ),
        (
            "x",
            "nginx_refuses cannot load certificate",
            "nginx: NGINX refuses its files: cannot load certificate",
        ),
        ("x", "unwell forum it crashes", "services: forum: it crashes"),
        ("x", "unwell * nobody knows", "services: not all services were seen: nobody knows"),
        ("x", "failed_unit cron.service", "units: the unit cron.service has failed"),
        (
            "x",
            "failed_unit deploy-job-app.test-2.service",
            "units: a job of app.test has failed (deploy-job-app.test-2.service)",
        ),
        ("room", f"room {3 * GB} {80 * GB} 12 /", "disk: / is nearly full: 3.1 of 81.9 GB free"),
        (
            "room",
            f"room {60 * GB} {80 * GB} 97 /",
            "disk: / can have few files more: 97% of its inodes are used",
        ),
        (
            "noted",
            f"noted {NOW - 10 * DAY} {80 * GB} {70 * GB}\nnoted {NOW - 5 * DAY} {80 * GB} {65 * GB}",
            "",
        ),
        (
            "log",
            f"log {20 * GB} /var/log/journal\nlog {21 * GB} /var/log",
            "! logs: /var/log/journal has 20.5 GB",
        ),
        ("log", f"log {70 * GB} /var/log", "logs: /var/log has 71.7 GB"),
        ("images", "images 30 9000000000", "! images: 30 images that no container has, up to 9.0 GB"),
        ("memory", "memory 4000000 100000 0 0", "memory: memory is nearly used up: 0.1 of 3.8 GiB free"),
        (
            "memory",
            "memory 4000000 2000000 2000000 1000",
            "! memory: swap is nearly used up: 0.0 of 1.9 GiB free",
        ),
        (
            "killed",
            "killed 2 864000",
            "! memory: for want of memory the kernel has killed 2 programs since the start 10 days ago",
        ),
        (
            "backup ",
            f"backup forum {NOW - 50 * 3600}",
            "backups: the newest backup of forum is 50 hours old",
        ),
        ("backup ", "", "backups: forum has no backup"),
        ("x", "gpg pub e 0", "backups: the key that backups are encrypted for has expired"),
        (
            "x",
            f"reboot linux-image\nreboot_since {NOW - 3 * DAY}",
            "! reboot: the server wants a restart for linux-image, since 3 days",
        ),
        ("x", f"reboot \nreboot_since {NOW - 20 * DAY}", "reboot: the server wants a restart, since 20 days"),
        (
            "x",
            "half_done nginx",
            "packages: dpkg was interrupted, with nginx half done: run dpkg --configure -a on the server",
        ),
        (
            "release",
            "release debian 11",
            "release: Debian 11 gets no security updates any more, since 2026-08-31",
        ),
        ("docker", "docker 27.5.1", "docker: Docker 27.5.1 gets no fixes any more"),
        ("docker", "docker 20.10.24+dfsg1\ndocker_of docker.io", ""),
        ("php", "php 8.1", "php: PHP 8.1 gets no security updates any more, since 2025-12-31"),
        ("now", f"now {NOW - 600}", "clock: the server's clock is 10 minutes behind the one here"),
        ("clock", "clock nobody", "! clock: nothing keeps the server's clock right"),
    ],
)
def test_each_thing_that_is_wrong_is_told(without: str, line: str, what: str) -> None:
    assert found(line, without=without) == ([what] if what else [])


@pytest.mark.parametrize(
    ("name", "status", "mend"),
    [
        (
            "proxy.example.org",
            502,
            "ss -ltnp 'sport = :3300'   # does anything listen there for proxy.example.org?",
        ),
        (
            "pages.example.org",
            404,
            "deploy push pages.example.org   # publishes it; deploy status tells what is live",
        ),
        (
            "www.pages.example.org",
            0,
            "deploy push pages.example.org   # publishes it; deploy status tells what is live",
        ),
        ("page.example.org", 404, "deploy status --publish page.example.org   # makes the page anew"),
        ("app.example.org", 502, "deploy logs app.example.org   # says why"),
        (
            "www.example.org",
            500,
            "tail /var/log/nginx/error.log   # says why; deploy plan www.example.org, too",
        ),
        ("gone.example.org", 500, "tail /var/log/nginx/error.log   # says why; deploy plan, too"),
    ],
)
def test_the_mend_of_a_site_is_one_that_its_kind_has(name: str, status: int, mend: str) -> None:
    sites = {
        **SITES,
        "proxy.example.org": {"kind": "proxy", "port": 3300},
        "pages.example.org": {
            "kind": "static",
            "repository": "https://git.example.org/pages",
            "aliases": ["www.pages.example.org"],
        },
        "page.example.org": {"kind": "status"},
        "app.example.org": {"kind": "uptime-kuma", "port": 3001},
    }
    seen = read_evidence(f"now {NOW}\nanswer {name} {status:03} 0 ")
    results = diagnose(seen, Config.model_validate({"sites": sites}), FromHere())
    assert [each.mend for each in results[0].findings] == [mend]


def test_one_cause_is_told_once_where_nginx_does_not_run() -> None:
    lines = (
        "answer a.test 000 0 ",
        "answer b.test 000 0 ",
        "nginx_rests failed",
        "failed_unit nginx.service",
    )
    assert found(*lines, without="answer") == ["nginx: NGINX does not run: no site can answer"]
    first = diagnose(read_evidence("\n".join(("now 1", *lines))), Config(), FromHere())[0]
    (finding,) = first.findings
    assert finding.why == "visitors of 2 names do not get what they come for"
    assert finding.mend == "systemctl start nginx   # where that fails: nginx -t; journalctl -u nginx"
    assert found("nginx_rests inactive") == [], "another NGINX answers, which systemd has not started"


def test_what_was_stopped_on_purpose_does_not_answer() -> None:
    lines = ("answer www.example.org 503 0 ", "stopped www.example.org by me")
    assert found(*lines, without="answer") == ["! services: www.example.org is stopped on purpose, by me"]


def test_names_that_lead_elsewhere_as_seen_from_here() -> None:
    gone = FromHere(NOW, {"www.example.org": ()}, HERE.server)
    assert found(here=gone) == ["dns: www.example.org has no address in the DNS, as seen from here"]
    other = FromHere(NOW, {"www.example.org": ("203.0.113.5", "198.51.100.7")}, HERE.server)
    assert found(here=other) == ["! dns: www.example.org leads to 198.51.100.7, as seen from here"]
    assert found(here=FromHere(NOW, unanswered=3)) == ["! dns: the DNS here says nothing"]
    some = FromHere(NOW, HERE.names, HERE.server, unanswered=3)
    dns = diagnose(read_evidence(GOOD), Config(), some)[1]
    assert (dns.words, dns.findings) == ("1 name asked for from here, nothing said of 3 names", ())


def test_a_name_that_cloudflare_stands_before_leads_here() -> None:
    cloudflare = {"provider": "cloudflare", "token": "env:A"}
    through = FromHere(NOW, {"www.example.org": ("172.64.1.2", "2606:4700::1")}, HERE.server)
    assert found(here=through, dns=cloudflare) == []
    assert found(here=through) == [
        "! dns: www.example.org leads to 172.64.1.2, 2606:4700::1, as seen from here"
    ]
    both = FromHere(NOW, {"www.example.org": ("172.64.1.2", "198.51.100.7")}, HERE.server)
    assert len(found(here=both, dns=cloudflare)) == 1
    dns = diagnose(read_evidence(GOOD), Config.model_validate({"sites": SITES, "dns": cloudflare}), through)[
        1
    ]
    assert dns.words == "1 name asked for from here, Cloudflare before 1 name"


def test_archives_at_home_count_where_they_can_be_seen() -> None:
    def at_home(**newest: int) -> FromHere:
        times = {name: datetime.fromtimestamp(time, UTC) for name, time in newest.items()}
        return FromHere(NOW, at_home=times)

    assert found(here=at_home(forum=NOW - 3600)) == []
    assert found(here=at_home()) == ["backups: forum has no backup at home"]
    assert found(here=at_home(forum=NOW - 2 * DAY)) == [], "before the next pull, it may be of the day before"
    old = "backups: the newest backup of forum at home is 72 hours old"
    assert found(here=at_home(forum=NOW - 3 * DAY)) == [old]


def mirror(**more: object) -> str:
    one = {
        "site": "git.example.org",
        "mirror": "github",
        "repository": "me/blog",
        "address": "https://github.com/me/blog",
    }
    one |= {
        "there": "ours",
        "interval": 28800,
        "made": "2026-11-01T00:00:00Z",
        "pushed": "2026-11-29T20:00:00Z",
    }
    import json

    return "mirrors " + json.dumps([one | {"said": "", "differing": None, "refused": ""} | more])


def test_mirrors_as_gitea_knows_them() -> None:
    assert found(mirror()) == []
    assert found(mirror(said="remote: Invalid username or token")) == [
        "mirrors: me/blog is not mirrored to github: token not taken"
    ]
    assert found(mirror(pushed="2026-11-25T00:00:00Z")) == [
        "mirrors: me/blog is not mirrored to github: behind"
    ]
    assert found(mirror(there="absent")) == ["mirrors: me/blog is not mirrored to github: not made yet"]
    assert found("mirrors [") == []


def test_when_the_disk_will_be_full() -> None:
    """Ten days with a gigabyte less each, 60 days before the end; another disk counts for nothing."""
    noted = [f"{NOW - day * DAY} {80 * GB} {(60 + day) * GB}" for day in range(10, 0, -1)]
    assert round(days_left(noted, NOW, 60 * GB, 80 * GB) or 0) == 60
    assert days_left(noted, NOW, 60 * GB, 90 * GB) is None
    assert days_left(noted[-2:], NOW, 60 * GB, 80 * GB) is None, "two days are too few"
    assert days_left([], NOW, 60 * GB, 80 * GB) is None
    assert days_left(["", "1 2", "x y z", f"{NOW + DAY} {80 * GB} 1"], NOW, 60 * GB, 80 * GB) is None
    soon = [f"noted {NOW - day * DAY} {80 * GB} {(60 + 4 * day) * GB}" for day in range(5, 0, -1)]
    (one,) = found(*soon, without="noted")
    assert one == "! disk: at the pace of the last weeks the disk is full in 15 days"


def test_the_exit_code_is_that_of_the_json() -> None:
    results = diagnose(read_evidence(GOOD + "failed_unit cron.service"), Config(), FromHere())
    assert '"fine": false' in as_json(results, "vps.example.org").splitlines()[2]


def words(name: str, *lines: str, without: str = "", here: FromHere = HERE) -> str:
    """What a check says of a good server with these lines instead of those."""
    told = [line for line in GOOD.splitlines() if not without or not line.startswith(without)]
    results = diagnose(
        read_evidence("\n".join([*told, *lines])), Config.model_validate({"sites": SITES}), here
    )
    return next(result.words for result in results if result.name == name)


LIMITED = ("killed 7 864000", "killed_by_limit 5", f"killed_in 3 {512 << 20} app shop.example.org")
APP = {"shop.example.org": {"kind": "app", "port": 3000, "image": "registry.example.org/shop:1"}}


def test_what_is_killed_by_a_limit_of_its_own_is_no_want_of_the_server() -> None:
    sites = SITES | APP
    told = found(*LIMITED, f"killed_in 1 {64 << 20} - mine", without="killed", sites=sites)
    assert told == [
        "! memory: for want of memory the kernel has killed 2 programs since the start 10 days ago",
        "! memory: in app of shop.example.org the kernel has killed 3 programs since the start 10 days ago, "
        "for more memory than its limit of 512 MB",
        "! memory: in the container mine the kernel has killed 1 program since the start 10 days ago, "
        "for more memory than its limit of 64 MB",
    ]
    assert found("killed 5 864000", "killed_by_limit 5", without="killed") == []


@pytest.mark.parametrize(
    ("service", "site", "mend"),
    [
        ("app", APP["shop.example.org"], "memory: 1024M   # in sites.yaml, for shop.example.org"),
        ("db", APP["shop.example.org"], "deploy logs shop.example.org   # says what it did"),
        ("app", {"kind": "umami"}, "deploy logs shop.example.org   # says what it did"),
    ],
)
def test_where_a_limit_stands_is_told(service: str, site: dict[str, Any], mend: str) -> None:
    seen = read_evidence(f"{GOOD}killed_in 3 {512 << 20} {service} shop.example.org")
    config = Config.model_validate({"sites": {"shop.example.org": site}})
    (finding,) = memory(seen, config, FromHere()).findings
    assert finding.mend == mend


def test_what_has_data_and_no_backup_is_remarked_where_nothing_is_backed_up() -> None:
    shop = {
        "kind": "app",
        "repository": "https://git.example.org/a.git",
        "port": 3000,
        "database": "postgres",
    }
    told = ["! backups: nothing is backed up of shop.example.org"]
    assert found(without="backed_up", sites={**SITES, "shop.example.org": shop}) == told
    assert found(without="backed_up", sites={**SITES, "shop.example.org": shop | {"backup": False}}) == []
    assert found(without="backed_up") == []
    assert found(sites={**SITES, "shop.example.org": shop}) == [], "somebody has backups there"


def test_no_word_says_more_than_was_seen() -> None:
    stopped = ("answer www.example.org 503 0 ", "stopped www.example.org by me")
    assert words("sites", *stopped, without="answer") == "1 name stopped on purpose"
    unsure = words("renewal", f"renewal active {NOW - 3600} unknown", without="renewal")
    assert unsure == "1 hour ago, how it went is not known"
    at_home = FromHere(NOW, at_home={"forum": datetime.fromtimestamp(NOW - DAY, UTC)})
    assert words("backups", here=at_home) == "1 name, none older than 24 hours on the server and at home"
