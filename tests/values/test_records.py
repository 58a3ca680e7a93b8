"""Names and values of DNS records."""

import pytest

from deployer.values.records import (
    address,
    as_told,
    quoted,
    record_name,
    record_value,
    time_to_live,
    unquoted,
)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("A", "203.0.113.7", "203.0.113.7"),
        ("AAAA", "2001:DB8:0::7", "2001:db8::7"),
        ("CAA", "0 issue letsencrypt.org", '0 issue "letsencrypt.org"'),
        ("CAA", '128 iodef "mailto:me@example.org"', '128 iodef "mailto:me@example.org"'),
        ("CNAME", "Www.Example.org.", "www.example.org"),
        ("MX", "010  Mail.example.org.", "10 mail.example.org"),
        ("MX", "0 .", "0 ."),
        ("SRV", "0 5 5060 sip.example.org.", "0 5 5060 sip.example.org"),
        ("SSHFP", "4 2 ABCD", "4 2 abcd"),
        ("TLSA", "3 1 1 abcd", "3 1 1 abcd"),
        ("TXT", "v=DKIM1; k=rsa; p=abc", "v=DKIM1; k=rsa; p=abc"),
        ("NS", "ns1.example.org", "ns1.example.org"),
    ],
)
def test_a_value_has_one_form(kind: str, text: str, value: str) -> None:
    assert record_value(kind, text) == value
    assert record_value(kind, value) == value
    assert as_told(kind, quoted(text) if kind == "TXT" else text) == (
        value if kind != "MX" else as_told(kind, text)
    )


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("A", "10.0.0.1", "A: 10.0.0.1 is a private address: nobody outside could reach it"),
        ("A", "2001:db8::1", "A: 2001:db8::1 is not an address of IPv4"),
        (
            "AAAA",
            "fe80::1",
            "AAAA: fe80::1 is an address of the local network: nobody outside could reach it",
        ),
        ("A", "1.2.3", "A: '1.2.3' is not an IP address"),
        ("MX", "mail.example.org", "MX: expected PRIORITY HOST, not 'mail.example.org'"),
        ("MX", "70000 mail.example.org", "MX: '70000' is not a number from 0 to 65535"),
        ("SRV", "1 2 3", "SRV: expected PRIORITY WEIGHT PORT HOST, not '1 2 3'"),
        ("CAA", "issue letsencrypt.org", "CAA: expected FLAGS TAG VALUE"),
        ("TXT", '"quoted"', "TXT: write the text itself, without quotes"),
        ("TXT", "grün", "TXT: expected 1 to 2000 letters of ASCII"),
        ("TXT", "a\nb", "TXT: a value is one line without control characters"),
        ("CNAME", "localhost", "CNAME: 'localhost' is not a name for a record"),
        ("TLSA", "3 1 1 xyz", "TLSA: 'xyz' is not a digest in hexadecimal"),
        ("PTR", "x", "'PTR' is no type of record that is known here: A, AAAA,"),
    ],
)
def test_a_value_that_is_none(kind: str, text: str, why: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        record_value(kind, text)
    assert str(refused.value).startswith(why)


def test_names() -> None:
    for name in (
        "example.org",
        "*.example.org",
        "_dmarc.example.org",
        "a-b.c_d.example.org",
        "xn--grn-ioa.example",
    ):
        assert record_name(name) == name
    assert record_name("example.org.") == "example.org"
    for name in (
        "org",
        "a..b",
        "www.*.org",
        "-a.org",
        "a b.org",
        "Www.example.org",
        f"{'a' * 64}.org",
        "$(x).org",
    ):
        with pytest.raises(ValueError):  # noqa: PT011
            record_name(name)
    with pytest.raises(ValueError, match=r"punycode: xn--grn-ioa\.example$"):
        record_name("grün.example")


def test_how_long_others_may_remember() -> None:
    assert (time_to_live("60s"), time_to_live("1d")) == (60, 86400)
    for wrong in ("59s", "2d", "0", "soon"):
        with pytest.raises(ValueError):  # noqa: PT011
            time_to_live(wrong)


@pytest.mark.parametrize(
    "private",
    [
        "127.0.0.1",
        "::1",
        "0.0.0.0",
        "169.254.1.1",
        "192.168.1.1",
        "172.31.0.1",
        "100.64.0.1",
        "fd00::1",
        "ff02::1",
    ],
)
def test_an_address_that_nobody_outside_can_reach(private: str) -> None:
    with pytest.raises(ValueError, match="nobody outside could reach it"):
        address(private)


def test_an_address_that_only_looks_like_one() -> None:
    assert address("172.64.0.1") == "172.64.0.1", "172.64.0.0/13 is Cloudflare's"
    assert address("100.128.0.1") == "100.128.0.1"


def test_text_in_quotes() -> None:
    assert quoted("x" * 300) == f'"{"x" * 255}" "{"x" * 45}"'
    for text in ("v=spf1 -all", "x" * 600, "a b  c", "a;b"):
        assert unquoted(quoted(text)) == text
    assert unquoted(r'"a\"b\\c\065"') == 'a"b\\cA'
    assert unquoted("no quotes") == "no quotes"
    assert unquoted('"half') == '"half'
