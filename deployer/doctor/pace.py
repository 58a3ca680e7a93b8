"""In how many days a disk is full, from what was free once a day; pure."""

from collections.abc import Iterable

DAY = 86400
BACK = 30 * DAY
LEAST = 3 * DAY
NEVER = float("inf")


def days_left(noted: Iterable[str], now: int, free: int, size: int) -> float | None:
    """The days until nothing is free, by the line through the last weeks; None: too little is known of it.

    What was noted of a disk of another size, or by a clock that was wrong, counts for nothing.
    """
    lines = [tuple(map(int, line.split())) for line in noted if line.replace(" ", "").isdigit()]
    points = [(line[0], line[2]) for line in lines if len(line) == 3 and line[1] == size]
    points = [(time, left) for time, left in points if now - BACK <= time <= now]
    points.append((now, free))
    if len(points) < 3 or now - min(time for time, _ in points) < LEAST:
        return None
    middle = sum(time for time, _ in points) / len(points)
    level = sum(left for _, left in points) / len(points)
    spread = sum((time - middle) ** 2 for time, _ in points)
    slope = sum((time - middle) * (left - level) for time, left in points) / spread
    return free / -slope / DAY if slope < 0 else NEVER
