"""What pages load: our own files and vendored ones, vouched for, from here and nowhere else."""

import re
from base64 import b64encode
from hashlib import sha384
from typing import Any

import msgspec
import pytest

from router.dashboard import PAGES
from router.dashboard.assets import FILES, FOLDER, assets
from router.dashboard.rendering import CONTENT_POLICY
from tests.dashboard.conftest import Opened

VENDORED: list[dict[str, Any]] = msgspec.json.decode((FOLDER / "vendor/vendored.json").read_bytes())
NOTICE = FOLDER.parents[2] / "NOTICE"


def test_every_vendored_file_is_what_its_manifest_says() -> None:
    told = {name: told for one in VENDORED for name, told in one["files"].items()}
    found = {
        path.name: "sha384-" + b64encode(sha384(path.read_bytes()).digest()).decode()
        for path in (FOLDER / "vendor").iterdir()
        if path.suffix in (".js", ".css")
    }

    assert found == told


@pytest.mark.parametrize("one", VENDORED, ids=lambda one: str(one["package"]))
def test_every_vendored_package_names_its_version_and_brings_its_licence(
    one: dict[str, str],
) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", one["version"])
    assert one["licence"] in ("MIT", "0BSD")
    assert (FOLDER / "vendor" / one["licence_file"]).read_text("utf-8").strip()
    assert one["package"] in NOTICE.read_text("utf-8")


def test_every_file_in_the_folder_is_served_or_tells_of_one_that_is() -> None:
    kept = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()}

    assert {name for name in kept if not name.endswith((".LICENSE", ".json"))} == set(FILES)


def test_assets_may_be_kept_for_ever_for_their_address_names_their_content(opened: Opened) -> None:
    client = opened().client

    for asset in assets().values():
        answer = client.get(asset.path)
        assert answer.content == asset.content
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-type"].startswith(asset.media_type)


def test_a_page_holds_no_script_or_style_of_its_own_and_asks_nobody_else(opened: Opened) -> None:
    it = opened()
    shown = [page.path for page in PAGES if page.method == "GET" and "{" not in page.path]

    for path in shown:
        told = it.client.get(path, headers={"accept": "text/html"}).text
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|hx-on", told), (
            path
        )
        assert not re.search(r'(?:src|href|action|hx-get|hx-post)="(?!/|#)', told), path


def test_pages_may_run_their_own_files_alone_and_be_framed_by_nobody(opened: Opened) -> None:
    answer = opened().client.get("/decisions")

    assert answer.headers["content-security-policy"] == CONTENT_POLICY
    assert "unsafe" not in CONTENT_POLICY
    assert "frame-ancestors 'none'" in CONTENT_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
