"""Fill static/vendor/ with what the browser gets: hashed names, .gz beside each text, and manifest.json.

Run `npm ci --ignore-scripts` first, then `python ops/vendor.py`. Standard library only; .br is written when a brotli
module happens to be there. The manifest is {logical name: {"file", "sha256", "bytes", "gz"}}, sorted by name; bytes
and gz are sizes, gz being 0 for what is packed already (fonts, pictures). Running it twice changes nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import importlib
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DESIGN = "@digdir/designsystemet-css"
FONT = "@fontsource-variable/schibsted-grotesk"

# Only these parts of the design system, in the order they are joined; the whole would be twice as heavy (look.md 2.1).
DESIGN_BASE = ("base", "paragraph", "validation-message")
DESIGN_COMPONENTS = (
    "heading",
    "label",
    "link",
    "list",
    "button",
    "card",
    "field",
    "fieldset",
    "input",
    "error-summary",
    "alert",
    "tag",
    "chip",
    "details",
    "dialog",
    "table",
    "skip-link",
    "spinner",
)


# htmx starts in a timer after its file has run, so hx-csp must stand in the same file: then it is there first
# (style.md 9). hx-sse is left out: the small island live.js does the one stream that pages have.
HTMX = ("dist/htmx.min.js", "dist/ext/hx-csp.min.js")

COPIES = {
    "schibsted-latin.woff2": (FONT, "files/schibsted-grotesk-latin-wght-normal.woff2"),
    "schibsted-latin-ext.woff2": (FONT, "files/schibsted-grotesk-latin-ext-wght-normal.woff2"),
    "leaflet.js": ("leaflet", "dist/leaflet.js"),
    "leaflet.css": ("leaflet", "dist/leaflet.css"),
}
LICENCES = ("htmx.org", "leaflet", DESIGN, FONT)
PACKED = frozenset({".woff2", ".png"})

Compress = Callable[[bytes], bytes]


class NotReadyError(Exception):
    """What this step needs is not there; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where things lie. root: the project's folder."""

    root: Path

    def package(self, name: str, path: str) -> str:
        """Return a text file of an npm package. Raises NotReadyError when it is not installed."""
        return self.package_bytes(name, path).decode()

    def package_bytes(self, name: str, path: str) -> bytes:
        """Return a file of an npm package. Raises NotReadyError when it is not installed."""
        file = self.root / "node_modules" / name / path
        if not file.is_file():
            raise NotReadyError(f"{file.relative_to(self.root)} is missing. Run: npm ci --ignore-scripts")
        return file.read_bytes()

    def own(self, pattern: str) -> list[Path]:
        """Return our own files under static/ that fit `pattern`, by name."""
        return sorted((self.root / "static").glob(pattern))


def shrink_css(text: str) -> str:
    """Take comments and spare white space out of a style sheet; strings in ours hold neither."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r"\s*([{};,])\s*", r"\1", text).replace(";}", "}").strip()


def shrink_js(text: str) -> str:
    """Take whole-line comments, blank lines and indentation out of a module; nothing inside a line is touched."""
    text = re.sub(r"^\s*/\*\*.*?\*/\s*$", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


def join_css(source: Source) -> str:
    """Join theme, design system in its layers, and our own sheets, which stand outside the layers and so win."""
    base = "".join(source.package(DESIGN, f"dist/src/{name}.css") for name in DESIGN_BASE)
    parts = "".join(source.package(DESIGN, f"dist/src/{name}.css") for name in DESIGN_COMPONENTS)
    theme = (source.root / "static/css/narvik.css").read_text().replace('@charset "UTF-8";', "")
    own = [source.root / "static/css" / name for name in ("tokens.css", "base.css")]
    own += [*source.own("css/components/*.css"), source.root / "static/css/pages.css"]
    return "\n".join(
        [
            "@layer ds.theme, ds.base, ds.components;",
            shrink_css(theme),
            f"@layer ds.base {{ {base} }}",
            f"@layer ds.components {{ {parts} }}",
            *(shrink_css(file.read_text()) for file in own),
        ]
    )


def join_htmx(source: Source) -> str:
    """Join htmx and its nonce gate into one classic script; the source maps stay behind."""
    parts = (source.package("htmx.org", path) for path in HTMX)
    return "\n;".join(re.sub(r"//# sourceMappingURL=\S+", "", part).strip() for part in parts) + "\n"


def join_licences(source: Source) -> str:
    """Return the licence texts of everything we copy, under the name of each package."""
    texts = []
    for name in LICENCES:
        folder = source.root / "node_modules" / name
        found = sorted(folder.glob("LICEN[CS]E*"))
        texts.append(f"== {name}\n\n{found[0].read_text() if found else ''}")
    return "\n\n".join(texts)


def hashed(name: str, content: bytes) -> str:
    """Return `app.css` as `app.3f9a1c2b7d04.css`: twelve hex digits of the content's SHA-256."""
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"


