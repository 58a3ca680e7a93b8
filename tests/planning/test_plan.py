"""What a plan contains, from values alone."""

from dataclasses import replace

import pytest

from deployer.config.model import Config
from deployer.files import File, Found, Link
from deployer.parts import removable
from deployer.parts.certbot import RENEWAL
from deployer.planning.comparing import make_plan
from deployer.planning.desired import Desired, desired_files
from deployer.planning.plan import Change, Order, Plan, SecretChange, Surprise
from deployer.report.changes import plan_lines
from deployer.seen import manifest
from deployer.seen.facts import Certificate, Facts
from deployer.seen.observation import Observation
from deployer.values.secrets import Generated, Given

ACME = "https://acme.example.org/directory"
BLOG = "/etc/nginx/conf.d/rogs.me.conf"
OTHER = "/etc/nginx/conf.d/other.example.conf"
SHARED = "/etc/nginx/deploy/tls.conf"
DEFAULT = "/etc/nginx/sites-enabled/default"

WANTED = Desired(
    files={BLOG: File(b"blog\n"), OTHER: File(b"other\n"), SHARED: File(b"tls\n")},
    site_of={BLOG: "rogs.me", OTHER: "other.example"},
    absent=frozenset({DEFAULT}),
    packages=frozenset({"nginx", "git"}),
    units=frozenset({"nginx.service"}),
    names={"rogs.me": ("rogs.me", "www.rogs.me"), "other.example": ("other.example",)},
    certificates={},
    hugo=frozenset(),
)
READY = Facts("debian", "13", packages=frozenset({"nginx", "git"}), units={"nginx.service": "active enabled"})


def seen(files: Found, facts: Facts = READY, written: dict[str, str] | None = None) -> Observation:
    if written is None:
        written = {path: file.digest for path, file in files.items() if isinstance(file, File)}
    return Observation(facts, {**files, manifest.PATH: manifest.write(written)}, written)


def test_a_server_that_is_as_it_should_be_has_an_empty_plan() -> None:
    assert make_plan(WANTED, seen(WANTED.files), ACME).empty


def test_an_empty_server_gets_everything() -> None:
    plan = make_plan(WANTED, Observation(Facts("debian", "13"), {DEFAULT: Link("/x")}, {}), ACME)
    assert plan.packages == ("git", "nginx")
    assert plan.units == ("nginx.service",)
    assert [(c.path, c.after is None) for c in plan.changes] == [
        (OTHER, False),
        (BLOG, False),
        (SHARED, False),
        (DEFAULT, True),
    ]
    assert plan.manifest
    assert manifest.read(plan.manifest.after.content).keys() == WANTED.files.keys()


def test_who_names_a_site_does_not_hear_of_the_others() -> None:
    of_both = ("rogs.me", "rogs.me is odd"), ("other.example", "other.example is odder")
    wanted = replace(WANTED, notes=("for all",), remarks=of_both)
    there = seen({SHARED: File(b"old\n")})
    assert make_plan(wanted, there, ACME).notes == ("for all", "rogs.me is odd", "other.example is odder")
    assert make_plan(wanted, there, ACME, ["rogs.me"]).notes == ("for all", "rogs.me is odd")


def test_what_a_person_should_know_of_a_file() -> None:
    files = {BLOG: File(b"edited\n"), OTHER: File(b"by hand\n")}
    written = {BLOG: File(b"blog\n").digest, SHARED: File(b"tls\n").digest}
    plan = make_plan(WANTED, seen(files, written=written), ACME)
    assert {c.path: c.surprise for c in plan.changes} == {
        BLOG: Surprise.EDITED,
        OTHER: Surprise.TAKEN_OVER,
        SHARED: Surprise.REMOVED,
    }


def test_a_changed_mode_or_owner_is_a_change() -> None:
    for wrong in (File(b"blog\n", mode=0o600), File(b"blog\n", owner="roger")):
        assert [c.path for c in make_plan(WANTED, seen({**WANTED.files, BLOG: wrong}), ACME).changes] == [
            BLOG
        ]


def test_a_site_that_is_gone_is_removed_and_what_we_may_not_delete_is_reported() -> None:
    gone, data = "/etc/nginx/conf.d/gone.example.conf", "/srv/something"
    plan = make_plan(WANTED, seen({**WANTED.files, gone: File(b"x"), data: File(b"y")}), ACME)
    assert [(c.path, c.after) for c in plan.changes] == [(gone, None)]
    assert plan.kept == (data,)
    assert manifest.read(plan.manifest.after.content).keys() == WANTED.files.keys()


def test_nginx_is_told_of_what_somebody_has_removed_before_it_left() -> None:
    gone = "/etc/nginx/conf.d/gone.example.conf"
    written = {path: file.digest for path, file in WANTED.files.items()} | {gone: File(b"x").digest}
    plan = make_plan(WANTED, seen(WANTED.files, written=written), ACME)
    assert (plan.changes, plan.empty) == ((), False)
    assert [handler.says for handler in plan.handlers] == ["reload NGINX"]


