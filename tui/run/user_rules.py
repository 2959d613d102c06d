"""Which rules of the user's are installed: entry points of the group `spymon.rules`.

Owns their loading. One that cannot be loaded, or that takes another's name, is left out with one sentence. It
refuses to know what rules do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from engine.model.errors import ConfigError
from engine.session.user_rules import RuleKind
from engine.session.user_rules.judge import fault_of, kind_of

GROUP = "spymon.rules"


@dataclass(frozen=True, slots=True)
class InstalledRules:
    """The rules that can be used, and a sentence for each that cannot."""

    kinds: tuple[RuleKind, ...]
    sentences: tuple[str, ...]


def installed() -> list[EntryPoint]:
    """Return every entry point of the group, in an order that does not depend on the machine."""
    return sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))


def load_rules(points: Iterable[EntryPoint], disabled: Collection[str]) -> InstalledRules:
    """Load all but the disabled, which are named by entry point or by rule."""
    kinds: dict[str, RuleKind] = {}
    sentences: list[str] = []
    for point in points:
        if point.name in disabled:
            continue
        try:
            kind = kind_of(point.load())
        except ConfigError as error:
            sentences.append(f"The rule {point.name} is left out: {point.value} {error}.")
            continue
        except (Exception, SystemExit) as error:  # whatever a stranger's module does while it is imported
            sentences.append(f"The rule {point.name} is left out: {fault_of(error)} while it was loaded.")
            continue
        if kind.name in kinds:
            sentences.append(f"The rule {point.name} is left out: another is called {kind.name} already.")
        elif kind.name not in disabled:
            kinds[kind.name] = kind
    return InstalledRules(tuple(kinds.values()), tuple(sentences))
