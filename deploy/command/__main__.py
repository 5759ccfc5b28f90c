"""`careloop …`: every file of this folder is a command, imported only when it is called.

A module holds `app = typer.Typer()`: one `@app.command()` is `careloop <module>`; several, or a callback beside one, are `careloop <module> <command>`.
What it refuses it says by raising `shared.errors.Refusal`, `shared.settings.SettingsError` or `typer.BadParameter`: one sentence, no traceback.
"""

import os
import pkgutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ.setdefault("TYPER_USE_RICH", "0")  # plain help and errors, and a tenth of a second sooner

import typer
from typer.core import TyperGroup

ELSEWHERE = {"api": "process", "worker": "process", "import": "importing"}  # commands that share a module
SENTENCES = {"Refusal", "SettingsError", "CannotStart", "ClickException"}  # by name: nothing is imported to compare with


class Commands(TyperGroup):
    """Names from the folder, code when needed."""

    def list_commands(self, ctx: Any) -> list[str]:
        files = {module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])}
        return sorted(files - {"__main__", *ELSEWHERE.values()} | set(ELSEWHERE))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = import_module(f"deploy.command.{ELSEWHERE.get(cmd_name, cmd_name)}")
        module.app._add_completion = False
        command = typer.main.get_command(module.app)
        return command.get_command(ctx, cmd_name) if cmd_name in ELSEWHERE and isinstance(command, TyperGroup) else command


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def careloop() -> None:
    """Customer care as a closed loop: run it, feed it events, look after it."""


def main() -> None:
    try:
        code = app(prog_name="careloop", standalone_mode=False)
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:  # `careloop … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except Exception as raised:
        error = alone(raised)
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if "Abort" not in kinds and not kinds & SENTENCES:
            raise
        code = 130 if "Abort" in kinds else getattr(error, "exit_code", 1)
        sys.stderr.write(f"{sentence(error)}\n")
    sys.exit(code if isinstance(code, int) else 0)


def alone(error: Exception) -> Exception:
    """What was refused in one of the tasks of a process."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def sentence(error: Exception) -> str:
    message = str(error.format_message() if hasattr(error, "format_message") else error).removeprefix("Invalid value: ")
    return message[:1].upper() + message[1:]


if __name__ == "__main__":
    main()
