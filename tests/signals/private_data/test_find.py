"""Finding private data: published and made-up specimens, look-alikes, and hostile texts."""

import time
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.signals.private_data import (
    PIECE_CHARACTERS,
    TYPES,
    Deadline,
    Span,
    TooMuchToRead,
    find,
)

# Made-up values in the makers' forms, put together here so that no scanner takes them for real.
AZ = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY"
HEX = "0123456789abcdef" * 2
SECRETS = [
    "sk-" + AZ + AZ[:16],
    "sk-proj-" + AZ + "_-" + AZ,
    "sk-ant-api03-" + AZ + AZ,
    "sk-or-v1-" + HEX + HEX,
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "ghp_" + AZ + AZ[:4],
    "github_pat_" + AZ + "_" + AZ,
    "glpat-" + AZ[:20],
    "slm-" + (AZ * 2)[:43],
    "xoxb-" + "123456789012-" + AZ,
    "AIza" + AZ + AZ[:3],
    "sk_live_" + AZ[:24],
    "hf_" + AZ + AZ[:2],
    "gsk_" + AZ + AZ[:20],
    "npm_" + AZ + AZ[:4],
    "pypi-AgE" + AZ + AZ,
    "SG." + AZ[:22] + "." + AZ + AZ[:11],
    "dapi" + HEX,
    "hvs." + AZ,
    "123456789:AA" + AZ + "x",
    "eyJ" + AZ + ".eyJ" + AZ + "." + AZ,
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----",
    "postgres://admin:" + "s3cretpw@db.internal/app",
    "password: " + "correct9horse",
    'API_KEY="' + AZ + '"',
    "Authorization: Bearer " + AZ,
]
NATIONAL_IDS = [
    "123-45-6789",
    "536-90-4399",
    "my SSN is 536904399",
    "AB 12 34 56 C",
    "54362315K",
    "X2482300W",
    "295109912611193",
    "RCCMNL83S18D969H",
    "Steuer-ID: 36574261809",
    "BSN 111222333",
    "PESEL 44051401359",
    "390.533.447-05",
    "2341 2341 2346",
    "ACUPA7085R",
    "85.07.30-033.28",
    "880320-0016",
    "131052-308T",
    "fødselsnummer 15108695088",
    "CPR-nr 211062-5629",
    "756.9217.0769.85",
    "NIF 501964843",
    "SIN 123-456-782",
    "tax file number 123 456 782",
    "NHS number 943 476 5870",
    "360426199101010071",
    "971013-9019902",
    "BOXW310820HNERXN09",
    "12.531.909-2",
    "ID number 7503305044089",
    "TC kimlik no 17291716060",
]
PHONES = [
    "+44 20 7946 0958",
    "+4915112345678",
    "0041 44 668 18 00",
    "+1 555 123 4567",
    "(212) 796-8350",
    "650-253-0000",
    "555-123-4567",
    "call me on 467 3395",
    "Tel: 020 7946 0958",
    "01 42 68 53 00",
    "手机 138-0013-8000",
]


def types_in(text: str) -> list[str]:
    return [span.type for span in find(text)]


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_found(secret: str) -> None:
    assert types_in(f"Here it is: {secret} and keep it safe") == ["secret"]


@pytest.mark.parametrize("number", NATIONAL_IDS)
def test_national_ids_are_found(number: str) -> None:
    assert types_in(f"Please note {number}, thanks") == ["national_id"]


@pytest.mark.parametrize("number", PHONES)
def test_telephone_numbers_are_found(number: str) -> None:
    assert types_in(f"Please note: {number}, thanks") == ["phone"]


@pytest.mark.parametrize(
    "number",
    [
        "4111 1111 1111 1111",
        "4242-4242-4242-4242",
        "4539 1488 0343 6467",
        "5555555555554444",
        "378282246310005",
        "6011111111111117",
        "30569309025904",
        "3530111333300000",
    ],
)
def test_cards_are_found(number: str) -> None:
    assert types_in(f"My card is {number}.") == ["card"]


@pytest.mark.parametrize(
    "number",
    ["DE89370400440532013000", "GB82 WEST 1234 5698 7654 32", "fr1420041010050500013m02606"],
)
def test_ibans_are_found_alone(number: str) -> None:
    text = f"Pay to {number} until next week"
    (span,) = find(text)
    assert (span.type, text[span.start : span.end]) == ("iban", number)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("(jane.doe+x@mail.example.co.uk)", "jane.doe+x@mail.example.co.uk"),
        ("mailto:o'neil@example.com.", "o'neil@example.com"),
        ("schreib an jürgen@müller.de!", "jürgen@müller.de"),
        ("'me@example.com'", "me@example.com"),
    ],
)
def test_email_addresses_are_found_alone(text: str, address: str) -> None:
    (span,) = find(text)
    assert (span.type, text[span.start : span.end]) == ("email", address)


