"""Names of a package that load on first use, so that importing the package stays light."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy(
    package: str, modules: Mapping[str, str], needs: tuple[str, str] | None = None
) -> Callable[[str], Any]:
    """The `__getattr__` of a package, for the names that only some of its users need.

    Args:
        package: its `__name__`.
        modules: name -> the module that defines it; a submodule of that name stands for itself.
        needs: what the names are part of and the extra that it needs, for `MissingExtra`; None where the
            base installation has all of it.
    """

    def load(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            module = import_module(modules[name])
        except ModuleNotFoundError as error:
            if needs is None or (error.name or "").startswith("reeljudge"):
                raise
            from reeljudge.errors import MissingExtra

            raise MissingExtra(*needs) from error
        value = module if module.__name__ == f"{package}.{name}" else getattr(module, name)
        setattr(sys.modules[package], name, value)
        return value

    return load
