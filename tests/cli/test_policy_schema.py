"""slm-router policy schema, and the policies that are shipped."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from router.cli.policy_schema import catalog_schema, policy_schema
from router.errors import PolicyFileError
from router.policyfile import load_directory, policy_files
from router.policyfile.tree import read
from router.prices import bundled
from router.signals import SIGNALS, vocabulary
from tests.cli.policy_home import NAMES, SHIPPED, said


class TestSchema:
    """slm-router policy schema, and the schemas that are shipped."""

    def test_the_shipped_schemas_are_those_of_the_code(self) -> None:
        hint = "run: slm-router policy schema --write policies"
        assert (SHIPPED / "schema.json").read_text() == policy_schema(), hint
        assert (SHIPPED / "catalog.schema.json").read_text() == catalog_schema(), hint

    def test_schemas_are_printed_or_written(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert said(capsys, "schema") == (0, policy_schema())
        assert said(capsys, "schema", "--catalog") == (0, catalog_schema())
        assert said(capsys, "schema", "--write", str(tmp_path))[0] == 0
        assert (tmp_path / "schema.json").read_text() == policy_schema()
        assert (tmp_path / "catalog.schema.json").read_text() == catalog_schema()

    @pytest.mark.parametrize("name", NAMES)
    def test_an_editor_finds_nothing_wrong_in_a_shipped_policy(self, name: str) -> None:
        schema = json.loads(policy_schema())
        Draft202012Validator.check_schema(schema)
        root = read(SHIPPED / f"{name}.yaml").root
        assert root is not None
        Draft202012Validator(schema).validate(root.data)

    def test_an_editor_finds_nothing_wrong_in_the_shipped_catalog(self) -> None:
        schema = json.loads(catalog_schema())
        root = read(SHIPPED / "models.yaml").root
        assert root is not None
        Draft202012Validator(schema).validate(root.data)

    def test_an_editor_points_at_unknown_keys_of_signal_options(self) -> None:
        validator = Draft202012Validator(json.loads(policy_schema()))
        policy = {"name": "x", "default": {"strategy": {"kind": "fastest"}}}
        assert not list(validator.iter_errors({**policy, "signals": {"learned": {}}}))
        assert list(validator.iter_errors({**policy, "signals": {"learned": {"tmeout": 1}}}))
        assert list(validator.iter_errors({**policy, "signals": {"learnt": {}}}))


class TestShipped:
    """The policies that come with slm-router."""

    def test_they_load_and_all_their_cases_pass(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out = said(capsys, "test", str(SHIPPED))
        assert code == 0, out
        assert all((SHIPPED / f"{name}.cases.yaml").is_file() for name in NAMES)

    def test_they_name_no_model_so_that_any_catalog_will_do(self) -> None:
        models = read(SHIPPED / "models.yaml").root
        assert models is not None
        names = models.entries["models"].entries
        for file in policy_files(SHIPPED):
            lines = [line.split("#")[0] for line in file.read_text().splitlines()]
            assert not [name for name in names if any(name in line for line in lines)], file

    def test_every_cloud_model_of_the_shipped_catalog_has_a_price(self) -> None:
        for loaded in load_directory(SHIPPED, SIGNALS, vocabulary, bundled()).values():
            for name, card in loaded.catalog.models.items():
                assert card.price is not None, name
                assert card.capabilities, name
                assert card.context_window, name

    def test_they_tell_editors_where_their_schema_is(self) -> None:
        for name in NAMES:
            first = (SHIPPED / f"{name}.yaml").read_text().splitlines()[0]
            assert first == "# yaml-language-server: $schema=schema.json"

    def test_they_are_told_from_catalogs_and_cases(self) -> None:
        assert {file.stem for file in policy_files(SHIPPED)} == set(NAMES)
        with pytest.raises(PolicyFileError):
            load_directory(SHIPPED / "absent", SIGNALS, vocabulary, bundled())
