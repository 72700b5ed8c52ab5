"""Templates see `ui.<component>`: one macro, one file, and only its arguments and the globals."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import Flask
from jinja2 import Environment
from jinja2.runtime import Macro

from app.web.language import locale

# What these write follows from their arguments and the language alone: no nonce, no token, nothing of who asks. So it
# is kept, the last so many of each: a card is written once for everybody, and again when anything on it changes.
KEPT = {
    "footer": 20, "icon": 500, "idea_list": 50, "listed_idea": 1000, "mark": 5, "navigation": 50, "tag": 500,
    "time": 1000, "top": 20, "words": 10,
}  # fmt: skip

Component = Callable[..., str]


class Components:
    """Finds the macro `name` in templates/components/<name>.html; kept, so a page costs no second look."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._found: dict[str, Component] = {}

    def __getattr__(self, name: str) -> Component:
        if name.startswith("_"):
            raise AttributeError(name)
        component = self._found.get(name)
        if component is None:
            macro: Macro = getattr(self._environment.get_template(f"components/{name}.html").module, name)
            component = _kept(macro, KEPT[name]) if name in KEPT else macro
            self._found[name] = component
        return component


def _kept(macro: Macro, most: int) -> Component:
    """Return `macro` with a memory. typed: Markup and text that look alike are not the same, one of them is escaped."""

    @lru_cache(maxsize=most, typed=True)
    def write(_language: str, *args: Any, **kwargs: Any) -> str:
        return macro(*args, **kwargs)

    return lambda *args, **kwargs: write(locale(), *args, **kwargs)


def install(app: Flask, **template_globals: Any) -> None:
    """Give the templates of `app` their globals: `ui`, and what is passed here."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(template_globals)
    app.jinja_env.globals["ui"] = Components(app.jinja_env)