def test_what_will_be_wanted_later_is_not_removed_now() -> None:
    now = replace(WANTED, files={SHARED: WANTED.files[SHARED]})
    assert make_plan(now, seen(WANTED.files), ACME, later=WANTED.files).empty


def test_a_scope_leaves_other_sites_and_what_is_gone_alone() -> None:
    gone = "/etc/nginx/conf.d/gone.example.conf"
    plan = make_plan(WANTED, seen({gone: File(b"x")}), ACME, scope=["rogs.me"])
    assert [c.path for c in plan.changes] == [BLOG, SHARED]
    assert manifest.read(plan.manifest.after.content).keys() == {BLOG, SHARED, gone}
    stays = "gone.example is no longer in sites.yaml, and stays: deploy apply without names takes it away"
    assert plan.left == (stays,)


def test_certificates_are_ordered_when_they_are_missing_or_cover_other_names() -> None:
    wanted = replace(WANTED, certificates={"rogs.me": ("rogs.me", "www.rogs.me")})

    def orders(*names: str, server: str = ACME) -> tuple[Order, ...]:
        there = {"rogs.me": Certificate(frozenset(names), 0, "", server)} if names else {}
        facts = replace(READY, certificates=there)
        return make_plan(wanted, seen(WANTED.files, facts), ACME).certificates

    both = ("rogs.me", "www.rogs.me")
    assert orders() == (Order("rogs.me", both, both),)
    assert orders("rogs.me") == (Order("rogs.me", both, ("www.rogs.me",)),)
    assert orders(*both) == ()
    assert orders(*both, "old.rogs.me") == (Order("rogs.me", both, ()),)
    assert orders(*both, server="https://staging/") == (Order("rogs.me", both, (), replaces=True),)


def test_a_name_that_a_hand_made_file_serves_holds_its_site_and_no_other() -> None:
    facts = replace(READY, taken_names={"www.rogs.me": "/etc/nginx/conf.d/mine.conf"})
    plan = make_plan(WANTED, seen({}, facts), ACME)
    assert list(plan.held) == ["rogs.me"]
    assert "/etc/nginx/conf.d/mine.conf" in plan.held["rogs.me"]
    assert [c.path for c in plan.changes] == [OTHER, SHARED]


def test_a_plan_with_nothing_but_held_sites_is_empty() -> None:
    facts = replace(READY, taken_names={"www.rogs.me": "/etc/nginx/conf.d/mine.conf"})
    there = {path: file for path, file in WANTED.files.items() if path != BLOG}
    plan = make_plan(WANTED, seen(there, facts), ACME)
    assert list(plan.held) == ["rogs.me"]
    assert plan.empty
    told = list(plan_lines(plan, "vps"))
    assert told[0].startswith("! rogs.me is left as it is: /etc/nginx/conf.d/mine.conf")
    assert told[-1] == "Nothing to change on vps, but left as it is: rogs.me."


def test_only_secrets_are_called_so() -> None:
    path = "/opt/chat.test/.env"
    port = SecretChange(path, "WEB_PORT", Given("8101"), new=True, composition="chat.test")
    password = SecretChange(path, "PASSWORD", Generated(), new=False, composition="chat.test")
    assert list(plan_lines(Plan(secrets=(port, password)), "vps"))[:2] == [
        f"+ value WEB_PORT in {path} (from sites.yaml)",
        f"~ secret PASSWORD in {path} (generated on the server)",
    ]


def test_what_renews_a_certificate_stays_as_long_as_there_is_one() -> None:
    certificate = Certificate(frozenset({"rogs.me"}), 0, "", ACME)
    there = {path: File(b"") for path in (BLOG, *RENEWAL)}
    facts = replace(READY, certificates={"rogs.me": certificate})

    def removed(facts: Facts) -> set[str]:
        desired = desired_files(Config(), facts)
        plan = make_plan(desired, seen({**desired.files, **there}, facts), ACME)
        assert plan.manifest
        gone = {change.path for change in plan.changes}
        assert manifest.read(plan.manifest.after.content).keys() == {*desired.files, *there} - gone
        return gone

    assert removed(facts) == {BLOG}
    assert removed(READY) == {BLOG, *RENEWAL}
    wanted = Config.model_validate({"sites": {"rogs.me": {"kind": "proxy", "port": 1}}})
    assert "/etc/deploy/acme-ca.pem" not in desired_files(wanted, facts).stays


