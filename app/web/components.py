"""Templates see `ui.<component>`: one macro, one file, and only its arguments and the globals."""

from typing import Any

from flask import Flask
from jinja2 import Environment
from jinja2.runtime import Macro


class Components:
    """Finds the macro `name` in templates/components/<name>.html; kept, so a page costs no second look."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._found: dict[str, Macro] = {}

    def __getattr__(self, name: str) -> Macro:
        if name.startswith("_"):
            raise AttributeError(name)
        macro = self._found.get(name)
        if macro is None:
            macro = getattr(self._environment.get_template(f"components/{name}.html").module, name)
            self._found[name] = macro
        return macro


def install(app: Flask, **template_globals: Any) -> None:
    """Give the templates of `app` their globals: `ui`, and what is passed here."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(template_globals)
    app.jinja_env.globals["ui"] = Components(app.jinja_env)
