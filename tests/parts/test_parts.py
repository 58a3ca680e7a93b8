"""The parts of a server: what each gives is summed up, and nobody else names what is a part's own."""

from pathlib import Path

import deployer
from deployer.files import File
from deployer.parts import handlers, handlers_of, parts, removable, sections
from deployer.shares.share import Share, total

HOUSE = Path(deployer.__file__).parent
OWN = ("jail.d/deploy.local", "90-deploy.conf", "52deploy-", "var-swapfile", "firewall-was-off", "docker.asc")
"""What is a part's own, which no other module has to know."""


def test_shares_add_up() -> None:
    one = Share(
        files={"/a": File(b"1")}, packages=frozenset({"a", "b"}), notes=("first",), units=frozenset({"u"})
    )
    two = Share(
        files={"/b": File(b"2")}, packages=frozenset({"c"}), notes=("second",), drift={"/b": ("off",)}
    )
    both = total([one, two])
    assert both.files == {"/a": File(b"1"), "/b": File(b"2")}
    assert (both.packages, both.units) == ({"a", "b", "c"}, {"u"})
    assert (both.notes, both.drift) == (("first", "second"), {"/b": ("off",)})
    assert total([Share()]) == Share()


def test_what_is_a_part_s_own_is_named_nowhere_else() -> None:
    texts = {path: path.read_text() for path in HOUSE.rglob("*.py")}
    for own in OWN:
        assert len([path for path, text in texts.items() if own in text]) == 1, own


def test_only_the_part_its_section_and_the_audit_know_fail2ban() -> None:
    texts = {path for path in HOUSE.rglob("*.*") if path.suffix in (".py", ".sh")}
    texts |= {path for path in (HOUSE / "server/installed").rglob("*") if path.is_file()}
    naming = {str(path.relative_to(HOUSE)) for path in texts if "fail2ban" in path.read_text()}
    advice_before_any_login = {"server/advice.py"}
    assert naming - advice_before_any_login == {
        *("parts/fail2ban.py", "parts/fail2ban.sh", "config/security.py"),
        *("audit/upkeep.py", "server/sent/audit.sh"),
    }


def test_handlers_run_after_those_whose_work_they_need() -> None:
    order = [
        "see whose the user deploy is",
        "check the rules of sudo",
        "have Gitea's program, and compare its SHA-256",
        "make system users",
        "make folders",
        "let the archives be read",
        "reload systemd",
        "set the timer of updates",
        "let the running NGINX open as many files",
        "make databases",
        "restart PHP-FPM",
        "make wikis",
        "reload PHP-FPM",
        "run Gitea as its files say, until it is well",
        "reload NGINX",
        "mirror repositories as sites.yaml says",
        "set the kernel's settings",
        "check the settings of apt",
        "set the swap file",
        "set fail2ban",
        "reload SSH",
        "move where systemd listens for SSH",
        "set the firewall",
    ]
    assert [handler.says for handler in handlers() if handler.says in order] == order
    assert [each.says for each in handlers_of(["/etc/deploy/swap", "/etc/nginx/conf.d/a.conf"])] == [
        "reload NGINX",
        "set the swap file",
    ]
    assert [each.guarded for each in handlers()][-3:] == [True] * 3


def test_each_section_is_of_a_file_that_may_be_removed() -> None:
    assert len(parts()) > 10
    paths = [pattern.replace("\\", "") for pattern, _ in sections() if "(" not in pattern]
    assert all(map(removable, paths))
