"""Requests for tests of signals."""

from router.core.request import RoutedRequest, Turn


def asking(text: str) -> RoutedRequest:
    """A request of one user turn."""
    return RoutedRequest(model="auto", turns=(Turn("user", text),))


def conversation(*turns: tuple[str, str]) -> RoutedRequest:
    """A request of several turns, each a role and a text."""
    return RoutedRequest(model="auto", turns=tuple(Turn(role, text) for role, text in turns))
