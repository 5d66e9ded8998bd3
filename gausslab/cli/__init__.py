"""The command line: `gausslab train`, `lab`, `render`, `resume`, `runs`, `duel`, and a command that lists each table.

Whatever a person gets wrong is one line on standard error and exit code 2; docs/command-line.md has all of it.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from gausslab import __version__, process
from gausslab.cli.duel import duel
from gausslab.cli.export import export
from gausslab.cli.page import lab
from gausslab.cli.render import render
from gausslab.cli.reproduce import reproduce
from gausslab.cli.runs import BROKE_DOWN, INTERRUPTED, resume, train
from gausslab.cli.shelf import shelf
from gausslab.cli.tables import listings
from gausslab.errors import BadInput

BAD_INPUT = 2


@click.group(invoke_without_command=True, epilog="`gausslab COMMAND --help` says more about each.")
@click.version_option(__version__)
@click.pass_context
def gausslab(context: click.Context) -> None:
    """See how a generator learns a one-dimensional distribution.

    `gausslab train` alone learns N(4, 1.25) from uniform noise and writes a picture and a film of it.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and leave with its exit code.

    0: done; 1: the run broke down, or a file could not be written; 2: bad input; 130: interrupted.

    Args:
        arguments: those of the process if None.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no σ is no reason to stop
    sys.exit(_exit_code(arguments))


def _exit_code(arguments: Sequence[str] | None) -> int:
    process.begin()
    try:
        answer: Any = gausslab.main(arguments, prog_name="gausslab", standalone_mode=False)
    except BadInput as error:
        return _complain(str(error), BAD_INPUT)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "gausslab"
        return _complain(f"{error.format_message().rstrip('.')}; `{command} --help` says what it takes", BAD_INPUT)
    except click.Abort:
        return _complain("stopped before there was anything to save", INTERRUPTED)
    except OSError as error:
        return _complain(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", BROKE_DOWN)
    return answer if isinstance(answer, int) else 0


def _complain(sentence: str, code: int) -> int:
    line = "".join(letter if letter.isprintable() else " " for letter in sentence)
    line = " ".join(line.split())
    click.echo(f"gausslab: {line}{'' if line.endswith(('.', '?', '!')) else '.'}", err=True)
    return code


for command in (train, lab, resume, shelf, duel, render, export, reproduce, *listings()):
    gausslab.add_command(command)
