"""What runs in containers, as Docker tells: ports in all the ways in which it writes them, and volumes."""

import pytest

from deployer.desired.stacks import Stack, published, read_stacks


@pytest.mark.parametrize(
    ("text", "taken", "reached"),
    [
        ("", set(), set()),
        ("80/tcp", set(), set()),
        ("127.0.0.1:8123->80/tcp", {"8123/tcp"}, set()),
        ("0.0.0.0:8123->80/tcp, :::8123->80/tcp", {"8123/tcp"}, {"8123/tcp"}),
        ("[::]:8123->80/tcp", {"8123/tcp"}, {"8123/tcp"}),
        ("[::1]:8123->80/tcp", {"8123/tcp"}, set()),
        ("0.0.0.0:51820->51820/udp, 443/tcp", {"51820/udp"}, {"51820/udp"}),
        ("127.0.0.1:8000-8002->8000-8002/tcp", {"8000/tcp", "8001/tcp", "8002/tcp"}, set()),
        ("10.0.0.5:8123->80/tcp", set(), set()),
    ],
)
def test_ports_as_docker_writes_them(text: str, taken: set[str], reached: set[str]) -> None:
    assert published(text) == (taken, reached)


def test_containers_and_volumes_of_one_project_are_one_stack() -> None:
    containers = [
        "paper\t/opt/paper\trunning\t127.0.0.1:8010->8000/tcp",
        "paper\t/opt/paper\texited\t",
        "ended\t/root/ended\texited\t0.0.0.0:1->1/tcp",
        "a line of another kind",
    ]
    assert read_stacks(containers, ["paper\tpaper_data", "gone\tgone_data"]) == {
        "paper": Stack(
            "paper", "/opt/paper", True, frozenset({"8010/tcp"}), frozenset(), frozenset({"paper_data"})
        ),
        "ended": Stack("ended", "/root/ended"),
        "gone": Stack("gone", volumes=frozenset({"gone_data"})),
    }
