"""What components wrote is kept, and nobody sees through it what is not theirs."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from markupsafe import Markup

from app.web.components import KEPT

OF_ONE_ANSWER = ("nonce(", "csrf_token(", "caller(", "colour_scheme(")


def test_a_card_is_written_again_when_somebody_supports_the_idea(write: Callable[..., str]) -> None:
    assert "3 støtter" in write("tag", "3 støtter")
    assert "4 støtter" in write("tag", "4 støtter")


def test_words_stay_escaped_although_the_same_letters_were_kept_as_our_own_html(write: Callable[..., str]) -> None:
    assert "<b>Sol</b>" in write("tag", Markup("<b>Sol</b>"))
    assert "&lt;b&gt;Sol&lt;/b&gt;" in write("tag", "<b>Sol</b>")


def test_the_same_component_speaks_each_visitors_language(write: Callable[..., str]) -> None:
    assert "Idéer" in write("navigation", language="nb")
    assert "Ideas" in write("navigation", language="en")


@pytest.mark.parametrize("name", sorted(KEPT))
def test_what_is_kept_holds_nothing_that_belongs_to_one_answer(name: str, app: Flask) -> None:
    source = source_with_parts(app, name)

    assert [mark for mark in OF_ONE_ANSWER if mark in source] == []


def source_with_parts(app: Flask, name: str) -> str:
    """Return the source of a component and of all components it is made of, without their remarks."""
    assert app.jinja_env.loader is not None
    source = app.jinja_env.loader.get_source(app.jinja_env, f"components/{name}.html")[0]
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    return source + "".join(source_with_parts(app, part) for part in set(re.findall(r"\bui\.(\w+)", source)))


@pytest.fixture
def write(app: Flask) -> Callable[..., str]:
    def component(name: str, *arguments: Any, language: str = "nb") -> str:
        with app.test_request_context("/", headers={"Accept-Language": language}):
            return str(getattr(app.jinja_env.globals["ui"], name)(*arguments))

    return component
