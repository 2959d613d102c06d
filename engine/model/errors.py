"""What can go wrong, by whose fault it is.

    SpymonError               exit code 1
    ├── UsageError            2  the command line asks for something impossible
    ├── ConfigError           2  a setting or a settings file is wrong
    ├── CredentialError       3  a key is missing or was refused
    ├── NoDataError           4  nothing exists for what was asked (holiday, no such file, unknown day)
    ├── StoreError            1  a file is damaged, foreign or cannot be written
    │   └── BusyError         1  another process is writing there
    ├── ProviderError         1  a data provider misbehaved
    └── AlertError            1  an alert could not be delivered

Every message is one plain sentence that names the thing and what to do about it.
"""

from __future__ import annotations

from typing import ClassVar


class SpymonError(Exception):
    """Anything spymon reports to a person; `exit_code` is the process's exit status."""

    exit_code: ClassVar[int] = 1


class UsageError(SpymonError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class ConfigError(SpymonError):
    """A setting has a value it cannot have."""

    exit_code = 2


class CredentialError(SpymonError):
    """A provider's key is missing or was refused."""

    exit_code = 3


class NoDataError(SpymonError):
    """There is nothing for what was asked."""

    exit_code = 4


class StoreError(SpymonError):
    """A file on disk is damaged, foreign, or cannot be written."""


class BusyError(StoreError):
    """Another process is writing there."""


class ProviderError(SpymonError):
    """A data provider sent something it must not send, or nothing."""


class AlertError(SpymonError):
    """An alert could not be delivered; `reason` is what the sentence says after the channel's name."""

    def __init__(self, channel: str, reason: str) -> None:
        super().__init__(f"The alert channel {channel} failed: {reason}.")
        self.reason = reason
