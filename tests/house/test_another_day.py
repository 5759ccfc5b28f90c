"""No test depends on the day on which it runs: those of rules and edges also pass ten minutes before the last year ends whose holidays are known."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from shared.worktime.holidays import CHINA, Knowledge

ROOT = Path(__file__).parents[2]
PURE = [*ROOT.glob("tests/shared/test_worktime_*.py"), *ROOT.glob("tests/shared/test_profiles*.py")]
TIMELESS = (  # and need not be run twice
    "at_once", "calls_assigned", "chats", "course", "erasure", "erasure_of_names", "exports", "form", "hearing", "http", "import", "import_real",
    "import_undone", "intake", "leaving", "life", "posts", "privacy", "registers", "scope", "surveys", "tasks_migrated", "telling", "to_do", "triggers", "units",
    "unmasking", "visitors", "whom", "words",
)  # fmt: skip
TESTS = ["tests/complaints", "tests/followup", "tests/reception", *sorted(str(it.relative_to(ROOT)) for it in PURE)]


def test_the_year_turns() -> None:
    """D-31: in Shanghai it does, and on the next day nothing is sure."""
    last = Knowledge.read(None).known_until(CHINA)
    assert last
    eve = datetime(last.year, 12, 31, 15, 50, tzinfo=UTC)
    offset = f"PT{int((eve - datetime.now(UTC)).total_seconds())}S"
    env = os.environ | {"CARELOOP_CLOCK_OFFSET": offset.replace("PT-", "-PT"), "CARELOOP_ENVIRONMENT": "development"}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            *(f"--ignore-glob=*/test_{it}.py" for it in TIMELESS),
            *TESTS,
        ],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]
