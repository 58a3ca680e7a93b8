"""A plan that is longer than a screen."""

from deployer.files import File
from deployer.planning.plan import Change, Order, Plan, SecretChange, Surprise
from deployer.report.changes import plan_lines, summary
from deployer.values.secrets import Generated

NAMES = tuple(f"site-{number:04}.example.org" for number in range(1000))
CONF = "/etc/nginx/conf.d"
SHARED = Change(f"{CONF}/00-deploy.conf", None, File(b"# shared\n" * 80))


def vhost(name: str, body: str = "") -> File:
    return File(f"server {{\n    server_name {name};\n{body}}}\n".encode() + b"# more\n" * 30)


def written(name: str, before: File | None, after: File | None) -> Change:
    return Change(f"{CONF}/{name}.conf", before, after, name if after else None)


def values(name: str) -> Change:
    return Change(f"/etc/deploy/sites/{name}.conf", None, File(b"KIND=static\n"), name)


def new(name: str) -> tuple[Change, ...]:
    return written(name, None, vhost(name)), values(name)


def test_a_thousand_new_sites_are_a_screenful() -> None:
    changes = (SHARED, *(change for name in NAMES for change in new(name)))
    certificates = tuple(Order(name, (name, f"www.{name}"), (name, f"www.{name}")) for name in NAMES)
    plan = Plan(changes=changes, certificates=certificates)
    told = list(plan_lines(plan, "vps", screen=40))
    assert len("\n".join(told)) < 3000
    assert told[:3] == [
        "+ 1000 certificates: site-0000.example.org, site-0001.example.org, site-0002.example.org, "
        "site-0003.example.org, site-0004.example.org, site-0005.example.org, site-0006.example.org, "
        "site-0007.example.org and 992 more",
        f"+ {CONF}/00-deploy.conf (80 lines)",
        "+ 1000 sites with 2000 files: site-0000.example.org, site-0001.example.org, site-0002.example.org, "
        "site-0003.example.org, site-0004.example.org, site-0005.example.org, site-0006.example.org, "
        "site-0007.example.org and 992 more",
    ]
    assert told[-2:] == [
        "  This is the short form: the whole plan has 37081 lines (deploy plan --full).",
        "vps: 1000 sites to add; 2001 files to add, 1000 certificates to issue; then reload NGINX.",
    ]
    whole = list(plan_lines(plan, "vps", full=True, screen=40))
    assert len([*plan_lines(plan, "vps", screen=37081)]) == len(whole) == 37082
    assert f"+ {CONF}/site-0999.example.org.conf" in whole


def test_the_same_change_of_many_sites_is_shown_once() -> None:
    body = "    gzip on;\n"
    many = [written(name, vhost(name), vhost(name, body)) for name in NAMES[:50]]
    edited = Change(f"{CONF}/e.test.conf", vhost("e.test"), vhost("e.test"), "e.test", Surprise.EDITED)
    told = list(plan_lines(Plan(changes=(*many, edited)), "vps", screen=40))
    assert told.count("    +    gzip on;") == 1
    assert told[0] == f"~ {CONF}/site-0000.example.org.conf"
    at = told.index("    the same in 49 more: " + ", ".join(NAMES[1:9]) + " and 41 more")
    assert told[at + 1] == f"~ {CONF}/e.test.conf (edited by hand on the server)"
    assert told[-1] == "vps: 51 sites to change; 51 files to change; then reload NGINX."


def test_all_that_goes_is_named() -> None:
    gone = tuple(
        change
        for name in NAMES[:20]
        for change in (
            written(name, vhost(name), None),
            Change(f"/etc/deploy/sites/{name}.conf", File(b"x\n"), None),
        )
    )
    plan = Plan(changes=gone, taken_off=NAMES[:20], entries=1000)
    told = list(plan_lines(plan, "vps", screen=40))
    assert told[0] == f"- 20 sites with 40 files: {', '.join(NAMES[:20])}"
    assert told[-1] == "vps: 20 sites to remove; 40 files to remove; then reload NGINX."


def test_few_sites_are_shown_whole() -> None:
    changes = (SHARED, *new("a.test"), *new("b.test"))
    told = list(plan_lines(Plan(changes=changes), "vps", screen=40))
    assert "    +    server_name a.test;" in told
    assert f"+ {CONF}/00-deploy.conf (80 lines)" in told


def test_what_is_in_the_way_of_a_new_site_is_shown_whole() -> None:
    many = [change for name in NAMES[:9] for change in new(name)]
    hand_made = Change(f"{CONF}/m.test.conf", File(b"mine\n"), vhost("m.test"), "m.test", Surprise.TAKEN_OVER)
    told = list(plan_lines(Plan(changes=(*many, hand_made)), "vps", screen=40))
    assert told[1] == f"~ {CONF}/m.test.conf (takes over a file made by hand)"
    assert told[-1].startswith("vps: 9 sites to add, 1 to change; 18 files to add, 1 to change")


def test_files_of_no_site_are_counted_as_files() -> None:
    assert summary(Plan(changes=(SHARED,)), "vps") == "vps: 1 file to add; then reload NGINX."


def test_a_service_that_gets_a_backup_is_not_new() -> None:
    script = Change("/etc/deploy/backup/chat.test", None, File(b"NAME=chat.test\n"), "chat.test")
    told = summary(Plan(changes=(SHARED, script)), "vps")
    assert told == "vps: 1 site to change; 2 files to add; then reload NGINX."


def test_values_are_counted_beside_the_files() -> None:
    value = SecretChange("/opt/chat.test/.env", "TOKEN", Generated(32), True, "chat.test")
    told = summary(Plan(changes=(SHARED,), secrets=(value,)), "vps")
    assert told == "vps: 1 site to change; 1 file to add, 1 value to write; then reload NGINX."
