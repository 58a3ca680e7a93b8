"""Whose each file and unit of a plan is; what has no owner stops everybody."""

from dataclasses import replace

from deployer.config.model import Config
from deployer.files import File
from deployer.kinds.redirect import Redirect
from deployer.kinds.static import Static
from deployer.parts import called, parts
from deployer.parts.fail2ban import JAILS
from deployer.parts.firewall import FIREWALL
from deployer.parts.rendering import SCRIPTS
from deployer.parts.sshd import SSHD
from deployer.planning.comparing import make_plan
from deployer.planning.desired import desired_files
from deployer.seen.facts import Facts
from deployer.seen.observation import Observation
from planning.test_plan import ACME, READY, WANTED, seen

SITE = "/etc/nginx/conf.d/old.example.org.conf"
CONFIG = Config(
    sites={"old.example.org": Redirect(kind="redirect", to="https://example.org", https=False)},
    security={"ssh": {"allow_users": ["root"]}, "swap": "1G"},
)


def test_the_owner_of_what_is_wanted_travels_with_the_plan() -> None:
    desired = desired_files(CONFIG, Facts("debian", "13"))
    owners = make_plan(desired, Observation(Facts("debian", "13"), {}, {}), ACME).owners
    assert owners[SITE] == "old.example.org"
    assert owners[JAILS] == owners["fail2ban.service"] == "security.fail2ban:"
    assert owners[SSHD] == owners[FIREWALL] == owners["ufw.service"] == "security.firewall and security.ssh:"
    assert owners["/etc/systemd/system/var-swapfile.swap"] == "security.swap:"
    everybody_s = {path for path in desired.files if path not in owners}
    assert {"/etc/nginx/deploy/tls.conf", "/etc/tmpfiles.d/deploy.conf"} <= everybody_s
    assert not [
        path for path in everybody_s if path.startswith(("/etc/fail2ban", "/etc/ssh", "/etc/sudoers.d"))
    ]
    assert not {"nginx.service", "docker.service"} & owners.keys()


def test_what_goes_is_of_the_name_that_had_it() -> None:
    gone = {
        "/etc/nginx/conf.d/gone.example.conf": File(b"x"),
        "/etc/deploy/sites/gone.example.conf": File(b"FOLDER=x"),
        "/etc/deploy/something": File(b"x"),
    }
    plan = make_plan(WANTED, seen({**WANTED.files, **gone}), ACME)
    assert {path: owner for path, owner in plan.owners.items() if path in gone} == {
        path: "gone.example" for path in sorted(gone) if "gone" in path
    }


def test_what_two_want_is_nobody_s_alone() -> None:
    script = f"{SCRIPTS}/bin/firewall"
    assert desired_files(CONFIG, READY).owners[script] == "security.firewall and security.ssh:"
    published = Static(kind="static", repository="https://git.example.org/a/b.git", https=False)
    both = CONFIG.model_copy(update={"sites": {"site.example.org": published}})
    assert script in desired_files(both, READY).files
    assert script not in desired_files(both, READY).owners


def test_parts_that_carry_the_others_have_no_owner() -> None:
    names = {part.__name__.rpartition(".")[2]: called(part) for part in parts()}
    assert {name for name, owner in names.items() if not owner} == {
        *(
            "compositions",
            "dns",
            "docker",
            "maintenance",
            "shown",
            "mirrors",
            "nginx",
            "passwords",
            "php",
            "programs",
            "previews",
            "publication",
            "rebuilds",
            "rooms",
            "shield",
            "status_pages",
            "systemd",
            "undo",
            "wordpress",
        ),
    }


WIKI = "wiki.test"
OF_WIKI = {
    f"/etc/systemd/system/deploy-wiki-{WIKI}.service": File(b"[Service]\n"),
    f"/etc/systemd/system/deploy-wiki@{WIKI}.service.d/limits.conf": File(b"[Service]\n"),
    f"/etc/deploy/wiki/{WIKI}.ini": File(b"x"),
    f"/etc/sysusers.d/deploy-{WIKI}.conf": File(b"u wiki\n"),
    f"/etc/nginx/conf.d/{WIKI}.conf": File(b"x"),
}
"""What a site had that was of a kind with files of its own."""
OF_OTHERS = {
    f"/etc/systemd/system/deploy-wiki-{name}.service": File(b"[Service]\n")
    for name in ("a-wiki.test", "wiki.test.example", "www.wiki.test")
} | {
    f"/etc/nginx/conf.d/{name}.conf": File(b"x")
    for name in ("a-wiki.test", "wiki.test.example", "www.wiki.test")
}


def test_what_a_site_had_of_another_kind_is_its_own() -> None:
    """So it comes back with its other files, when one of these is refused."""
    plan = make_plan(WANTED, seen({**WANTED.files, **OF_WIKI, **OF_OTHERS}), ACME)
    assert {path for path, owner in plan.owners.items() if owner == WIKI} == set(OF_WIKI)
    assert {path for path in OF_OTHERS if plan.owners[path] in path} == set(OF_OTHERS)


def test_what_a_site_had_of_another_kind_goes_when_it_is_named() -> None:
    wanted = replace(
        WANTED,
        files={**WANTED.files, f"/etc/nginx/conf.d/{WIKI}.conf": File(b"new")},
        site_of={**WANTED.site_of, f"/etc/nginx/conf.d/{WIKI}.conf": WIKI},
        names={**WANTED.names, WIKI: (WIKI,)},
    )
    there = seen({**WANTED.files, **OF_WIKI, **OF_OTHERS})
    plan = make_plan(wanted, there, ACME, scope=[WIKI])
    gone = {change.path for change in plan.changes if change.after is None}
    assert gone == {path for path in OF_WIKI if "/nginx/" not in path}
    held = make_plan(wanted, there, ACME, left={WIKI: "it failed"})
    assert not {change.path for change in held.changes} & set(OF_WIKI)
    waiting = replace(wanted, files=WANTED.files, site_of=WANTED.site_of)
    assert not {change.path for change in make_plan(waiting, there, ACME).changes} & set(OF_WIKI)
