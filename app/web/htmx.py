"""Page or fragment: one URL, one template, one place that chooses."""

from flask import Response, make_response, render_template, request
from jinja2_fragments.flask import render_block
from markupsafe import escape

from app.web.kept import kept_page
from app.web.packing import vary_by

VARY = ("HX-Request", "HX-Request-Type", "Cookie", "Accept-Language")


def wants_fragment() -> bool:
    """Tell whether htmx asks for a part of the page. It proves nothing about who asks."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Request-Type") == "partial"
        and "HX-History-Restore-Request" not in headers
    )


def respond(
    template: str,
    *,
    fragment: str | None = None,
    status: int = 200,
    say: str | None = None,
    kept: bool = False,
    **context: object,
) -> Response:
    """Return the whole page, or its block `fragment` when htmx asks for a part.

    say: one short sentence for the status node; in a page it is written there, beside a fragment it is a partial.
    kept: the page follows from its context alone, and is written once for all who ask (see kept.py).
    """
    if fragment is not None and wants_fragment():
        html = render_block(template, fragment, **context)
        if say:
            html += f'<hx-partial hx-target="#status" hx-swap="innerHTML">{escape(say)}</hx-partial>'
        response = make_response(html, status)
    elif kept:
        response = kept_page(template, {"say": say, **context})
    else:
        response = make_response(render_template(template, say=say, **context), status)
    vary_by(response, *VARY)
    return response
