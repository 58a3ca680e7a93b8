"""Names with a certificate to which the DNS leads elsewhere are told, and no others."""

import os
import shlex
import subprocess
from pathlib import Path

import deployer

SERVER = Path(deployer.__file__).parent / "server/sent"
DNS = {
    "here": "203.0.113.5",
    "cdn": "198.51.100.1",
    "away": "198.51.100.2",
    "both": "203.0.113.5 198.51.100.2",
}


def told(tmp_path: Path, *names: str) -> list[str]:
    """What is said of these names; the DNS, the server's addresses and what answers are the test's."""
    answers = " ".join(
        f"{name}) for each in {addresses}; do echo $each STREAM $1; done ;;"
        for name, addresses in DNS.items()
    )
    token = f"{tmp_path}/www/.well-known/acme-challenge/${{url##*/}}"
    own = ("inet 203.0.113.5/24", "inet6 2001:db8::5/64")
    programs = {
        "ip": "; ".join(f"echo '2: eth0 {address} scope global'" for address in own),
        "getent": f"shift; case $1 in {answers} *) exit 2 ;; esac",
        "timeout": 'if [ "$4" = silent ]; then exit 124; fi; shift; exec "$@"',
        "curl": f"for url; do :; done; case $url in http://cdn/*) cat {token} ;; esac",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / name).chmod(0o755)
    ask = (
        f"set -uo pipefail; . {SERVER}/leading.sh; webroot={shlex.quote(str(tmp_path / 'www'))}; tell_astray"
    )
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    lines = "".join(f"{name}\n" for name in names)
    done = subprocess.run(["bash", "-c", ask], input=lines, capture_output=True, text=True, env=environment)
    assert not done.stderr
    return sorted(done.stdout.splitlines())


def test_names_that_lead_elsewhere_are_told_with_their_addresses(tmp_path: Path) -> None:
    not_here = "is not answered by this server: check its DNS records and port 80"
    assert told(tmp_path, "here", "cdn", "away", "both", "gone", "silent") == [
        f"astray away http://away/ (198.51.100.2) {not_here}",
        f"astray both http://both/ (198.51.100.2 203.0.113.5) {not_here}",
        "astray gone gone has no address in the DNS",
    ]
    assert not [*(tmp_path / "www/.well-known/acme-challenge").iterdir()]


def test_of_many_names_those_whose_certificates_end_first_are_looked_up() -> None:
    status = (SERVER / "status.sh").read_text()
    function = status[status.index("first_to_end() {") :].split("\n}\n")[0] + "\n}"
    ends = {
        "b.test": "Feb 26 07:47:29 2027 GMT",
        "c.test": "Dec  1 00:00:00 2026 GMT",
        "a.test": "Dec 10 00:00:00 2026 GMT",
    }
    lines = "".join(f"{name} {end}\n" for name, end in ends.items())
    done = subprocess.run(
        ["bash", "-c", f"{function}; first_to_end"],
        input=lines + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["c.test", "a.test", "b.test"]


def soon(name: str, begun: int = 0) -> tuple[int, str]:
    """How it is with a name whose record is fresh, and leads here at the third look."""
    script = (SERVER / "certificates.sh").read_text()
    function = script[script.index("leads_here_soon() {") :].split("\n}\n")[0] + "\n}"
    looks = "leads_here() { echo >>looks; (($(wc -l <looks) > 2)) || { echo not yet; return 1; }; }"
    given = f'cd "$(mktemp -d)"; fresh=" new.test "; SECONDS={begun}'
    ask = f"{given}; {looks}; pause() {{ echo waits; }}; {function}"
    done = subprocess.run(["bash", "-c", f"{ask}; leads_here_soon {name}"], capture_output=True, text=True)
    assert not done.stderr
    return done.returncode, done.stdout


def test_a_name_whose_record_is_fresh_is_waited_for() -> None:
    assert soon("new.test") == (0, "waits\nwaits\n")
    assert soon("old.test") == (1, "not yet\n")
    assert soon("new.test", begun=91) == (1, "not yet\n")
