"""Jails of before that say otherwise than ours, which are read after them."""

from dataclasses import replace

from deployer.config.model import Config
from deployer.parts.fail2ban import BY_HAND, share
from deployer.seen.facts import Facts, Setting

SAID = (
    ("DEFAULT", "bantime", "1d"),
    ("DEFAULT", "findtime", "10m"),
    ("sshd", "ignoreip", "127.0.0.1/8 192.0.2.7, 192.0.2.8"),
    ("nginx-botsearch", "bantime", "7d"),
)
FACTS = replace(Facts("debian", "13"), settings=tuple(Setting(BY_HAND, *said) for said in SAID))


def test_jails_of_before_that_say_otherwise() -> None:
    security = {"ssh": False, "firewall": False, "fail2ban": {"ignore": ["192.0.2.8"]}}
    assert share(Config.model_validate({"security": security}), FACTS).notes == (
        f"{BY_HAND} says bantime = 1d, and deploy's jails, which are read after it, 3600",
        f"{BY_HAND} never shuts out 192.0.2.7, and deploy's jails, which are read after it, do: "
        "write security.fail2ban.ignore",
    )
    assert share(Config.model_validate({"security": False}), FACTS).notes == ()
