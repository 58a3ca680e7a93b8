"""Which names lead to a throwaway VPS: those that nobody else has."""

import struct

import pytest

from deployer.rehearsal.names import AAAA, A, nameservers, respond

VPS = "10.213.7.2"
MX = 15


def query(name: str, kind: int) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", 0xABCD, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def reply(question: bytes, flags: int = 0x8180, answers: bytes = b"") -> bytes:
    count = 1 if answers else 0
    return struct.pack("!HHHHHH", 0xABCD, flags, 1, count, 0, 0) + question[12:] + answers


RECORD = b"\xc0\x0c" + struct.pack("!HHIH", A, 1, 60, 4) + bytes([192, 0, 2, 1])
NO_SUCH_NAME = 0x8183


@pytest.mark.parametrize("said", ["", "nothing", "no such name"])
def test_a_name_that_nobody_has_leads_to_the_vps(said: str) -> None:
    asked = query("new.example.org", A)
    real = {"": b"", "nothing": reply(asked), "no such name": reply(asked, NO_SUCH_NAME)}[said]
    answer = respond(asked, real, VPS)
    assert struct.unpack_from("!HHHHHH", answer) == (0xABCD, 0x8180, 1, 1, 0, 0)
    assert answer[12 : len(asked)] == asked[12:]
    assert answer[-4:] == bytes([10, 213, 7, 2])


def test_it_has_no_ipv6_address_which_is_no_error() -> None:
    asked = query("new.example.org", AAAA)
    answer = respond(asked, reply(asked, NO_SUCH_NAME), VPS)
    assert struct.unpack_from("!HHHHHH", answer) == (0xABCD, 0x8180, 1, 0, 0, 0)
    assert answer[12:] == asked[12:]


def test_what_the_world_knows_is_passed_on() -> None:
    asked = query("git.example.org", A)
    real = reply(asked, answers=RECORD)
    assert respond(asked, real, VPS) == real
    for other in (query("example.org", MX), query("host", A)):
        assert respond(other, reply(other, NO_SUCH_NAME), VPS) == reply(other, NO_SUCH_NAME)


@pytest.mark.parametrize("odd", [b"", b"\0", query("a.b", A)[:-1], query("a.b", A)[:14], b"\xff" * 40])
def test_what_is_no_query_gets_no_answer(odd: bytes) -> None:
    assert respond(odd, b"", VPS) == b""


def test_the_nameservers_of_a_resolv_conf() -> None:
    text = (
        "# nameserver 1.1.1.1\nsearch example.org\nnameserver 9.9.9.9\nnameserver\nnameserver 2001:db8::1\n"
    )
    assert nameservers(text) == ["9.9.9.9", "2001:db8::1"]
