"""Fixtures for the command line's tests."""

from tests.cli.calibration_home import labelled
from tests.cli.policy_home import home

__all__ = ["home", "labelled"]
