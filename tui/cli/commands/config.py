"""`spymon config`: every setting with its value and origin, and the file that holds them."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.model.errors import ConfigError
from tui.settings.config import check_settings_file, template

from ...run.interrupts import InterruptHandler
from ..given import settings_file_of, settings_of

Row = tuple[str, str, str]


def run(args: argparse.Namespace, settings: None, interrupts: InterruptHandler) -> int:
    """Do `show`, `path` or `edit` and return the exit code; `show` alone needs settings that are valid."""
    with interrupts.by_exception():
        if args.action == "show":
            rows = (*settings_of(args).rows(), *_rules())
            sys.stdout.write(_as_json(rows) if "json" in args else _as_table(rows))
        elif args.action == "path":
            sys.stdout.write(f"{settings_file_of(args)}\n")
        else:
            _edit(settings_file_of(args))
    return 0


def _rules() -> Iterator[Row]:
    """Yield the user's own rules that are installed, without importing them."""
    from ...run.user_rules import installed

    for point in installed():
        where = f"{point.dist.name} {point.dist.version}" if point.dist else "an entry point"
        yield f"rule {point.name}", point.value, where


def _as_table(rows: Sequence[Row]) -> str:
    table = (("setting", "value", "origin"), *rows)
    widths = [max(len(row[i]) for row in table) for i in range(2)]
    return "".join(f"{n:<{widths[0]}}  {v:<{widths[1]}}  {o}\n" for n, v, o in table)


def _as_json(rows: Sequence[Row]) -> str:
    return json.dumps({n: {"value": v, "origin": o} for n, v, o in rows}) + "\n"


def _edit(file: Path) -> None:
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(template(), encoding="utf-8")
        status = subprocess.run([*shlex.split(command), str(file)], check=False).returncode
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be edited with {command} ({error}); set EDITOR.") from error
    if status:
        raise ConfigError(f"The editor {command} ended with status {status}; {file} may be unchanged.")
    check_settings_file(file)
