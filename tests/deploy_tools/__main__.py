"""What needs tools that are no Python packages: `python -m tests.deploy_tools [drill] [options]`; its exit code is 77 where tools are absent."""

import shutil
import subprocess
import sys

TOOLS = {  # command → Debian's package
    "promtool": "prometheus", "prometheus": "prometheus", "prometheus-alertmanager": "prometheus-alertmanager", "amtool": "prometheus-alertmanager",
    "buildah": "buildah",
}  # fmt: skip
ABSENT = 77


def main(arguments: list[str]) -> int:
    """What can be done here is done; what can't be is said in one sentence."""
    if arguments[:1] == ["drill"]:
        return subprocess.run([sys.executable, "-m", "tests.deploy_tools.drill", *arguments[1:]]).returncode
    code = subprocess.run([sys.executable, "-m", "pytest", "tests/deploy_tools", *arguments]).returncode
    if missing := sorted({package for command, package in TOOLS.items() if shutil.which(command) is None}):
        print(f"Not everything was looked at, for want of tools: apt-get install {' '.join(missing)}")
        return code or ABSENT
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
