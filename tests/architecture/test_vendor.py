"""What the browser gets: whole, hashed, small, and from nobody else."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CSS_LIMIT = 30 * 1024
JS_LIMIT = 25 * 1024
FRAME = ["htmx.js", "app.js"]
# The islands of the heaviest ordinary pages, each with what it imports.
ISLANDS = {
    "new idea": ["draft.js", "pictures.js", "screen.js"],
    "idea": ["live.js", "push.js"],
    "receipt": ["draft.js", "receipt.js", "live.js", "push.js"],
}


def test_each_file_is_what_the_manifest_says(site: Path) -> None:
    manifest = run(site)

    for name, entry in manifest.items():
        content = (site / "static/vendor" / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], name
        assert entry["sha256"][:12] in entry["file"]
        assert entry["bytes"] == len(content)


def test_a_second_run_changes_nothing(site: Path) -> None:
    run(site)
    before = {file.name: file.stat().st_mtime_ns for file in (site / "static/vendor").iterdir()}

    run(site)

    assert {file.name: file.stat().st_mtime_ns for file in (site / "static/vendor").iterdir()} == before


def test_a_new_colour_gives_the_style_a_new_name_and_takes_the_old_file_away(site: Path) -> None:
    before = run(site)
    tokens = site / "static/css/tokens.css"
    tokens.write_text(tokens.read_text().replace("#0b4a72", "#0b4a73"))

    after = run(site)

    assert after["app.css"]["file"] != before["app.css"]["file"]
    assert not (site / "static/vendor" / before["app.css"]["file"]).exists()
    assert after["htmx.js"] == before["htmx.js"]


def test_names_inside_files_are_the_hashed_ones(site: Path) -> None:
    manifest = run(site)
    files = {entry["file"] for entry in manifest.values()}
    folder = site / "static/vendor"
    named: set[str] = set()
    for name, entry in manifest.items():
        if name == "app.css" or ((ROOT / "static/js" / name).is_file()):
            named |= set(
                re.findall(r"""(?:url\(|from ?)["'](?:\./)?([\w.-]+)["']""", (folder / entry["file"]).read_text())
            )

    assert named
    assert named <= files


def test_without_node_modules_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "static", tmp_path / "static", ignore=shutil.ignore_patterns("vendor"))

    result = vendor(tmp_path)

    assert result.returncode == 1
    assert "npm ci --ignore-scripts" in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_the_style_of_all_pages_weighs_at_most_30_kb(site: Path) -> None:
    assert run(site)["app.css"]["gz"] <= CSS_LIMIT


@pytest.mark.parametrize("page", ISLANDS)
def test_the_scripts_of_a_page_weigh_at_most_25_kb(site: Path, page: str) -> None:
    manifest = run(site)

    assert sum(manifest[name]["gz"] for name in [*FRAME, *ISLANDS[page]] if name in manifest) <= JS_LIMIT


def test_the_nonce_gate_stands_in_the_same_file_as_htmx_and_after_it(site: Path) -> None:
    text = (site / "static/vendor" / run(site)["htmx.js"]["file"]).read_text()

    assert text.index("htmx=") < text.index('registerExtension("hx-csp"')
    assert "DOMContentLoaded" in text


def test_each_htmx_setting_of_the_frame_exists_in_the_shipped_htmx(site: Path) -> None:
    text = (site / "static/vendor" / run(site)["htmx.js"]["file"]).read_text()
    frame = (ROOT / "templates/layouts/base.html").read_text()
    found = re.search(r"""name="htmx-config" content='([^']+)'""", frame)
    assert found

    settings = json.loads(found.group(1))

    assert settings["extensions"] == "hx-csp"
    assert "inlineScriptNonce" not in settings
    assert "safeEval" not in settings
    assert [name for name in settings if f"{name}:" not in text] == []


def test_nothing_we_serve_names_another_host(site: Path) -> None:
    manifest = run(site)
    ours = ["app.css", *(name for name in manifest if (ROOT / "static/js" / name).is_file())]
    text = "".join((site / "static/vendor" / manifest[name]["file"]).read_text() for name in ours)
    hosts = set(re.findall(r"https?(?:://|%3A%2F%2F)([\w.-]+)", text))

    assert hosts <= {"www.w3.org"}  # the name of the SVG language, never fetched


def test_the_lock_of_the_browser_libraries_names_no_host() -> None:
    lock = (ROOT / "package-lock.json").read_text()

    assert '"resolved"' not in lock
    assert "://" not in lock, "npm writes sponsors' addresses: delete the funding entries"


def test_no_template_of_the_frame_has_style_or_script_of_its_own() -> None:
    for file in [*ROOT.glob("templates/layouts/*.html"), *ROOT.glob("templates/components/*.html")]:
        text = file.read_text()
        assert not re.search(r"""\sstyle=|\son[a-z]+=|<style|hx-on|hx-nonce:inherited|javascript:""", text), file.name
        for script in re.findall(r"<script[^>]*>", text):
            assert "src=" in script or 'type="application/json"' in script, file.name


def vendor(root: Path) -> subprocess.CompletedProcess[str]:
    """Run the step the way people run it, on the project in `root`."""
    command = [sys.executable, str(ROOT / "ops/vendor.py"), "--root", str(root)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def run(root: Path) -> dict[str, dict[str, Any]]:
    """Run the step and return its manifest."""
    result = vendor(root)
    assert result.returncode == 0, result.stderr
    manifest: dict[str, dict[str, Any]] = json.loads((root / "static/vendor/manifest.json").read_text())
    return manifest


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A project with our static files and the installed packages, and nothing made yet."""
    shutil.copytree(ROOT / "static", tmp_path / "static", ignore=shutil.ignore_patterns("vendor"))
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    return tmp_path
