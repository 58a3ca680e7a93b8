"""What counts as well is one thing: on the server, and where its words are read."""

import subprocess
from pathlib import Path

import deployer
from deployer.health import SiteHealth

SITE = Path(deployer.__file__).parent / "server/scripts/site"


def test_bash_and_python_call_the_same_answers_well() -> None:
    loop = f"source {SITE}; for code in {{000..999}}; do if answers_well $code; then echo $code; fi; done"
    told = subprocess.run(["bash", "-c", loop], capture_output=True, text=True, check=True).stdout.split()
    sites = [SiteHealth("", status, 0, None, None, None, None, None) for status in range(1000)]
    fine = [f"{site.status:03}" for site in sites if site.fine]
    assert told == fine
    assert [each for each in told if each[0] not in "23"] == ["401", "403"]
