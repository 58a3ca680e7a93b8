"""What is put back of a name whose file is refused: what the plan calls its own, and nothing of another's."""

import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

import deployer
from deployer.renames import belongs

TRANSITION = Path(deployer.__file__).parent / "server" / "transition.sh"
OF_THE_TEST = """
say() { printf '%s\\n' "$@"; }
put_back() { say "$1"; }
has_been_used() { false; }
leading_to() { :; }
"""
PATHS = [
    path
    for name in ("blog.test", "blog.test.example", "blog")
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


def test_the_script_and_the_plan_agree_on_what_is_of_a_name(tmp_path: Path) -> None:
    (tmp_path / "paths").write_text("".join(f"{path}\n" for path in PATHS))
    refuse = (
        f". {TRANSITION}; {OF_THE_TEST} incoming={tmp_path} transaction={tmp_path}; refuse_all_of blog.test"
    )
    done = subprocess.run(["bash", "-c", refuse], capture_output=True, text=True)
    own = [path for path in PATHS if belongs(path, "blog.test", "/opt/blog.test")]
    assert (done.stdout.splitlines(), done.stderr) == (own, "")
    assert len(own) == len(PATHS) / 3


BEFORE = """\
# mine
22/tcp SSH
80/tcp HTTP
7000/tcp blog.test.example
51820/udp blog.test
"""


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
def test_the_firewall_lets_in_what_stays(now: str, then: str, tmp_path: Path) -> None:
    """And nothing for what did not come."""
    (tmp_path / "before" / tmp_path.relative_to("/")).mkdir(parents=True)
    (tmp_path / f"before{tmp_path}/firewall").write_text(BEFORE)
    (tmp_path / "firewall").write_text(f"# mine\n{now}")
    (tmp_path / "paths").write_text(f"{tmp_path}/firewall\n")
    (tmp_path / "manifest").write_text(f"{'1' * 64}  /etc/a\n{'2' * 64}  {tmp_path}/firewall\n")
    keep = (
        f"set -u; . {TRANSITION}; {OF_THE_TEST} state={tmp_path} incoming={tmp_path} transaction={tmp_path}; "
        f"FIREWALL={tmp_path}/firewall; refuse_all_of blog.test >/dev/null; "
        "remember_ports_kept; echo $ports_kept"
    )
    done = subprocess.run(["bash", "-c", keep], capture_output=True, text=True)
    text = (tmp_path / "firewall").read_text()
    assert (done.stdout, done.stderr, text) == ("1\n" if then else "\n", "", f"# mine\n{then or now}")
    digest = sha256(text.encode()).hexdigest() if then else "2" * 64
    assert f"{digest}  {tmp_path}/firewall\n" in (tmp_path / "manifest").read_text()
    assert (tmp_path / "manifest").read_text().startswith(f"{'1' * 64}  /etc/a\n")
