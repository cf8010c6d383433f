"""Circuit: whether a target that keeps failing may be asked; a value, folded by pure functions.

A target is a model or an upstream, for a server that works can fail at one of its models. Five
failures in a row open its circuit: nobody asks it for ten seconds, which costs a request nothing.
Then it is half open: one request at a time probes it, until an answer closes it or a failure opens
it again.
"""

from typing import Literal

from msgspec import Struct

State = Literal["closed", "open", "half_open"]
Target = Literal["model", "upstream"]

FAILURES_TO_OPEN = 5
OPEN_S = 10.0

PROBE_S = 60.0
"""How long a probe keeps others out that never tells how it went."""


class Circuit(Struct, frozen=True):
    """The health of one target. Moments are on the clock of `now`, in seconds."""

    failures_in_a_row: int = 0
    open_until: float = 0.0
    probed_until: float = 0.0

    def state(self, now: float) -> State:
        """How it stands."""
        if self.failures_in_a_row < FAILURES_TO_OPEN:
            return "closed"
        return "open" if now < self.open_until else "half_open"

    def admits(self, now: float) -> bool:
        """Whether the target may be asked: while closed, or as the one probe while half open."""
        return self.failures_in_a_row < FAILURES_TO_OPEN or (
            now >= self.open_until and now >= self.probed_until
        )

    def why_not(self, now: float) -> str:
        """What keeps others from asking it, as it follows `its upstream` or a model's name."""
        told = f"{self.failures_in_a_row} failures in a row"
        if self.state(now) == "open":
            return f"{told}, tried again in {self.open_until - now:.0f} s"
        return f"{told}, being tried again by one request"


CLOSED = Circuit()


def failed(circuit: Circuit, now: float) -> Circuit:
    """After one more failure. What fails late, while it is open already, opens it no longer."""
    failures = circuit.failures_in_a_row + 1
    if failures < FAILURES_TO_OPEN:
        return Circuit(failures)
    until = circuit.open_until if circuit.state(now) == "open" else now + OPEN_S
    return Circuit(failures, until)


def probing(circuit: Circuit, now: float) -> Circuit:
    """While a call is made: of a circuit that is half open it is the probe."""
    if circuit.state(now) != "half_open":
        return circuit
    return Circuit(circuit.failures_in_a_row, circuit.open_until, now + PROBE_S)


def released(circuit: Circuit) -> Circuit:
    """After a probe that told nothing yet, such as one whose caller left: the next may be sent."""
    if not circuit.probed_until:
        return circuit
    return Circuit(circuit.failures_in_a_row, circuit.open_until)
