"""What is put back of an owner whose file is refused: all that is its own, and nothing of another's."""

import subprocess
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import pytest

import deployer
from deployer.planning.renames import belongs

REFUSING = Path(deployer.__file__).parent / "server/sent/apply/refusing.sh"
OF_THE_TEST = """
say() { printf '%s\\n' "$@"; }
put_back() { say "$1"; }
has_been_used() { false; }
declare -A BECAME=()
leading_to() { if [ "$1" = blog.test ]; then cat "$incoming/leads"; fi; }
"""
NAMES = ("blog.test", "blog.test.example", "blog", *(f"{letter}.test" for letter in "bcdef"))
PATHS = [
    path
    for name in NAMES
    for path in (
        f"/etc/deploy/backup/{name}",
        f"/etc/deploy/hooks/{name}.after",
        f"/etc/deploy/hooks/{name}.before",
        f"/etc/deploy/sites/{name}.conf",
        f"/etc/nginx/conf.d/{name}.conf",
        f"/etc/sysusers.d/deploy-{name}.conf",
        f"/opt/{name}/docker-compose.yml",
    )
]


def refused(folder: Path, paths: Iterable[str], takeovers: Iterable[str] = (), leads: str = "") -> list[str]:
    """What is said, and put back, when blog.test is refused in an apply that changes these paths."""
    own = [
        f"{path}\t{name}\n" for path in PATHS for name in NAMES if belongs(path, name, f"/opt/{name}", NAMES)
    ]
    (folder / "owners").write_text("".join([*own, "/etc/deploy/git_hosts\tgit_hosts:\n"]))
    (folder / "paths").write_text("".join(f"{path}\n" for path in paths))
    (folder / "takeovers").write_text("".join(f"{line}\n" for line in takeovers))
    (folder / "leads").write_text(leads)
    refuse = f". {REFUSING}; {OF_THE_TEST} incoming={folder} transaction={folder}; refuse_all_of blog.test"
    done = subprocess.run(["bash", "-uc", refuse], capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_all_that_is_its_own_goes_back_if_it_is_changed(tmp_path: Path) -> None:
    own = [path for path in PATHS if belongs(path, "blog.test", "/opt/blog.test", NAMES)]
    assert refused(tmp_path, PATHS) == own
    assert refused(tmp_path, PATHS[:2]) == own[:2]
    assert len(own) == len(PATHS) / len(NAMES)


def test_who_was_to_have_something_of_the_refused_one_waits_in_however_many_steps(tmp_path: Path) -> None:
    names = ("blog.test", "b.test", "c.test", "d.test", "e.test", "f.test")
    takeovers = (
        "d.test c.test port 8101",
        "b.test blog.test the name www.blog.test",
        "b.test blog.test port 8102",
        "c.test b.test the name www.b.test",
        "blog.test d.test port 8103",
        "e.test f.test the name www.f.test",
    )
    own = [f"/etc/nginx/conf.d/{name}.conf" for name in names]
    assert refused(tmp_path, own, takeovers) == [
        own[0],
        "  b.test waits: it takes the name www.blog.test from blog.test, which stays as it was.",
        own[1],
        "  c.test waits: it takes the name www.b.test from b.test, which stays as it was.",
        own[2],
        "  d.test waits: it takes port 8101 from c.test, which stays as it was.",
        own[3],
    ]


def test_what_waits_for_it_is_as_it_was_with_all_that_is_its_own(tmp_path: Path) -> None:
    own = ["/etc/deploy/sites/b.test.conf", "/etc/nginx/conf.d/b.test.conf"]
    assert refused(tmp_path, own, leads=f"{own[1]}\n") == [own[1], *own]


BEFORE = """\
# mine
22/tcp SSH
80/tcp HTTP
7000/tcp blog.test.example
51820/udp blog.test
"""


@pytest.mark.parametrize("list_before", [BEFORE, None])
@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("22/tcp SSH\n80/tcp HTTP\n51821/udp blog.test\n", "22/tcp SSH\n80/tcp HTTP\n51820/udp blog.test\n"),
        (
            "22/tcp SSH\n7001/tcp blog.test.example\n",
            "22/tcp SSH\n7001/tcp blog.test.example\n51820/udp blog.test\n",
        ),
        ("22/tcp SSH\n53/udp blog.test\n51820/udp blog.test\n", "22/tcp SSH\n51820/udp blog.test\n"),
        ("22/tcp SSH\n51820/udp blog.test\n", ""),
    ],
)
def test_the_firewall_lets_in_what_stays(
    now: str, then: str, list_before: str | None, tmp_path: Path
) -> None:
    """And nothing for what did not come."""
    (tmp_path / "before" / tmp_path.relative_to("/")).mkdir(parents=True)
    if list_before:
        (tmp_path / f"before{tmp_path}/firewall").write_text(list_before)
    else:
        then = "".join(line for line in now.splitlines(keepends=True) if not line.endswith(" blog.test\n"))
        then = "" if then == now else then
    (tmp_path / "firewall").write_text(f"# mine\n{now}")
    for empty in ("takeovers", "leads"):
        (tmp_path / empty).touch()
    (tmp_path / "paths").write_text(f"{tmp_path}/firewall\n")
    (tmp_path / "owners").touch()
    (tmp_path / "manifest").write_text(f"{'1' * 64}  /etc/a\n{'2' * 64}  {tmp_path}/firewall\n")
    keep = (
        f"set -u; . {REFUSING}; {OF_THE_TEST} state={tmp_path} incoming={tmp_path} transaction={tmp_path}; "
        f"FIREWALL={tmp_path}/firewall; refuse_all_of blog.test >/dev/null; "
        "remember_ports_kept; echo $ports_kept"
    )
    done = subprocess.run(["bash", "-c", keep], capture_output=True, text=True)
    text = (tmp_path / "firewall").read_text()
    assert (done.stdout, done.stderr, text) == ("1\n" if then else "\n", "", f"# mine\n{then or now}")
    digest = sha256(text.encode()).hexdigest() if then else "2" * 64
    assert f"{digest}  {tmp_path}/firewall\n" in (tmp_path / "manifest").read_text()
    assert (tmp_path / "manifest").read_text().startswith(f"{'1' * 64}  /etc/a\n")
