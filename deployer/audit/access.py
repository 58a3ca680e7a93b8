"""Who may come in, and what the users of the server may do and read; pure."""

from collections.abc import Collection, Iterator

from deployer.audit.evidence import Evidence
from deployer.audit.finding import Finding
from deployer.config.model import Config

SSHD = {
    "passwordauthentication": ("no", "passwords are tried by robots all day, and one is weak or leaked"),
    "kbdinteractiveauthentication": ("no", "it asks for passwords too"),
    "permitemptypasswords": ("no", "whoever knows a user's name is in"),
}


def logins(seen: Evidence, config: Config) -> Iterator[Finding]:
    """How one can log in, where it should not be possible."""
    wanted = config.security.ssh
    for keyword, (value, why) in SSHD.items():
        if seen.sshd.get(keyword, value) != value:
            chosen = wanted is not None and wanted.passwords and keyword == "passwordauthentication"
            yield Finding(
                f"sshd says: {keyword} {seen.sshd[keyword]}",
                why,
                "deploy apply"
                if wanted and not chosen
                else "security.ssh.passwords: false   # in sites.yaml",
                serious=not chosen,
            )
    if seen.sshd.get("permitrootlogin") == "yes":
        yield Finding(
            "root may log in with a password",
            "it is the one name that every robot knows",
            "deploy apply" if wanted else "security.ssh.root: keys-only   # in sites.yaml",
        )
    for user in seen.lines.get("nopassword", []):
        yield Finding(
            f"{user} has an empty password", "whoever knows the name is in", f"passwd --lock {user}"
        )
    for user in seen.lines.get("root", []):
        yield Finding(
            f"{user} has the number 0: it is root by another name",
            "that is how burglars keep their way in",
            f"usermod --uid 1999 --non-unique {user}   # or remove it: userdel {user}",
        )


def rights(seen: Evidence, config: Config) -> Iterator[Finding]:
    """Rules of sudo without a password, other than that of the user who applies."""
    ours = {config.server.user if config.server else "root"}
    for rule in seen.lines.get("sudo", []):
        path, _, rest = rule.partition(" ")
        user, _, what = rest.strip().partition(" ")
        if user in ours or "/usr/local/lib/deploy/" in what:
            continue
        everything = what.rstrip().endswith(" ALL") or what.rstrip().endswith(":ALL")
        yield Finding(
            f"sudo asks no password of {user}: {what.strip()}",
            "who becomes this user is root"
            if everything
            else "it runs as root whatever that program lets it",
            f"visudo -f {path}   # take NOPASSWD: out, or name just the commands that it needs",
            serious=everything,
        )


def secrets(seen: Evidence, config: Config) -> Iterator[Finding]:
    """Secrets that every user and every broken program can read."""
    for path in seen.lines.get("readable", []):
        yield Finding(
            f"everybody on the server can read {path}",
            "one hole in any program gives the secret away",
            f"chmod go= {path}",
        )


def keys(seen: Evidence, config: Config, known: Collection[str]) -> Iterator[Finding]:
    """Public keys that may log in, and nobody declared."""
    ours = {*known, *(each.public for each in config.keys.values())}
    fetching = {" ".join(line.split()[:2]) for line in seen.lines.get("deploy_key", [])}
    for each in seen.keys:
        if each.key not in ours and (each.user == "root" or each.key not in fetching):
            yield Finding(
                f"the key {each.comment or each.key[-12:]} may log in as {each.user}",
                "neither sites.yaml nor this machine knows it: who has its other half?",
                f"take it out of ~{each.user}/.ssh/authorized_keys: grep -n '{each.key[-12:]}' there",
                serious=False,
            )
