"""`make bench`: every benchmark in turn. Each prints its figures as ratios to a baseline of the
same run, for these machines are shared and their speed drifts."""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run them all; the exit code is that of the first that failed."""
    failed = 0
    for script in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"\n== {script.stem.removeprefix('bench_')}", flush=True)
        done = subprocess.run([sys.executable, str(script)], check=False)
        failed = failed or done.returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