def test_ip_addresses_are_found() -> None:
    assert types_in("from 203.0.113.9 and 2001:db8:85a3::8a2e:370:7334") == ["ip_address"] * 2


@pytest.mark.parametrize(
    "text",
    [
        "The war (1861 - 1865) ended on 1865-04-09, not 12/04/1865.",
        "ISBN 978-3-16-148410-0 or ISBN 82-495-0294-9",
        "Revenue rose from 1.000.000 to 30.000.000 or 1 000 000 000 in 2021-2022.",
        "pi is 3.14159265358979 and e is 2.718281828",
        "1 2 3 4 5 6 7 8 9 10 11 12",
        "y = 5950 6000 255 241 695 and 5 - 6 - 7 - 8 - 9 - 10",
        "the card 4111 1111 1111 1112 and 1234567890123456",
        "order 123456789, invoice 20240115001, ticket 36574261809",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "uuid 123e4567-e89b-12d3-a456-426614174000",
        "git@github.com:owner/project.git",
        "@decorator and @someone said so",
        "password: please choose one; the secret: patience; token: none",
        "import os\napi_key = os.environ['API_KEY']",
        "https://example.org:8080/path?x=1",
        "version 1.2.3.4567, 127.0.0.1 and 0.0.0.0",
        "def f(x): return x[1:2] + '::'",
        "tasks: risk-management and disk-space; sk-learn",
        "the difference is +999123456789 units",
        "",
    ],
)
def test_look_alikes_are_left_alone(text: str) -> None:
    assert types_in(text) == []


def test_spans_are_in_order_and_do_not_overlap() -> None:
    spans = find("password: jane1@doe.org call +44 20 7946 0958 card 4111 1111 1111 1111 " * 20)
    assert all(one.end <= following.start for one, following in pairwise(spans))
    assert len(spans) >= 60


@pytest.mark.parametrize("name", TYPES)
def test_only_the_types_asked_for_are_found(name: str) -> None:
    text = " ".join([*SECRETS, *NATIONAL_IDS, *PHONES, "a@b.org 203.0.113.9 4111111111111111"])
    text += " DE89370400440532013000"
    assert {span.type for span in find(text, {name})} == {name}


@settings(max_examples=200)
@given(st.text(max_size=300))
def test_any_text_at_all_can_be_searched(text: str) -> None:
    assert all(0 <= span.start < span.end <= len(text) for span in find(text))


HOSTILE = [
    "1", "1 ", "a@", "@", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----" + "a" * 3_000, "eyJ",
    "eyJ" + "a" * 4_000 + ".", "a://", "a://b:", "0494 92 82 32, ", "+1", "(1", "GB56 ",
    "password: ", "password:aaaaaaaa1", "sk-", "a.", "4111 1111 1111 1111 ", "ab:cd:", "ABCDE",
    "123456 ", "key = ", "a@" + "a-" * 500, "\u0661 ", "AC", "9" * 30 + " ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_costs_bounded_work(piece: str) -> None:
    text = (piece * (200_000 // len(piece) + 1))[:200_000]
    started = time.process_time()
    with suppress(TooMuchToRead):
        find(text)
    # Half a second at most; a pattern that backtracks would take minutes.
    assert time.process_time() - started < 10


def test_what_is_not_looked_at_in_time_is_not_reported_as_clean() -> None:
    with pytest.raises(TooMuchToRead):
        find("1234567 " * 10, deadline=Deadline(-1))


@pytest.mark.parametrize("filler", ["lorem ipsum ", "12:34 ", "x.y. "])
def test_private_data_is_found_once_wherever_in_a_long_text_it_stands(filler: str) -> None:
    value = "jane.doe@example.org"
    for place in range(PIECE_CHARACTERS - 40, PIECE_CHARACTERS + 40, 7):
        before = (filler * PIECE_CHARACTERS)[: place - 1] + " "
        found = find(f"{before}{value} {filler * 10}", ("email", "phone"), Deadline(60))
        assert found == [Span("email", place, place + len(value))]


def test_what_spans_two_pieces_is_found_whole() -> None:
    key = f"-----BEGIN PRIVATE KEY-----{'a' * 5_000}-----END PRIVATE KEY-----"
    before = " " * (PIECE_CHARACTERS - 1_000)

    (found,) = find(f"{before}{key}\njane", deadline=Deadline(60))

    assert (found.start, found.end) == (len(before), len(before) + len(key))


def test_rows_of_numbers_do_not_hide_what_comes_after_them() -> None:
    rows = "0494 92 82 3x, " * 3_000

    assert [span.type for span in find(f"{rows} call +49 30 901820", deadline=Deadline(60))] == [
        "phone"
    ]


def test_a_number_that_a_validator_stumbles_over_is_nobodys() -> None:
    # A right check digit, and a birth place whose entry in stdnum's table has no counties.
    assert find("634669199205047725", ("national_id",)) == []
