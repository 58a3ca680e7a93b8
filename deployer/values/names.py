"""Names that reach rendered files: each function returns its text or raises ValueError saying what is wrong.

What is accepted cannot carry syntax: no quote, no `$`, no `;`, no brace, no space, no control character.
"""

import re

from deployer.values.quantities import shown

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
HOST = r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?"
# All control characters but line feed and tab, and what Python takes for the end of a line.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
LONGEST_DOMAIN = 230  # files on the server carry the domain in their names, which end at 255 bytes
RESERVED = re.compile(r"DEPLOY_.*|LD_.*|BASH.*|PATH|HOME|IFS|SHELLOPTS|ENV")


def domain(text: str) -> str:
    """A public host name in lower case, with a dot, in punycode where it is international."""
    if text.startswith("*"):
        raise ValueError("a site has a name of its own: a wildcard can be one of its aliases")
    if not text.isascii():
        raise ValueError(f"write an international domain as punycode{punycode(text)}")
    if text != text.lower():
        raise ValueError(f"write domains in lower case: {shown(text.lower())}")
    if len(text) > LONGEST_DOMAIN:
        raise ValueError(f"a domain of {len(text)} characters is too long, the limit is {LONGEST_DOMAIN}")
    labels = text.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or not all(map(LABEL.fullmatch, labels)):
        raise ValueError(f"{shown(text)} is not a domain such as www.example.org")
    return text


def variable_name(domain: str) -> str:
    """The domain as a part of the name of a variable; two never share one."""
    return domain.replace("-", "__").replace(".", "_")


def alias(text: str) -> str:
    """A domain, or all names one step below one: *.example.org."""
    if text == "*":
        raise ValueError("a wildcard has its domain behind it: *.example.org")
    return f"*.{domain(text[2:])}" if text.startswith("*.") else domain(text)


def punycode(text: str) -> str:
    """The end of a message: the punycode of an international domain, where it is not in doubt."""
    try:
        return f": {text.lower().encode('idna').decode()}" if not set("ßςẞ") & set(text) else ""
    except UnicodeError:
        return ""


def url(text: str) -> str:
    """An http or https address: host, port and path only."""
    if "@" in text.partition("://")[2].partition("/")[0]:
        raise ValueError("a URL here has no user name or password: secrets do not belong in sites.yaml")
    if "?" in text or "#" in text:
        raise ValueError("a URL here has no query (?) and no fragment (#)")
    path = r"(/([A-Za-z0-9._~!&()*+,=:@/-]|%[0-9A-Fa-f]{2})*)?"
    if len(text) > 2000 or not re.fullmatch(rf"https?://{HOST}(:[0-9]{{1,5}})?{path}", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not an address such as https://example.org/path")
    return text


def acme_server(text: str) -> str:
    """letsencrypt, staging, or the https address of a directory of another ACME server."""
    if text in ("letsencrypt", "staging") or text.startswith("https://"):
        return url(text) if text.startswith("https://") else text
    raise ValueError(f"expected letsencrypt, staging or an https:// address, not {shown(text)}")


def email(text: str) -> str:
    """An e-mail address."""
    local, _, host = text.rpartition("@")
    plain = re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._%+-]{0,63}", local, re.ASCII)
    if not plain or not is_domain(host.lower()):
        raise ValueError(f"{shown(text)} is not an e-mail address")
    return text


def is_domain(text: str) -> bool:
    """Whether domain() accepts the text."""
    try:
        return bool(domain(text))
    except ValueError:
        return False


def relative_path(text: str) -> str:
    """A path inside a repository, without a leading ./ and without a trailing slash."""
    path = text.removeprefix("./").rstrip("/")
    parts = path.split("/")
    if text.startswith(("/", "~")) or ".." in parts:
        raise ValueError(f"{shown(text)} leads out of the repository: write a path inside it")
    if not re.fullmatch(r"[\w.+@=,][\w.+@=,/-]*", path) or {"", ".", ".git"} & set(parts) or len(path) > 200:
        raise ValueError(f"{shown(text)} is not a plain path inside the repository, such as scripts/build.sh")
    return path


def git_reference(text: str) -> str:
    """A branch, tag or revision, by the rules of git check-ref-format and without shell syntax."""
    parts = text.split("/")
    forbidden = ".." in text or "@{" in text or text == "@" or text.endswith(".") or len(text) > 200
    if forbidden or any(part == "" or part.startswith(".") or part.endswith(".lock") for part in parts):
        raise ValueError(f"{shown(text)} is not a name that git allows for a branch or tag")
    if not re.fullmatch(r"[\w.+@#=,][\w.+@#=,/-]*", text):
        raise ValueError(
            f"{shown(text)} is not a plain name of a branch or tag: no quotes, spaces, $ and the like"
        )
    return text


def version(text: str) -> str:
    """A version of two or three numbers."""
    if re.fullmatch(r"[vV][0-9.]+", text, re.ASCII):
        raise ValueError(f"write the version without the v: {text[1:]}")
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4}){1,2}", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not a version such as 0.161.1")
    return text


def environment_name(text: str) -> str:
    """The name of an environment variable that a build may have."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not a name for an environment variable")
    if RESERVED.fullmatch(text):
        raise ValueError(f"{text} is set by deploy itself: choose another name")
    return text


def one_line(text: str) -> str:
    """Free text on one line."""
    if CONTROL.search(text) or "\n" in text or "\t" in text:
        raise ValueError("a value here is one line without control characters")
    return text


def environment_value(text: str) -> str:
    """The value of an environment variable, which is no secret: free text on one line."""
    if re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*|(gpg|age|cmd):.+", text):
        raise ValueError(
            f"{shown(text)} would be taken as that text: a secret stands under `secrets:` of what runs in "
            "containers, and a build gets none, for it could publish it"
        )
    return one_line(text)


def nginx_text(text: str) -> str:
    """Free text on one line, for a string in an NGINX file, where a `$` cannot be written."""
    if "$" in text:
        raise ValueError(
            f"{shown(text)} has a $, which begins a variable in NGINX, in quotes too: leave it out"
        )
    return one_line(text)


def script(text: str) -> str:
    """Free text of several lines, for bash."""
    if CONTROL.search(text):
        raise ValueError("a script has no control characters other than line ends and tabs")
    return text
