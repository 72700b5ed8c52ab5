"""A photo for the journeys: the ski track in the evening, drawn here, with what a camera writes into a file."""

import io
from random import Random

from PIL import Image, ImageDraw, ImageFilter


def photo_of_the_track(width: int = 1600, height: int = 1200) -> bytes:
    """Return a JPEG with a place and a time in its EXIF, the same at each call."""
    picture = Image.new("RGB", (width, height))
    pen = ImageDraw.Draw(picture)
    for y in range(height):
        share = y / height
        pen.line([(0, y), (width, y)], fill=(int(8 + 30 * share), int(24 + 55 * share), int(54 + 80 * share)))
    _aurora(picture)
    pen = ImageDraw.Draw(picture)
    _hills(pen, width, height)
    _lamps(picture, width, height)
    exif = Image.Exif()
    exif[0x010F] = "Kamera"
    exif[0x0132] = "2026:03:03 18:00:00"
    exif.get_ifd(0x8825)[1] = "N"
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=88, exif=exif)
    return file.getvalue()


def _aurora(picture: Image.Image) -> None:
    glow = Image.new("RGB", picture.size)
    pen = ImageDraw.Draw(glow)
    width, height = picture.size
    for band, colour in ((0.18, (60, 200, 150)), (0.25, (70, 150, 200))):
        points = [(x, height * band + height * 0.05 * ((x / width * 3) % 2 - 1) ** 2) for x in range(0, width, 20)]
        pen.line(points, fill=colour, width=height // 16)
    glow = glow.filter(ImageFilter.GaussianBlur(height // 18))
    picture.paste(Image.blend(picture, glow, 0.45), (0, 0))


def _hills(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
    by_chance = Random(68)
    for base, colour in ((0.52, (26, 52, 84)), (0.64, (200, 216, 232)), (0.74, (228, 238, 246))):
        edge = [(x, height * base - by_chance.randint(0, height // 12)) for x in range(0, width + 100, 100)]
        pen.polygon([(0, height), *edge, (width + 100, height)], fill=colour)
    pen.polygon(
        [(width * 0.47, height * 0.7), (width * 0.53, height * 0.7), (width * 0.86, height), (width * 0.2, height)],
        fill=(246, 250, 253),
    )
    for tree in range(34):
        x, foot = by_chance.randint(0, width), height * (0.68 + by_chance.random() * 0.12)
        if 0.34 < x / width < 0.66:
            continue
        tall = height * (0.1 + 0.05 * (tree % 3))
        pen.polygon([(x - tall / 4, foot), (x, foot - tall), (x + tall / 4, foot)], fill=(18, 42, 52))


def _lamps(picture: Image.Image, width: int, height: int) -> None:
    glow = Image.new("L", picture.size)
    light = ImageDraw.Draw(glow)
    pen = ImageDraw.Draw(picture)
    for step in range(5):
        near = step / 4
        for side in (-1, 1):
            x, foot = width * (0.5 + side * (0.06 + 0.34 * near)), height * (0.7 + 0.24 * near)
            tall, bulb = height * (0.08 + 0.22 * near), height * (0.008 + 0.014 * near)
            pen.line([(x, foot), (x, foot - tall)], fill=(40, 50, 60), width=max(2, int(10 * near)))
            light.ellipse([x - bulb * 4, foot - tall - bulb * 4, x + bulb * 4, foot - tall + bulb * 4], fill=190)
            pen.ellipse([x - bulb, foot - tall - bulb, x + bulb, foot - tall + bulb], fill=(255, 236, 170))
    glow = glow.filter(ImageFilter.GaussianBlur(height // 40))
    picture.paste(Image.new("RGB", picture.size, (255, 214, 120)), (0, 0), glow.point(lambda v: v * 0.55))
