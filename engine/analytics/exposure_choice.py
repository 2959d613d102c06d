"""What a person has chosen to sum: whose sign, what is weighed, which expirations.

Owns the names of these choices and how they depend on one another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

Convention = Literal["assumed", "flow", "blended"]
Basis = Literal["oi", "volume", "flow"]
Scope = Literal["one", "several", "all"]
Metric = Literal["gamma", "delta", "vanna", "charm"]

CONVENTIONS: tuple[Convention, ...] = get_args(Convention)
"""Whose sign: dealers long calls and short puts; the inventory today's flow gave them, starting flat; open
interest as assumed, moved by that flow."""

BASES: tuple[Basis, ...] = get_args(Basis)
"""What is weighed: open interest, contracts traded today, or the inventory today's flow gave the dealers."""

SCOPES: tuple[Scope, ...] = get_args(Scope)
"""Which expirations are summed: the shown one, the watched ones, all that are listed."""

METRICS: tuple[Metric, ...] = get_args(Metric)
"""What is summed by strike: shares per $1, shares, shares per volatility point, shares per minute."""


@dataclass(frozen=True, slots=True)
class ExposureChoice:
    """A convention, a basis and a scope that go together.

    The flow convention and the flow basis are one choice, and `blended` weighs open interest.
    """

    convention: Convention = "assumed"
    basis: Basis = "oi"
    scope: Scope = "one"

    def with_convention(self, convention: Convention) -> ExposureChoice:
        """Return the choice under another convention, on the basis that goes with it."""
        return replace(self, convention=convention, basis="flow" if convention == "flow" else "oi")

    def with_basis(self, basis: Basis) -> ExposureChoice:
        """Return the choice on another basis, under the convention that goes with it."""
        if basis == "oi" and self.convention == "blended":
            return self
        return replace(self, basis=basis, convention="flow" if basis == "flow" else "assumed")

    def with_scope(self, scope: Scope) -> ExposureChoice:
        """Return the choice over other expirations."""
        return replace(self, scope=scope)
