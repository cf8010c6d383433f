"""Budget: what the reviews of one policy may cost a process in a day (UTC).

Rule: what a review may cost is reserved before it begins, so that what is under way is counted.
"""

SECONDS_PER_DAY = 86_400.0


class Budget:
    """Of one policy. All amounts in US dollars, all moments in Unix seconds."""

    def __init__(self) -> None:
        self._day = -1.0
        self._spent = 0.0
        self._reserved = 0.0

    def reserve(self, usd: float, ceiling: float, now: float) -> bool:
        """Whether so much may be spent today; if so it is kept for who asks."""
        self._turn(now)
        if self._spent + self._reserved + usd > ceiling:
            return False
        self._reserved += usd
        return True

    def settle(self, reserved: float, spent: float, now: float) -> None:
        """What was reserved has come to this much, paid today."""
        self._turn(now)
        self._reserved = max(self._reserved - reserved, 0.0)
        self._spent += spent

    def _turn(self, now: float) -> None:
        day = now // SECONDS_PER_DAY
        if day > self._day:
            self._day, self._spent = day, 0.0
