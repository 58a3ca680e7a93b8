"""Names and values of DNS records, each in the one form in which it is compared."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import partial

from deployer.values import names
from deployer.values.quantities import duration, shown

LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
LONGEST_NAME = 253
LONGEST_TEXT = 2000
SHORTEST, LONGEST = 60, 86400
"""The seconds for which Cloudflare lets others remember a record; whoever allows more allows these."""
PRIVATE = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)

IP = ipaddress.IPv4Address | ipaddress.IPv6Address


def record_name(text: str) -> str:
    """The name of a record: a domain, whose labels may begin with _, and of which the first may be *."""
    if not text.isascii():
        raise ValueError(f"write an international domain as punycode{names.punycode(text)}")
    if text != text.lower():
        raise ValueError(f"write domains in lower case: {shown(text.lower())}")
    labels = text.removesuffix(".").removeprefix("*.").split(".")
    if len(text) > LONGEST_NAME or len(labels) < 2 or not all(map(LABEL.fullmatch, labels)):
        raise ValueError(
            f"{shown(text)} is not a name for a record, such as www.example.org or *.example.org"
        )
    return text.removesuffix(".")


def record_value(kind: str, text: str) -> str:
    """The value of a record of this type; raises ValueError."""
    if kind not in FORMS:
        meant = f" (did you mean '{kind.upper()}'?)" if kind.upper() in FORMS else f": {', '.join(FORMS)}"
        raise ValueError(f"{shown(kind)} is no type of record that is known here{meant}")
    if "\n" in text or names.CONTROL.search(text):
        raise ValueError(f"{kind}: a value is one line without control characters")
    try:
        return FORMS[kind](text.strip())
    except ValueError as error:
        raise ValueError(f"{kind}: {error}") from None


def address(text: str) -> str:
    """An IP address that everybody can reach; raises ValueError with the reason."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"{shown(text)} is not an IP address") from None
    if reason := unreachable(found):
        raise ValueError(f"{found} is {reason}: nobody outside could reach it")
    return str(found)


def unreachable(found: IP) -> str:
    """Why nobody outside can reach this address; empty when they can, as far as the address tells."""
    if found.is_loopback or found.is_unspecified:
        return "an address of the machine itself"
    if found.is_link_local or found.is_multicast:
        return "an address of the local network"
    if any(found.version == network.version and found in network for network in PRIVATE):
        return "a private address"
    return ""


def time_to_live(value: object) -> int:
    """For how many seconds others may remember a record."""
    if not SHORTEST <= (seconds := duration(value)) <= LONGEST:
        raise ValueError(f"expected a duration from {SHORTEST}s to 1d, not {shown(value)}")
    return seconds


def _host(text: str) -> str:
    return record_name(text.lower()) if text != "." else text


def _address(version: int, text: str) -> str:
    found = address(text)
    if ipaddress.ip_address(found).version != version:
        raise ValueError(f"{found} is not an address of IPv{version}")
    return found


def _numbers(form: str, last: Callable[[str], str], text: str) -> str:
    """Words as many as in the form: numbers, and what is last."""
    words = text.split()
    if len(words) != len(form.split()):
        raise ValueError(f"expected {form}, not {shown(text)}")
    for word in words[:-1]:
        if not re.fullmatch(r"[0-9]{1,5}", word, re.ASCII) or int(word) > 65535:
            raise ValueError(f"{shown(word)} is not a number from 0 to 65535")
    return " ".join([*(str(int(word)) for word in words[:-1]), last(words[-1])])


def _digest(text: str) -> str:
    if not re.fullmatch(r"([0-9A-Fa-f]{2}){1,256}", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not a digest in hexadecimal")
    return text.lower()


def _authority(text: str) -> str:
    found = re.fullmatch(r'(\d{1,3}) +([a-z0-9]{1,15}) +"?([!#-~]*(?: [!#-~]+)*)"?', text, re.ASCII)
    if not found or int(found[1]) > 255:
        raise ValueError(f"expected FLAGS TAG VALUE, such as 0 issue letsencrypt.org, not {shown(text)}")
    return f'{int(found[1])} {found[2]} "{found[3]}"'


def _text(text: str) -> str:
    if not text or not text.isascii() or len(text) > LONGEST_TEXT:
        raise ValueError(f"expected 1 to {LONGEST_TEXT} letters of ASCII")
    if '"' in text or "\\" in text:
        raise ValueError('write the text itself, without quotes (") and backslashes')
    return text


FORMS: Mapping[str, Callable[[str], str]] = {
    "A": partial(_address, 4),
    "AAAA": partial(_address, 6),
    "CAA": _authority,
    "CNAME": _host,
    "MX": partial(_numbers, "PRIORITY HOST", _host),
    "NS": _host,
    "SRV": partial(_numbers, "PRIORITY WEIGHT PORT HOST", _host),
    "SSHFP": partial(_numbers, "ALGORITHM TYPE DIGEST", _digest),
    "TLSA": partial(_numbers, "USAGE SELECTOR MATCHING DIGEST", _digest),
    "TXT": _text,
}
"""What the value of each type of record looks like."""


def as_told(kind: str, text: str) -> str:
    """A provider's value in the form in which ours are compared; one that we would not write, as it is."""
    if kind == "TXT":
        return unquoted(text)
    if kind in ("A", "AAAA"):
        return _plain_address(text)
    words = text.split()
    if kind in ("CNAME", "NS", "MX", "SRV") and words:
        words[-1] = words[-1].lower().removesuffix(".") or "."
        return " ".join(words)
    try:
        return FORMS[kind](text) if kind in FORMS else text
    except ValueError:
        return text


def _plain_address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text


def unquoted(text: str) -> str:
    """The text of a TXT record that a provider shows as strings in quotes."""
    if not re.fullmatch(r'\s*"(?:[^"\\]|\\.)*"(?:\s+"(?:[^"\\]|\\.)*")*\s*', text):
        return text
    pieces = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
    return re.sub(r"\\(\d{3}|.)", lambda found: _letter(found[1]), "".join(pieces))


def _letter(escaped: str) -> str:
    return chr(int(escaped)) if escaped.isdigit() and int(escaped) < 256 else escaped


def quoted(text: str) -> str:
    """A text as strings in quotes of at most 255 letters, as it stands in a zone."""
    return " ".join(f'"{text[begin : begin + 255]}"' for begin in range(0, len(text), 255))
