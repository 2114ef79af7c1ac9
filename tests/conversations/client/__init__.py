"""The clients of the conversations: each a function that talks to one base URL, and prints what it got."""
import importlib
import pkgutil

from client.talk import conversations

for _module in pkgutil.iter_modules(__path__):
    if _module.name != "__main__":
        importlib.import_module(f"client.{_module.name}")

__all__ = ["conversations"]
