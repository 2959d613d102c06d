"""The settings of one command line: its flags over the environment and the settings files."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import platformdirs

from tui.settings.config import Settings, load_settings, settings_file

from .command_table import COMMANDS, WITHOUT_COMMAND


def settings_of(args: argparse.Namespace) -> Settings:
    """Return the settings a parsed line is run with; UsageError or ConfigError for one that cannot be."""
    flags = {name: getattr(args, name) for name in setting_flags(args.command) if name in args}
    typed = {name: ",".join(value) if isinstance(value, list) else value for name, value in flags.items()}
    return load_settings(typed, os.environ, *_folders(args), getattr(args, "set", ()))


def settings_file_of(args: argparse.Namespace) -> Path:
    """Return the settings file that is in force for a parsed line."""
    return settings_file(*_folders(args))


def setting_flags(command: str | None) -> list[str]:
    """Return which attributes are settings with a command, whose own flag of a name comes first."""
    own = next((entry.arguments for entry in COMMANDS if entry.name == command), ())
    return [
        name
        for name, each in {each.attribute: each for each in (*WITHOUT_COMMAND, *own)}.items()
        if each.setting
    ]


def _folders(args: argparse.Namespace) -> tuple[Path, Path, Path | None]:
    chosen = Path(args.config) if "config" in args else None
    return Path(), platformdirs.user_config_path("spymon"), chosen
