"""The key of the sessions' pseudonyms is made once and is ours alone."""

import stat
from pathlib import Path

import pytest

from router.errors import StartupError
from router.stores.session_key import session_key


def test_it_is_made_once_and_read_ever_after(tmp_path: Path) -> None:
    first = session_key(tmp_path / "new" / "state")

    assert len(first) == 32
    assert session_key(tmp_path / "new" / "state") == first
    assert session_key(tmp_path / "other") != first


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    session_key(tmp_path)

    assert stat.S_IMODE((tmp_path / "session.key").stat().st_mode) == 0o600


def test_a_damaged_key_is_refused_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "session.key").write_bytes(b"short")

    with pytest.raises(StartupError, match="Remove it"):
        session_key(tmp_path)


def test_a_state_directory_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StartupError, match="Cannot use"):
        session_key(tmp_path / "file")
