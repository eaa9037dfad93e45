"""One small registry for everything that is chosen by name: judges, rubric packs, suites, formats."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from reeljudge.errors import UsageError, did_you_mean

T = TypeVar("T")


@dataclass
class Registry(Generic[T]):
    """Names mapped to lazy `module:attribute` targets; other packages add theirs by entry point.

    Args:
        kind: what is registered, as it stands in error messages ("judge").
        group: entry point group that other packages may fill ("reeljudge.judges").
        targets: name -> "module:attribute".
    """

    kind: str
    group: str
    targets: dict[str, str] = field(default_factory=dict)

    def names(self) -> list[str]:
        return sorted({*self.targets, *(point.name for point in entry_points(group=self.group))})

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def get(self, name: str) -> T:
        """Import and return what `name` stands for; an unknown name is a `UsageError` with a suggestion."""
        target = self.targets.get(name)
        if target is None:
            target = next((p.value for p in entry_points(group=self.group) if p.name == name), None)
        if target is None:
            raise UsageError(f"unknown {self.kind} {name!r}.{did_you_mean(name, self.names())}")
        module, _, attribute = target.partition(":")
        return getattr(import_module(module), attribute)
