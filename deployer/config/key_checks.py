"""What a single key cannot know: whether what it names is there to be pushed."""

from collections.abc import Iterator

from deployer.config.model import Config
from deployer.config.suggestions import suggest
from deployer.config.wording import Finding
from deployer.kinds.publication import OF_FILES, only_takes_files, takes_files
from deployer.values.access import LOGIN


def check_keys(config: Config) -> Iterator[Finding]:
    """Everything that is wrong with keys: what they may push, and whether each is one of its own."""
    owners: dict[str, str] = {}
    for name, key in config.keys.items():
        for position, entry in enumerate(key.push):
            if reason := unfit(config, entry):
                yield Finding(("keys", name, "push", position), reason)
        for position, entry in enumerate(key.send):
            if reason := unsendable(config, entry):
                yield Finding(("keys", name, "send", position), reason)
        if key.public in owners:
            message = f"this is the key of '{owners[key.public]}' too: every key needs a pair of its own"
            yield Finding(("keys", name, "public"), message)
        owners.setdefault(key.public, name)
    if config.keys and config.server and config.server.user == LOGIN:
        message = "restricted keys log in as 'deploy': log in yourself as root, or as a user of another name"
        yield Finding(("server", "user"), message)


def unsendable(config: Config, entry: str) -> str:
    """Why a key cannot send the files of this site; empty when it can."""
    found = config.everything.get(entry)
    if found is None:
        return f"no site '{entry}' here{suggest(entry, config.everything)}"
    if not takes_files(found):
        return f"{entry} is of kind {found.kind}: files that are sent are for {' and '.join(OF_FILES)}"
    return ""


def unfit(config: Config, entry: str) -> str:
    """Why a key cannot push this site or service; empty when it can."""
    found = config.entry(entry)
    if found is None:
        return f"no site or service '{entry}' here{suggest(entry, config.everything)}"
    if not found.pushed:
        return f"{entry} is of kind {found.kind}: there is nothing to push"
    if only_takes_files(found):
        return f"{entry} has no repository: what is sent is let in by `send:`"
    if getattr(found, "is_local", False):
        return (
            f"{entry} comes from a folder of this machine: a key needs a repository that the server can fetch"
        )
    return ""
