"""QR codes."""

import segno
from markupsafe import Markup


def qr_svg(address: str) -> Markup:
    """Return an address as a QR code with its quiet zone, to stand in a page: as large as its place, and never cut."""
    code = segno.make(address, error="m").svg_inline(border=4, dark="#0b1e2d", light="#fff", omitsize=True)
    return Markup(code)  # noqa: S704 - ours
