import ipaddress

from deployer.rehearsal.network import Network
from deployer.rehearsal.sweep import LIMIT


def test_every_machine_has_a_subnet_of_its_own() -> None:
    networks = [Network.of(f"vps-{number}") for number in range(1, LIMIT + 1)]
    subnets = [ipaddress.ip_network(network.subnet) for network in networks]
    assert len(set(subnets)) == LIMIT
    for network, subnet in zip(networks, subnets, strict=True):
        inside = [str(address) for address in subnet.hosts()]
        assert inside == [network.host, network.address]
        assert subnet.is_private


def test_the_kernel_takes_the_name_of_the_link() -> None:
    assert len(Network.of(f"vps-{LIMIT}").link) <= 15


def test_tags_of_machines_differ_as_whole_words() -> None:
    tags = {Network.of(f"vps-{number}").tag for number in range(1, LIMIT + 1)}
    assert len(tags) == LIMIT
    assert not any(" " in tag for tag in tags)
