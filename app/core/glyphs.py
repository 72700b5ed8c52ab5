"""Which characters the fonts inside typst can draw, and what stands in a document for those they cannot."""

import unicodedata
from bisect import bisect_right

_DRAWN = (
    "20-4FF 510-513 51A-51D 531-5F4 606-60C 615-616 61B-61C 61F 621-63A 640-656 65A 660-66D 674 679-67B 67E-680 "
    "683-684 686-687 691 698 6A4 6A9 6AF 6BE 6CC 6F0-6F9 900-97F E3F E81-E84 E87-E88 E8A E8D E94-E97 E99-E9F "
    "EA1-EA7 EAA-EAB EAD-EB9 EBB-EBC EC8-ECD 10D0-10FF 115F-1160 13A0-13FD 17B4-17B5 17C1-17C3 "
    "1AB0-1ACE 1D00-2040 2042 2044-2052 2054-211E 2120 2122 2124 2126-2151 2153-2184 2189 2190-23FF 2422-2423 "
    "2460-262F 2638-268B 2690-269C 26A0-26A7 26AA-26B2 2701-2704 2706-2709 270C-2727 2729-274B 274D 274F-2752 "
    "2756 2758-275E 2761-277F 2794 2798-27AF 27B1-2BFF 2C60-2CFF 2E02-2E05 2E08-2E0A 2E17-2E18 2E1F 2E22-2E25 "
    "2E2E A640-A641 A648-A649 A656-A657 A708-A716 A71B-A727 A72D A730 A735 A765 A789-A78E A790-A791 A793 A7AA "
    "A7F8-A7F9 FB00-FB4F FB52-FB81 FB8A-FB95 FB9E-FB9F FBAA-FBAD FBE8-FBE9 FBFC-FBFF FE00-FE0F FE20-FE2F FE66 "
    "FE70-FEFF FFA0 FFF9-FFFD "
)
"""Hexadecimal ranges of Unicode that Libertinus Serif or DejaVu Sans Mono has, the two fonts inside typst 0.15.

Found by letting typst draw each character alone; a test draws them all again.
"""

_ZERO_WIDTH_SPACE = "\u200b"
_JOINERS = frozenset("\u200d\ufe0e\ufe0f\u20e3")
_LONGEST_WORD = 64


def _ranges() -> tuple[tuple[int, ...], tuple[int, ...]]:
    pairs = [part.split("-") for part in _DRAWN.split()]
    return tuple(int(pair[0], 16) for pair in pairs), tuple(int(pair[-1], 16) for pair in pairs)


_STARTS, _ENDS = _ranges()


def is_drawn(character: str) -> bool:
    """Tell whether one of the fonts has `character`."""
    code = ord(character)
    place = bisect_right(_STARTS, code) - 1
    return place >= 0 and code <= _ENDS[place]


def described(character: str) -> str:
    """Return what stands for a character no font has, e.g. [U+1F600 GRINNING FACE]."""
    name = unicodedata.name(character, "")
    return f"[U+{ord(character):04X}{' ' + name if name else ''}]"


def drawable(text: str, *, also: frozenset[str] = frozenset()) -> str:
    """Return `text` with every character the fonts lack described in words; nothing else is changed.

    also: further characters to describe. The joiners that glue a picture together go with the picture they follow.
    """
    parts: list[str] = []
    after_picture = False
    for character in text:
        if character in _JOINERS and after_picture:
            continue
        lacking = character not in "\n\t" and (character in also or not is_drawn(character))
        parts.append(described(character) if lacking else character)
        after_picture = lacking
    return "".join(parts)


def breakable(text: str) -> str:
    """Return `text` with a place to break in each word longer than 64 characters, so that no line leaves the page."""
    if all(len(word) <= _LONGEST_WORD for word in text.split()):
        return text
    return "\n".join(" ".join(_broken(word) for word in line.split(" ")) for line in text.split("\n"))


def _broken(word: str) -> str:
    return _ZERO_WIDTH_SPACE.join(word[i : i + _LONGEST_WORD] for i in range(0, len(word), _LONGEST_WORD))