def rename_inside(text: str, names: Mapping[str, str]) -> str:
    """Write the hashed names where a sheet says url("x") or a module says from "./x"."""
    pattern = r"""(url\(|from |import\(|import )(["'])(\./)?([\w.-]+)\2"""

    def renamed(hit: re.Match[str]) -> str:
        head, quote, here, name = hit.group(1), hit.group(2), hit.group(3) or "", hit.group(4)
        return f"{head}{quote}{here}{names.get(name, name)}{quote}"

    return re.sub(pattern, renamed, text)


def modules(source: Source) -> dict[str, str]:
    """Return our islands by name, those that others import first. Raises NotReadyError on a ring of imports."""
    waiting = {file.name: shrink_js(file.read_text()) for file in source.own("js/*.js") if file.name != "sw.js"}
    done: dict[str, str] = {}
    while waiting:
        ready = [name for name, text in waiting.items() if not any(f'"./{other}"' in text for other in waiting)]
        if not ready:
            raise NotReadyError(f"These modules import each other in a ring: {', '.join(sorted(waiting))}")
        for name in ready:
            done[name] = waiting.pop(name)
    return done


def collect(source: Source) -> dict[str, tuple[str, bytes]]:
    """Return every file for the browser: logical name -> (hashed name, content)."""
    files: dict[str, tuple[str, bytes]] = {}

    def add(name: str, content: bytes) -> None:
        files[name] = (hashed(name, content), content)

    for name, (package, path) in COPIES.items():
        add(name, source.package_bytes(package, path))
    for file in source.own("icons/*"):
        add(file.name, file.read_bytes())
    add("licences.txt", join_licences(source).encode())
    add("htmx.js", join_htmx(source).encode())
    add("app.css", rename_inside(join_css(source), {name: made[0] for name, made in files.items()}).encode())
    for name, text in modules(source).items():
        add(name, rename_inside(text, {known: made[0] for known, made in files.items()}).encode())
    return files


def compressors() -> dict[str, Compress]:
    """Return ending -> compressor: always .gz, and .br where a brotli module is at hand."""
    found: dict[str, Compress] = {".gz": lambda content: gzip.compress(content, 9, mtime=0)}
    for name in ("brotli", "brotlicffi"):
        with contextlib.suppress(ImportError):
            found[".br"] = importlib.import_module(name).compress
    return found


def write(folder: Path, files: Mapping[str, tuple[str, bytes]]) -> dict[str, dict[str, Any]]:
    """Write the files and what they weigh, remove what is no longer used, and return the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    squeeze = compressors()
    kept = {"manifest.json"}
    manifest: dict[str, dict[str, Any]] = {}
    for name, (file, content) in sorted(files.items()):
        packed = Path(name).suffix in PACKED
        kept |= {file} if packed else {file, *(file + ending for ending in squeeze)}
        _put(folder / file, content)
        for ending, compress in () if packed else squeeze.items():
            if not (folder / (file + ending)).is_file():
                _put(folder / (file + ending), compress(content))
        weight = 0 if packed else (folder / (file + ".gz")).stat().st_size
        manifest[name] = {
            "file": file,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "gz": weight,
        }
    _put(folder / "manifest.json", (json.dumps(manifest, indent=1) + "\n").encode())
    for stray in folder.iterdir():
        if stray.name not in kept and stray.is_file():
            stray.unlink(missing_ok=True)
    return manifest


def _put(file: Path, content: bytes) -> None:
    """Write a file whole or not at all, since a running server may read it at this moment."""
    if file.is_file() and file.read_bytes() == content:
        return
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(file)


def main(arguments: list[str] | None = None) -> int:
    """Fill static/vendor/ of `--root` (default: this project). Returns 1, after one clear sentence, when it cannot."""
    parser = argparse.ArgumentParser(description="Fill static/vendor/ with what the browser gets.")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    source = Source(parser.parse_args(arguments).root.resolve())
    try:
        manifest = write(source.root / "static/vendor", collect(source))
    except NotReadyError as problem:
        print(problem, file=sys.stderr)
        return 1
    frame = sum(manifest[name]["gz"] for name in ("htmx.js", "app.js") if name in manifest)
    print(f"static/vendor: {len(manifest)} files, app.css {manifest['app.css']['gz']} B gz, frame js {frame} B gz")
    return 0


if __name__ == "__main__":
    sys.exit(main())
