"""The scanner of S12, in an environment of its own: it asks for older versions of what we run on."""

import os
import sys
from pathlib import Path

from ops.setup import Command, digest_of, read_stamp, run_to_end
from ops.terminal import ROOT, step

LOCK = ROOT / "ops" / "wapiti.lock"
BROUGHT = ROOT / ".tools" / "wapiti"


def ensure_wapiti() -> Path:
    """Return the scanner's program, installing it first where it is missing; raises Stop when it cannot be had."""
    stamp = BROUGHT / ".made-from"
    digest = digest_of([LOCK])
    if read_stamp(stamp) != digest:
        with step("wapiti", "none here, bringing one"):
            run_to_end(Command("wapiti", (sys.executable, "-m", "venv", "--clear", str(BROUGHT)), os.environ))
            run_to_end(Command("wapiti", (*PIP, *CAREFULLY, "-r", str(LOCK)), os.environ))
        stamp.write_text(digest)
    return BROUGHT / "bin" / "wapiti"


PIP = (str(BROUGHT / "bin" / "python"), "-m", "pip", "--no-input", "--disable-pip-version-check", "install")
# What mitmproxy shows itself with comes as a bundle of source alone, and needs no compiler
CAREFULLY = ("--require-hashes", "--prefer-binary", "--retries", "2", "--progress-bar", "off")
