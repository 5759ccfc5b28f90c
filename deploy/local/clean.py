"""`make clean`: forgets everything that `make run` made in this checkout. What is shared (jars) stays."""

import shutil
import sys

from deploy.local.place import run_folder
from deploy.local.postgres import forget
from deploy.local.stop import stop


def main() -> None:
    run = run_folder()
    stop(run)
    forget(run / "postgres")
    shutil.rmtree(run, ignore_errors=True)
    sys.stdout.write("Forgotten.\n")


if __name__ == "__main__":
    main()
