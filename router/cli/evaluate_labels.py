"""The tests of labels in `slm-router evaluate`: domain, task, language and private data.

They read the tables that lie beside prompts and scores, where they do; see docs/data.md.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from router.core.catalog import AUTO
from router.core.request import RoutedRequest, Turn
from router.identifier import shipped_identifier
from router.signals.language import languages_of
from router.signals.private_data import find

if TYPE_CHECKING:
    from classifiers.evaluation import Evaluation
    from classifiers.judgement import Judgement
    from classifiers.labels import LabelReport
    from classifiers.prompt_classifier import PromptClassifier

Tell = Callable[[str], None]
Report = Callable[[str, str, Sequence[str], Sequence[str]], "LabelReport"]

PRIVATE: Mapping[str, str] = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "US_SSN": "national_id",
    "IP_ADDRESS": "ip_address",
}
"""The table's types that we look for, by our names."""


def add_labels(
    folder: Path, classifier: "PromptClassifier", found: "Evaluation", tell: Tell
) -> None:
    """Run the tests whose tables lie in a folder. Raises DataError for a table of another form."""
    from classifiers.labels import evaluate_labels

    plan = found.plan
    report = partial(evaluate_labels, rounds=plan.rounds, seed=plan.seed)
    held = {name for name in _TABLES if (folder / f"{name}.parquet").is_file()}
    if {"prompts", "tasks", "intents"} <= held:
        tell("domain and task")
        _judged(folder, classifier, found, report)
    if "language" in held:
        tell("language")
        _languages(folder, found, report)
    if {"prompts", "pii"} <= held:
        tell("private data")
        _private_data(folder, found)


_TABLES: Collection[str] = ("prompts", "tasks", "intents", "language", "pii")


def _judged(
    folder: Path, classifier: "PromptClassifier", found: "Evaluation", report: Report
) -> None:
    from classifiers import dataset
    from classifiers.predictions import judgements

    readers = {"domain": dataset.domain_examples, "task": dataset.task_examples}
    for name, read in readers.items():
        examples = dataset.of_split(read(folder, dataset.SEED), found.plan.split)
        guesses: Sequence[Judgement] = judgements(classifier, [e.text for e in examples])
        for source in ("all", *sorted({example.source for example in examples})):
            kept = [
                (example.label, getattr(guess, name))
                for example, guess in zip(examples, guesses, strict=True)
                if source in ("all", example.source)
            ]
            truth, guessed = zip(*kept, strict=True)
            found.labels.append(report(name, source, truth, guessed))


def _languages(folder: Path, found: "Evaluation", report: Report) -> None:
    from classifiers.dataset import read_table

    rows = [
        row for row in read_table(folder / "language.parquet") if row["split"] == found.plan.split
    ]
    identifier = shipped_identifier()
    for kind in sorted({row["kind"] for row in rows}):
        kept = [row for row in rows if row["kind"] == kind]
        requests = [RoutedRequest(AUTO, (Turn("user", row["text"]),)) for row in kept]
        guesses = [str(found["language"]) for found in languages_of(identifier, requests)]
        truth = [_SAME.get(str(row["lang"]), str(row["lang"])) for row in kept]
        found.labels.append(report("language", kind, truth, guesses))


_SAME = {"nb": "no"}
"""The table's code of a language that the signal knows by another."""


def _private_data(folder: Path, found: "Evaluation") -> None:
    from classifiers.dataset import read_table
    from classifiers.labels import evaluate_spans

    def places(text: str) -> list[tuple[int, int]]:
        return [(span.start, span.end) for span in find(text)]

    split = found.plan.split
    rows = [row for row in read_table(folder / "pii.parquet") if row["split"] == split]
    prompts = read_table(folder / "prompts.parquet")
    harmless = [row["prompt"] for row in prompts if row["split"] == split]
    if rows and harmless:
        found.detections.append(
            evaluate_spans(rows, harmless, places, PRIVATE, found.plan.rounds, found.plan.seed)
        )