def test_constant_scripts_that_come_or_go_are_counted() -> None:
    scripts = [f"/usr/local/lib/deploy/{name}" for name in ("push", "rollback", "key")]
    come = Plan(changes=tuple(Change(path, None, File(b"x\n", 0o755)) for path in scripts))
    go = Plan(changes=tuple(Change(path, File(b"x\n", 0o755), None) for path in scripts))
    edited = Change(scripts[0], File(b"mine\n", 0o755), None, surprise=Surprise.EDITED)
    assert next(plan_lines(come, "vps")) == (
        "+ /usr/local/lib/deploy/ 3 scripts, the same on every server (--full prints them)"
    )
    assert next(plan_lines(go, "vps")) == (
        "- /usr/local/lib/deploy/ 3 scripts, the same on every server (--full prints them)"
    )
    assert "    -mine" in list(plan_lines(Plan(changes=(edited,)), "vps"))
    assert "    +x" in list(plan_lines(come, "vps", full=True))


def test_a_hand_made_file_in_the_place_of_ours_is_taken_over() -> None:
    facts = replace(READY, taken_names={"rogs.me": BLOG})
    plan = make_plan(WANTED, seen({BLOG: File(b"mine\n")}, facts, written={}), ACME)
    assert not plan.held
    assert plan.changes[1].surprise is Surprise.TAKEN_OVER


def test_nothing_that_holds_content_may_ever_be_deleted() -> None:
    content = (
        "/var/www/rogs.me",
        "/srv/deploy/rogs.me/x",
        "/etc/letsencrypt/live/rogs.me/privkey.pem",
        "/home/backups/x",
        "/var/lib/docker/volumes/x",
        "/etc/passwd",
    )
    assert not [path for path in content if removable(path)]


def test_a_sites_yaml_of_another_server_takes_most_off() -> None:
    def plan(names: list[str], scope: list[str] | None = None) -> Plan:
        there = [f"{name}.example" for name in names]
        files = {f"/etc/nginx/conf.d/{name}.conf": File(b"x") for name in [*there, "00-deploy"]}
        files |= {f"/etc/deploy/sites/{name}.conf": File(b"x") for name in [*there[:1], "worker"]}
        return make_plan(WANTED, seen({**WANTED.files, **files}), ACME, scope)

    most = plan(["one", "two", "three"])
    assert most.taken_off == ("one.example", "three.example", "two.example", "worker")
    assert (most.entries, most.takes_most) == (6, True)
    assert "! takes 4 of 6 sites and services off vps: one.example, three.example, two.example, worker" in [
        *plan_lines(most, "vps")
    ]
    assert not plan(["one"]).takes_most
    assert not plan(["one", "two", "three"], ["rogs.me"]).taken_off


def test_what_was_published_is_told_of_sites_only() -> None:
    for builder, told in (("/etc/sysusers.d/deploy-gone.example.conf", 1), ("/opt/gone.example/.env", 0)):
        gone = {"/etc/deploy/sites/gone.example.conf": File(b"x"), builder: File(b"x")}
        removed = replace(seen({**WANTED.files, **gone}), files=dict(WANTED.files))
        plan = make_plan(WANTED, removed, ACME)
        assert len([what for what in plan.left if "/var/www/gone.example" in what]) == told


@pytest.mark.parametrize(
    ("state", "stays"),
    [("inactive enabled", True), ("failed enabled", False), ("inactive disabled", True), ("", False)],
)
def test_a_unit_that_was_stopped_on_purpose_stays_so(state: str, stays: bool) -> None:
    wanted = replace(
        WANTED, units=frozenset({"deploy-wiki.service"}), owners={"deploy-wiki.service": "rogs.me"}
    )
    there = replace(READY, units={"deploy-wiki.service": state}, stopped={"rogs.me": 100.0})
    plan = make_plan(wanted, seen(WANTED.files, there), ACME)
    assert (plan.empty, plan.stopped) == ((True, ("rogs.me",)) if stays else (False, ()))
    crashed = make_plan(wanted, seen(WANTED.files, replace(there, stopped={})), ACME)
    assert crashed.units == ("deploy-wiki.service",)


def test_what_a_program_of_the_server_has_written_is_told_where_it_stays() -> None:
    values = File(b"# wiki.test: its values\nNAME=wiki.test\nRUNNER=systemd\n")
    gone = {"/etc/deploy/sites/wiki.test.conf": values, "/etc/sysusers.d/deploy-wiki.test.conf": File(b"u\n")}
    left = make_plan(WANTED, seen({**WANTED.files, **gone}), ACME).left
    assert left == ("what wiki.test has written stays in /opt/wiki.test, with its secrets",)


def test_what_was_stopped_on_purpose_is_in_the_plan() -> None:
    (told, _) = plan_lines(Plan(stopped=("wiki.test",)), "vps")
    assert told == "! wiki.test is stopped on purpose, and stays so (deploy start wiki.test starts it)."
    told = [*plan_lines(Plan(stopped=("wiki.test",), compositions=("wiki.test",)), "vps")]
    assert "! wiki.test was stopped on purpose: this starts it." in told


def test_packages_that_are_taken_off_for_others_are_no_addition() -> None:
    told = [*plan_lines(Plan(packages=("docker-ce", "jq", "containerd-", "docker.io-")), "vps")]
    assert told[:2] == ["+ packages docker-ce jq", "- packages containerd docker.io"]
