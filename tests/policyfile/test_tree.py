"""The strict reader: what scalars mean, what is refused, and where everything stands."""

from pathlib import Path

import pytest

from router.policyfile.tree import MOST_BYTES, Scalar, parse, read


def said(text: str) -> list[str]:
    return [str(problem) for problem in parse(text, "f.yaml").problems]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("false", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("True", "True"),
        ("y", "y"),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("0.5", 0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        ("010", "010"),
        ("0o10", "0o10"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2024-01-31", "2024-01-31"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("E5", "E5"),
        ('"5"', "5"),
        ("'true'", "true"),
        ("qwen2.5:3b", "qwen2.5:3b"),
    ],
)
def test_a_scalar_means_what_it_shows(written: str, meant: Scalar) -> None:
    root = parse(f"key: {written}\n", "f.yaml").root
    assert root is not None
    value = root.entries["key"].value
    assert (value, type(value)) == (meant, type(meant))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a: 1\nb: 2\na: 3\n",
            ["f.yaml:3:1: a: expected each key once, first given in line 1"],
        ),
        (
            "x:\n  - {k: 1, k: 2}\n",
            ["f.yaml:2:12: x[0].k: expected each key once, first given in line 2"],
        ),
        (
            "a: &one 1\n",
            ["f.yaml:1:4: file: expected no anchor, anchors (&name) are not read"],
        ),
        (
            "a: &one 1\nb: *one\n",
            [
                "f.yaml:1:4: file: expected no anchor, anchors (&name) are not read",
                "f.yaml:2:4: file: expected the value itself, aliases (*name) are not read",
            ],
        ),
        (
            "a: !!str 1\nb: !python/object:os.system x\n",
            [
                "f.yaml:1:4: file: expected no tag, tags (!name) are not read",
                "f.yaml:2:4: file: expected no tag, tags (!name) are not read",
            ],
        ),
        ("[a]: 1\n", ["f.yaml:1:1: file: expected a text as key"]),
        ("", ["f.yaml:1:1: file: expected a mapping (key: value), the file is empty"]),
        (
            "# nothing\n",
            ["f.yaml:1:1: file: expected a mapping (key: value), the file is empty"],
        ),
        ("- a\n- b\n", ["f.yaml:1:1: file: expected a mapping (key: value)"]),
        ("just words\n", ["f.yaml:1:1: file: expected a mapping (key: value)"]),
        ("a: 1\nb: \x07\n", ["f.yaml:2:4: file: expected text without control characters"]),
    ],
)
def test_what_makes_a_file_mean_something_else_is_refused_by_place(
    text: str, expected: list[str]
) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: 1\n b: 2\n", "f.yaml:2:3", "mapping values are not allowed here"),
        ("a:\n\t- 1\n", "f.yaml:2:1", "cannot start any token"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1", "single document"),
        ("a: 'never closed\n", "f.yaml:2:1", "unexpected end"),
    ],
)
def test_broken_yaml_is_told_with_its_place(text: str, place: str, words: str) -> None:
    document = parse(text, "f.yaml")
    assert document.root is None
    (problem,) = document.problems
    assert str(problem).startswith(f"{place}: file: expected valid YAML: ")
    assert words in problem.expected


def test_unquoted_punctuation_in_braces_is_told_how_to_write() -> None:
    (problem,) = said("a: {b: Really?}\n")
    assert problem.endswith("a text with punctuation needs quotes")


def test_a_hostile_depth_is_refused_and_not_recursed_into() -> None:
    (problem,) = said("a: " + "[" * 5_000)
    assert "nested more than 40 levels deep" in problem


def test_places_count_from_one_and_keys_are_dotted() -> None:
    root = parse("rules:\n  - name: a\n    when: {all: [{signal: x}]}\n", "f.yaml").root
    assert root is not None
    signal = root.entries["rules"].items[0].entries["when"].entries["all"].items[0].entries
    node = signal["signal"]
    assert node.key == "rules[0].when.all[0].signal"
    assert (node.line, node.column) == (3, 27)
    assert (node.key_line, node.key_column) == (3, 19)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(b"\xef\xbb\xbfname: x\n")
    root = read(file).root
    assert root is not None
    assert list(root.entries) == ["name"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a: 1\nb: \xff\n", "2:4: file: expected text in UTF-8"),
        (b"a: " + b"x" * MOST_BYTES, "1:1: file: expected at most 1 MB"),
        (None, "1:1: file: expected a file that exists"),
    ],
)
def test_what_is_no_readable_file_is_told(
    tmp_path: Path, content: bytes | None, expected: str
) -> None:
    file = tmp_path / "f.yaml"
    if content is not None:
        file.write_bytes(content)
    (problem,) = read(file).problems
    assert str(problem) == f"{file}:{expected}"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (problem,) = read(tmp_path).problems
    assert problem.expected == "expected a file that exists"
