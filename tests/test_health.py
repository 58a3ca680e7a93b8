"""What counts as well is one thing: on the server, and where its words are read."""

import shutil
import subprocess
from pathlib import Path

import deployer
from deployer.health import SiteHealth, read_health

SCRIPTS = Path(deployer.__file__).parent / "server/scripts"
SITE = SCRIPTS / "site"
SERVER = "memory 1 1|disk 1 1|load 0.1 1|uptime 3|reboot no|now 1"


def test_bash_and_python_call_the_same_answers_well() -> None:
    loop = f"source {SITE}; for code in {{000..999}}; do if answers_well $code; then echo $code; fi; done"
    told = subprocess.run(["bash", "-c", loop], capture_output=True, text=True, check=True).stdout.split()
    sites = [SiteHealth("", status, 0, None, None, None, None, None) for status in range(1000)]
    fine = [f"{site.status:03}" for site in sites if site.fine]
    assert told == fine
    assert [each for each in told if each[0] not in "23"] == ["401"]


def test_a_server_that_has_no_curl_yet_has_no_answer(tmp_path: Path) -> None:
    for program in ("bash", "head", "sed"):
        (tmp_path / program).symlink_to(shutil.which(program) or "")
    tell = 'echo "answer example.org $STATUS $SECONDS_TAKEN $EXPIRES"'
    ask = f"source {SCRIPTS}/visitor; visit example.org https /; {tell}"
    argv = [str(tmp_path / "bash"), "-uc", ask]
    told = subprocess.run(
        argv, capture_output=True, text=True, check=True, env={"PATH": str(tmp_path)}
    ).stdout
    server = "".join(f"server {line}\n" for line in SERVER.split("|"))
    (site,) = read_health(server + told, {"example.org": ()}).sites
    assert (site.status, site.fine) == (0, False)
