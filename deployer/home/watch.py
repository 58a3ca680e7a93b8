"""One round of a watch: everything is asked side by side, and what has changed is told once."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from deployer.config.model import Config
from deployer.config.watch import Watch
from deployer.doctor.reach import NGINX_RESTS, silent_with_nginx
from deployer.errors import DeployError, UsageError
from deployer.home import channels
from deployer.home.beats import beat
from deployer.home.newest import newest_in_s3
from deployer.home.pulse import Asked, Pulse, Said
from deployer.home.pulse import pulse as pulse_of
from deployer.home.remembering import keep, locked, remembered
from deployer.home.visiting import visit_all
from deployer.watching import message
from deployer.watching.memory import News, Round, settled, turn
from deployer.watching.seen import Seen
from deployer.watching.trouble import Trouble, of_bucket, of_doctor
from deployer.watching.visits import Target, Visit, is_by_clock, is_offline, of_nobody, troubles

OUTSIDE = ("visit", "ends")
SERVER = ("server", "doctor")
STORE = ("bucket", "s3")
GAP = 3
"""Rounds that may be missed until what was not told yet counts for nothing."""


def section_of(config: Config) -> Watch:
    """The section `watch`; raises UsageError where sites.yaml lacks it."""
    if config.watch is None:
        raise UsageError("there is no watch in sites.yaml", "Add it: watch: {notify: {ntfy: env:NTFY_TOPIC}}")
    if config.server is None:
        raise UsageError("there is no server in sites.yaml", "Add it: server: {host: vps.example.org}")
    return config.watch


def look(config: Config) -> Seen | None:
    """Make a round; None where another one is at work."""
    watch = section_of(config)
    assert config.server
    with locked(config.server.host) as place:
        if place is None:
            return None
        memory, warnings = remembered(place)
        asked = Asked(config.server.host, partial(pulse_of, config, config.server))
        bucket = Asked("S3", partial(newest_in_s3, config))
        known = wanted(config, memory.targets)
        visits = visit_all(known, watch.words, config.acme.ca_certificate)
        told = _answer(asked)
        pulse, failure = told
        if pulse and (more := _new(wanted(config, targets_of(pulse)), known)):
            visits += visit_all(more, watch.words, config.acme.ca_certificate)
        targets = targets_of(pulse) if pulse else memory.targets
        stored, lost = _answer(bucket)
        seen = judged(config, visits, targets, told, (stored, lost))
        memory, news = turn(replace(memory, targets=targets), seen, time.time(), GAP * max(watch.every, 600))
        outcome = tell(watch, config.server.host, news)
        if told_all(outcome):
            memory = settled(memory, news)
        warnings += keep(place, memory)
        warnings += of_nobody(watch.words, watch.ignore, targets) if pulse else ()
        warnings += beat(config, told_all(outcome), pulse[0] if pulse else None, stored)
        warnings += heartbeat(watch, outcome)
    offline = failure is not None and is_offline(visits)
    return Seen(config.server.host, tuple(visits), seen.troubles, news, outcome, warnings, offline)


def _answer(asked: Asked[Said]) -> tuple[Said | None, DeployError | None]:
    try:
        return asked.answer(), None
    except DeployError as error:
        return None, error


def _new(targets: Iterable[Target], before: Iterable[Target]) -> list[Target]:
    return [target for target in targets if target not in {*before}]


def targets_of(pulse: Pulse) -> tuple[Target, ...]:
    """The names that visitors use, as the server says."""
    lines = (line.split() for line in pulse[0].lines.get("site", []))
    return tuple(Target(*words) for words in lines if len(words) == 4 and words[1] in ("http", "https"))


def wanted(config: Config, targets: Iterable[Target]) -> list[Target]:
    """Those that are to be visited."""
    ignored = {*(config.watch.ignore if config.watch else ())}
    return [target for target in targets if target.name not in ignored]


def judged(
    config: Config,
    visits: list[Visit],
    targets: tuple[Target, ...],
    server: tuple[Pulse | None, DeployError | None],
    bucket: tuple[Mapping[str, datetime] | None, DeployError | None] = (None, None),
) -> Round:
    """What is not well. Where this machine has no network, nothing is known of anything."""
    (pulse, failure), (stored, lost) = server, bucket
    if failure and is_offline(visits):
        return Round((), unasked=(*OUTSIDE, *SERVER, *STORE))
    found = [*troubles(visits, targets)]
    if lost:
        found.append(Trouble("bucket", f"the backups in S3 cannot be listed: {lost.message}"))
    if pulse is None:
        found.append(Trouble("server", f"the server cannot be asked: {failure.message if failure else ''}"))
        return Round(tuple(found), unasked=("doctor", "s3"))
    seen, results = pulse
    found += of_doctor(results)
    found += of_bucket(seen, stored, config.home.retired if config.home else ())
    excused = (*seen.lines.get("busy", []), *seen.lines.get("stopped", []))
    unasked = ("s3",) if lost else ()
    if any(each.key.startswith("doctor clock ") for each in found):
        found, unasked = [each for each in found if not is_by_clock(each)], (*unasked, "ends")
    silent = [each for each in found if each.key.startswith("visit ")] if silent_with_nginx(seen) else []
    if len(silent) > 1:  # one cause is one trouble; what was known of each site stays as it was
        found = [each for each in found if each not in silent]
        unasked = (*unasked, "visit")
    elif silent:  # a site alone is told of as itself, and excused as itself
        found = [each for each in found if each.what != NGINX_RESTS]
    return Round(tuple(found), unasked, busy={line.partition(" ")[0] for line in excused})


def tell(watch: Watch, host: str, news: News) -> channels.Outcome:
    """Tell who is named what has changed, all of it at once."""
    if not news:
        return {}
    text = message.text(news, time.time())
    return channels.send(watch.notify, message.title(host, news), text, urgent=bool(news.new))


def told_all(outcome: channels.Outcome) -> bool:
    """Whether there was nothing to tell, or somebody was told."""
    return not outcome or "" in outcome.values()


def heartbeat(watch: Watch, outcome: channels.Outcome) -> tuple[str, ...]:
    """Say that a round was made; not where nobody could be told: who waits for it tells of the silence."""
    if not watch.heartbeat:
        return ()
    if not told_all(outcome):
        return ("nobody could be told, so there is no heartbeat",)
    why = channels.beat(watch.heartbeat)
    return (f"the heartbeat could not be sent: {why}",) if why else ()
