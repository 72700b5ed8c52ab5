"""QR codes."""

import segno
from markupsafe import Markup


def qr_svg(address: str) -> Markup:
    """Return an address as a QR code with its quiet zone, to stand in a page."""
    return Markup(segno.make(address, error="m").svg_inline(scale=4, border=4, dark="#0b1e2d", light="#fff"))  # noqa: S704 - ours
