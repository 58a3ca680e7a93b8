"""What is wrong with a mirror, by what Git and the other side say."""

import json

import pytest

from deployer.seen.mirrors import Fault, Mirror, fault_of, read_mirrors

HOUR = 3600
NOW = 10 * HOUR


SAID = """
repository missing there | remote: Repository not found.
repository missing there | remote: The project you were looking for could not be found
repository missing there | remote: Push to create is not enabled for users.
token without right | remote: Permission to me/a.git denied to me.
token without right | remote: Write access to repository not granted.
token without right | (refusing to allow a token to create or update workflow `a` without `workflow` scope)
token without right | remote: You are not allowed to push code to this project.
token without right | fatal: unable to access 'https://git.test/': The requested URL returned error: 403
token not taken | remote: Invalid username or token. Password authentication is not supported
token not taken | remote: HTTP Basic: Access denied. If a token was provided, it was incorrect
token not taken | fatal: Authentication failed for 'https://github.com/me/a.git/'
token not taken | fatal: could not read Username for 'https://github.com': terminal prompts disabled
two-factor | remote: HTTP Basic: Access denied. You must use a token, for two-factor authentication is on
two-factor | remote: The `org' organization has enabled or enforced SAML SSO. To access
protected branch | remote: error: GH006: Protected branch update failed for refs/heads/main.
protected branch | remote: GitLab: You are not allowed to force push code to a protected branch.
protected branch | ! [remote rejected] main -> main (pre-receive hook declined)
too large | remote: error: GH001: Large files detected. ! [remote rejected] main (pre-receive hook declined)
rate limit | fatal: unable to access 'https://git.test/': The requested URL returned error: 429
rate limit | remote: You have exceeded a secondary rate limit. The requested URL returned error: 403
network | fatal: unable to access 'https://github.com/me/a.git/': Could not resolve host: github.com
network | Failed to connect to 10.8.0.2 port 3000 after 2 ms: Couldn't connect to server
network | server certificate verification failed. CAfile: none
refused | something new
"""


@pytest.mark.parametrize("line", SAID.strip().split("\n"))
def test_each_side_s_words_are_understood(line: str) -> None:
    fault, _, words = line.partition(" | ")
    assert fault_of(words) == fault


def mirror(**other: object) -> Mirror:
    known = {
        "site": "git.test",
        "mirror": "github",
        "repository": "owner/one",
        "address": "https://x/me/one.git",
    }
    state = {
        "there": "ours",
        "interval": HOUR,
        "pushed": "1970-01-01T09:30:00Z",
        "said": "",
        "differing": 0,
        "made": "",
    }
    return read_mirrors(json.dumps([{**known, **state, "refused": "", **other}]))[0]


def test_what_is_behind_may_be_so_for_its_interval() -> None:
    assert mirror(differing=2).fault(NOW) is Fault.NONE
    assert mirror(differing=2).fault(NOW + HOUR) is Fault.LATE
    assert mirror(differing=0).fault(NOW + 100 * HOUR) is Fault.NONE
    assert mirror(differing=2, interval=0).fault(NOW) is Fault.LATE
    assert mirror(differing=2, pushed="").fault(NOW) is Fault.LATE
    assert mirror(differing=2, pushed="", made="1970-01-01T09:30:00Z").fault(NOW) is Fault.NONE
    assert mirror(differing=2, pushed="0001-01-01T00:00:00Z").fault(NOW) is Fault.LATE


def test_what_failed_counts_until_both_sides_are_the_same() -> None:
    assert mirror(differing=2, said="error: 429").fault(NOW) is Fault.RATE_LIMIT
    assert mirror(differing=0, said="error: 429").fault(NOW) is Fault.NONE
    assert mirror(differing=None, refused="Repository not found").fault(NOW) is Fault.MISSING
    assert mirror(there="absent").fault(NOW) is Fault.ABSENT
    assert mirror(there="taken", said="owner/two").fault(NOW) is Fault.TAKEN
