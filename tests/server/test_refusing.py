"""What is put back of a name whose file is refused: what the plan calls its own, and nothing of another's."""

import subprocess
from pathlib import Path

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
