"""Several workers' metrics as one, whichever is asked."""

from pathlib import Path

import pytest

from router.telemetry.prometheus import PrometheusObserver, exposed
from router.telemetry.shared_metrics import SharedMetrics
from tests.fakes.events import an_event


class OneWorker:
    def __init__(self, directory: Path, number: int) -> None:
        self.counts = PrometheusObserver(lambda: 1_700_000_000.0 + number)
        self.counts.policies({"default": "v1"})
        self.shared = SharedMetrics(directory, number, self.counts.families)

    def asked(self) -> dict[str, float]:
        lines = exposed(self.shared.collect()).decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def serve(self, requests: int) -> None:
        for _ in range(requests):
            self.counts.observe(an_event())
        self.shared.publish()


REQUESTS = 'slm_router_requests_total{endpoint="chat.completions",outcome="ok"}'
BUCKET = 'slm_router_request_seconds_bucket{le="0.5",model="small"}'


def test_what_several_count_is_added_up_whoever_is_asked(tmp_path: Path) -> None:
    workers = [OneWorker(tmp_path, number) for number in range(3)]
    for number, worker in enumerate(workers, 1):
        worker.serve(number)

    told = [worker.asked() for worker in workers]

    assert told[0] == told[1] == told[2]
    assert (told[0][REQUESTS], told[0][BUCKET]) == (6, 6)
    assert told[0]["slm_router_request_seconds_count" + '{model="small"}'] == 6


def test_one_worker_tells_what_it_would_tell_alone(tmp_path: Path) -> None:
    worker = OneWorker(tmp_path, 0)
    worker.serve(2)

    assert sorted(exposed(worker.shared.collect()).splitlines()) == sorted(
        worker.counts.exposition().splitlines()
    )


def test_gauges_are_not_added_up(tmp_path: Path) -> None:
    workers = [OneWorker(tmp_path, number) for number in range(2)]
    workers[1].counts.reloaded(False)
    for worker in workers:
        worker.serve(1)

    told = workers[0].asked()

    assert told['slm_router_policy_info{policy="default",version="v1"}'] == 1
    assert told["slm_router_policy_reload_success"] == 0
    assert told["slm_router_policy_reload_timestamp_seconds"] == 1_700_000_001


def test_a_worker_that_is_started_anew_takes_no_counter_back(tmp_path: Path) -> None:
    other = OneWorker(tmp_path, 0)
    other.serve(1)
    for served in (2, 3, 4):
        again = OneWorker(tmp_path, 1)
        again.serve(served)

    assert again.asked()[REQUESTS] == other.asked()[REQUESTS] == 1 + 2 + 3 + 4


def test_gauges_of_a_worker_that_is_no_more_say_nothing(tmp_path: Path) -> None:
    gone = OneWorker(tmp_path, 1)
    gone.counts.reloaded(False)
    gone.serve(1)
    again = OneWorker(tmp_path, 1)
    again.serve(1)

    assert again.asked()["slm_router_policy_reload_success"] == 1


def test_files_are_as_many_as_workers_whatever_is_counted(tmp_path: Path) -> None:
    for _ in range(4):
        for number in range(2):
            OneWorker(tmp_path, number).serve(1)

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "0.json", "0.past.json", "1.json", "1.past.json",
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"[[", b'{"a": 1}'])
def test_a_file_that_cannot_be_read_counts_nothing(tmp_path: Path, content: bytes) -> None:
    worker = OneWorker(tmp_path, 0)
    worker.serve(1)
    (tmp_path / "1.json").write_bytes(content)

    assert worker.asked()[REQUESTS] == 1
