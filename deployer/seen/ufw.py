"""What UFW has, against the list that it shall have; pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UfwState:
    """UFW as it is set up. The rules are written as `ufw` takes them; `managed` when the list is there."""

    enabled: bool
    denies: bool
    ipv6: bool
    rules: frozenset[str]
    rules6: frozenset[str]
    managed: bool = False


def read_ufw(said: Iterable[str], managed: bool) -> UfwState | None:
    """Understand lines such as `ENABLED=yes` and `4 allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in`."""
    settings: dict[str, str] = {}
    rules: dict[str, set[str]] = {"4": set(), "6": set()}
    for line in said:
        name, equals, value = line.partition("=")
        if equals and name.isupper():
            settings[name] = value.strip('"')
        else:
            family, *words = line.split()
            rules[family].add(rule(words))
    if not settings:
        return None
    return UfwState(
        settings.get("ENABLED") == "yes",
        settings.get("DEFAULT_INPUT_POLICY") in ("DROP", "REJECT"),
        settings.get("IPV6") == "yes",
        frozenset(rules["4"]),
        frozenset(rules["6"]),
        managed,
    )


def rule(words: list[str]) -> str:
    """A rule as UFW keeps it, in the words of its command."""
    action, protocol, port, to, from_port, source, *rest = words
    everyone = ("0.0.0.0/0", "::/0")
    direction = next((word for word in rest if word.startswith(("in", "out"))), "in")
    where = port if protocol == "any" or port == "any" else f"{port}/{protocol}"
    simple = (
        direction == "in"
        and to in everyone
        and from_port == "any"
        and len(rest) == 1 + ("comment=" in rest[-1])
    )
    if simple and source in everyone:
        return f"{action} {where}"
    application = f" ({rest[0].replace('%20', ' ')})" if len(rest) > 2 else ""
    return f"{action} {direction} {where} from {'anyone' if source in everyone else source}{application}"


def drift(ufw: UfwState | None, ports: Iterable[str]) -> tuple[str, ...]:
    """What UFW does otherwise than its list says, as it will be mended; nothing before UFW is there."""
    if ufw is None:
        return ()
    wanted = {f"allow {port}" for port in ports}
    found = []
    if ufw.managed:
        found += ["UFW is off: turn it on"] if not ufw.enabled else []
        found += ["UFW lets in what no rule names: deny it"] if not ufw.denies else []
        missing = wanted - (ufw.rules & ufw.rules6 if ufw.ipv6 else ufw.rules)
        found += [f"no rule `{rule}`: add it" for rule in sorted(missing)]
    extra = (ufw.rules | ufw.rules6) - wanted
    found += [f"rule `{rule}` is not in sites.yaml: delete it" for rule in sorted(extra)]
    return tuple(found)
