"""Draw the app icons of static/icons/ from our own neutral mark: a ridge and the aurora.

Run `python ops/icons.py` (needs Pillow) only when the mark changes; the PNG files are committed. The mark lives
on a grid of 40; everything is drawn eight times as large and then shrunk, so that edges are smooth.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

GREEN = (92, 224, 184)
NIGHT = (11, 30, 45)
RIDGE = [(4.0, 31.0), (15.0, 13.0), (20.0, 20.0), (24.0, 15.0), (36.0, 31.0)]
# Two cubic curves, end to end: start, control, control, end.
AURORA = [((7, 12), (13, 6), (19, 14), (24, 10)), ((24, 10), (27, 8), (29, 7), (33, 8))]
FINE = 8

Dot = tuple[float, float]


def curve(start: Dot, first: Dot, second: Dot, end: Dot, steps: int = 60) -> list[Dot]:
    """Return points along a cubic Bézier curve, both ends included."""
    points = []
    for step in range(steps + 1):
        t = step / steps
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        points.append(
            (
                a * start[0] + b * first[0] + c * second[0] + d * end[0],
                a * start[1] + b * first[1] + c * second[1] + d * end[1],
            )
        )
    return points


def draw(
    size: int, *, share: float, ink: tuple[int, ...], ground: tuple[int, ...] | None, corner: float
) -> Image.Image:
    """Return one icon of size x size pixels.

    share: how much of the width the grid of 40 takes, centred. ground: colour under it, None for transparent.
    corner: radius of the ground as a share of the width.
    """
    large = size * FINE
    picture = Image.new("RGBA", (large, large), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    if ground is not None:
        pen.rounded_rectangle((0, 0, large - 1, large - 1), radius=round(corner * large), fill=ground)
    unit = large * share / 40
    left = (large - 40 * unit) / 2

    def at(dot: Dot) -> Dot:
        return left + dot[0] * unit, left + (dot[1] - 0.5) * unit

    pen.polygon([at(dot) for dot in RIDGE], fill=ink)
    brush = 1.5 * unit
    for part in AURORA:
        for x, y in (at(dot) for dot in curve(*part)):
            pen.ellipse((x - brush, y - brush, x + brush, y + brush), fill=ink)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


FAVICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">\
<rect width="40" height="40" rx="11" fill="#5ce0b8"/>\
<path d="M4 31L15 13l5 7 4-5 12 16z" fill="#0b1e2d"/>\
<path d="M7 12c6-6 12 2 17-2 3-2 5-3 9-2" fill="none" stroke="#0b1e2d" stroke-width="3" stroke-linecap="round"/></svg>
"""


def main() -> None:
    """Write every icon of the manifest (look.md 4.1)."""
    folder = Path(__file__).resolve().parent.parent / "static/icons"
    rounded = {"ink": NIGHT, "ground": GREEN, "corner": 0.24}
    full = {"ink": NIGHT, "ground": GREEN, "corner": 0.0}
    draw(192, share=1.0, **rounded).save(folder / "192.png", optimize=True)  # type: ignore[arg-type]
    draw(512, share=1.0, **rounded).save(folder / "512.png", optimize=True)  # type: ignore[arg-type]
    # Android cuts a maskable icon to any shape: the drawing keeps to the middle 80 %.
    draw(512, share=0.76, **full).save(folder / "maskable-512.png", optimize=True)  # type: ignore[arg-type]
    draw(96, share=1.1, ink=(255, 255, 255), ground=None, corner=0).save(folder / "mono-96.png", optimize=True)
    draw(180, share=0.9, **full).convert("RGB").save(folder / "apple-touch-180.png", optimize=True)  # type: ignore[arg-type]
    (folder / "favicon.svg").write_text(FAVICON)


if __name__ == "__main__":
    main()
