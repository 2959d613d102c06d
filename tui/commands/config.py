"""`spymon config`: every setting with its value and origin, and the file that holds them."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from engine.config import Settings, check_settings_file, template
from engine.errors import ConfigError


def run_config(args: argparse.Namespace, load: Callable[[], Settings], file: Path) -> int:
    """Do `show`, `path` or `edit` and return the exit code; `show` alone needs them to be valid."""
    if args.action == "show":
        settings = load()
        sys.stdout.write(_as_json(settings) if "json" in args else _as_table(settings))
    elif args.action == "path":
        sys.stdout.write(f"{file}\n")
    else:
        _edit(file)
    return 0


def _as_table(settings: Settings) -> str:
    rows = (("setting", "value", "origin"), *settings.rows())
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    return "".join(f"{n:<{widths[0]}}  {v:<{widths[1]}}  {o}\n" for n, v, o in rows)


def _as_json(settings: Settings) -> str:
    return json.dumps({n: {"value": v, "origin": o} for n, v, o in settings.rows()}) + "\n"


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
