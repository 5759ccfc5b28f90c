"""Writes what of the chart is made of other files.

`check` says whether it is as it would be, `render VALUES FOLDER` writes plain manifests, `acls` prints what each service may do in Kafka.
"""

import sys
from pathlib import Path

from deploy.helm import images, readme, topics

MADE = topics, readme, images


def write() -> None:
    for it in MADE:
        it.FILE.write_text(it.written(), encoding="utf-8")


def stale() -> list[str]:
    return [str(it.FILE) for it in MADE if not it.FILE.exists() or it.FILE.read_text(encoding="utf-8") != it.written()]


def main(words: list[str]) -> int:
    match words:
        case []:
            write()
        case ["check"]:
            if found := stale():
                print(f"Not as it would be made: {', '.join(found)}. Run `python -m deploy.helm`.", file=sys.stderr)
                return 1
        case ["acls"]:
            print("\n".join(topics.access_list()))
        case ["render", values, folder]:
            from deploy.helm.rendering import write as render

            render(Path(values), Path(folder))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
