"""A Chromium for the browser journeys: one that is there, else Debian's, else the one in an npm package."""

import os
import shlex
import shutil
import subprocess
import sysconfig
import tarfile
from pathlib import Path

from ops.setup import Command, digest_of, environment_with_node, install_by_apt, read_stamp, run_to_end
from ops.terminal import ROOT, Stop, step

NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
RECIPE = ROOT / "ops" / "chromium"  # package.json and package-lock.json of the npm package
BROUGHT = ROOT / ".tools" / "chromium"
ONE_LINE = "sudo apt-get install -y chromium"
UNPACK = """
const fs = require("fs"), zlib = require("zlib"), { pipeline } = require("stream");
pipeline(fs.createReadStream(process.argv[1]), zlib.createBrotliDecompress(), fs.createWriteStream(process.argv[2]),
  (fault) => { if (fault) { console.error(String(fault)); process.exit(1); } });
"""


def ensure_chromium() -> Path:
    """Return a Chromium that starts, installing one when we may; else Stop with the one line to run."""
    found = find_chromium()
    if found is None and os.geteuid() == 0 and debian_has_chromium():
        install_by_apt(["chromium"], "The browser journeys need Chromium.")
        found = find_chromium()
    if found is None:
        found = bring_chromium()
    if found is None:
        raise Stop(f"The browser journeys need Chromium. Run this line once and start again:  {ONE_LINE}")
    return found


def find_chromium() -> Path | None:
    """Return the first one that really starts: Ubuntu's `chromium-browser` may be an empty shell without snap."""
    named = os.environ.get("LAB_TEST_CHROMIUM")
    for place in (named, "/usr/bin/chromium", *NAMES, str(BROUGHT / "chromium.sh")):
        path = shutil.which(place) if place else None
        if path and starts(Path(path)):
            return Path(path)
    return None


def node_for_playwright() -> str | None:
    """Return a node for Playwright's driver when the one it carries does not start (a bare Debian lacks libatomic)."""
    carried = Path(sysconfig.get_paths()["purelib"]) / "playwright" / "driver" / "node"
    if starts(carried):
        return None
    return shutil.which("node", path=environment_with_node()["PATH"])


def starts(path: Path) -> bool:
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def debian_has_chromium() -> bool:
    """Debian ships Chromium; Ubuntu's package of that name only points to snap."""
    try:
        about = Path("/etc/os-release").read_text()
    except OSError:
        return False
    return "ID=debian" in about.splitlines() and shutil.which("apt-get") is not None


def bring_chromium() -> Path | None:
    """Unpack @sparticuz/chromium into .tools/chromium; None when it does not start here."""
    wrapper = BROUGHT / "chromium.sh"
    stamp = BROUGHT / ".made-from"
    digest = digest_of(RECIPE.glob("*.json"))
    if read_stamp(stamp) != digest:
        shutil.rmtree(BROUGHT, ignore_errors=True)
        BROUGHT.mkdir(parents=True)
        with step("Chromium", "none here, bringing one by npm"):
            unpack_chromium(wrapper)
        stamp.write_text(digest)
    return wrapper if starts(wrapper) else None


def unpack_chromium(wrapper: Path) -> None:
    for recipe in RECIPE.glob("*.json"):
        shutil.copy(recipe, BROUGHT)
    environment = environment_with_node()
    words = ("npm", "--prefix", str(BROUGHT), "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    run_to_end(Command("chromium", words, environment))
    packed = BROUGHT / "node_modules" / "@sparticuz" / "chromium" / "bin"
    for file in sorted(packed.glob("*.br")):
        target = BROUGHT / file.stem
        run_to_end(Command("chromium", ("node", "-e", UNPACK, str(file), str(target)), environment))
        if target.suffix == ".tar":
            with tarfile.open(target) as archive:
                archive.extractall(BROUGHT, filter="data")
            target.unlink()
    shutil.rmtree(BROUGHT / "node_modules")
    (BROUGHT / "chromium").chmod(0o755)
    libraries = shlex.quote(str(BROUGHT / "lib"))
    wrapper.write_text(
        "#!/bin/sh\n"
        f'LD_LIBRARY_PATH={libraries}"${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}" '
        f'exec {shlex.quote(str(BROUGHT / "chromium"))} "$@"\n'
    )
    wrapper.chmod(0o755)
