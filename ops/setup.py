"""`make setup`: the environment, the dependencies and the browser libraries; what is there already is left alone.

Runs with the machine's own Python, before anything is installed: the standard library only. Usage: setup.py run|test.
Every step keeps a stamp, the SHA-256 of what it was made from, so that a second start only compares.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.terminal import CACHE, ROOT, Stop, already, in_sentences, last_lines, relative, say, step

VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
NODE_LOCK = ROOT / "ops" / "node.lock"
NODE_OLDEST = 20  # "engines" of package.json
NODE_MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
TRANSLATIONS = ROOT / "app" / "translations"
LOGS = CACHE / "setup"

FIRST_SETUP_BYTES = 1_500_000_000

# What the tools print when they fail, and the sentence that a person can act on. The first that matches is used.
DISK_FULL = "The disk is full: make room and run the same command again."
NO_NETWORK = (
    "The network, or the package registry behind it, does not answer. The first run fetches about 150 MB; "
    "once it has worked, no network is needed. Connect and run the same command again."
)
WRONG_PACKAGE = (
    "A downloaded package is not the one in the lock file, so nothing of it was used. "
    "Run the same command again; if it says the same, somebody must look at it."
)
NOT_TRUSTED = "The package registry's certificate is not trusted here; look at this machine's clock and certificates."
NO_WHEEL = "There is no ready-made package for this kind of machine. It runs on Linux (x86_64, arm64) and macOS."
REASONS = (
    (r"No space left|Disk quota exceeded|ENOSPC", DISK_FULL),
    (r"DO NOT MATCH THE HASHES|EINTEGRITY|integrity checksum failed", WRONG_PACKAGE),
    (r"SSLError|CERTIFICATE_VERIFY_FAILED|UNABLE_TO_(?:VERIFY|GET)|SELF_SIGNED", NOT_TRUSTED),
    (
        r"NewConnectionError|NameResolution|Name or service not known|[Tt]emporary failure|ENOTFOUND|EAI_AGAIN",
        NO_NETWORK,
    ),
    (r"ECONNREFUSED|ETIMEDOUT|ENETUNREACH|Network is unreachable|Could not resolve|Cannot connect", NO_NETWORK),
    (r"Connection(?:Error| refused| reset)|[Tt]imed out|ProxyError", NO_NETWORK),
    (r"No matching distribution|not a supported wheel|EBADPLATFORM", NO_WHEEL),
)


@dataclass(frozen=True, slots=True)
class Command:
    """A program that is run to its end in the background of a step. name: also the name of its log."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]


def main() -> int:
    kind = sys.argv[1] if len(sys.argv) > 1 else "run"
    set_up(kind)
    return 0


def set_up(kind: str) -> None:
    """Make everything that `kind` ("run" or "test") needs. Raises Stop with the sentence when it cannot."""
    LOGS.mkdir(parents=True, exist_ok=True)
    ensure_venv()
    ensure_packages(kind)
    if (ROOT / "package-lock.json").exists():
        ensure_browser_libraries(kind)
    ensure_catalogues()


# --- Python ---------------------------------------------------------------------------------------------------------


def ensure_venv() -> None:
    if venv_version() in {(3, 11), (3, 12), (3, 13)}:
        already("Python", ".venv")
        return
    ensure_venv_module()
    shutil.rmtree(VENV, ignore_errors=True)
    with step("Python", f"making .venv with {sys.version.split()[0]}"):
        run_to_end(Command("venv", (sys.executable, "-m", "venv", str(VENV)), os.environ))


def venv_version() -> tuple[int, int] | None:
    """Return the version of the Python in .venv; None when there is none, or it no longer starts, or it has no pip."""
    words = [str(VENV_PYTHON), "-c", "import sys, pip; print(*sys.version_info[:2])"]
    try:
        answer = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor = answer.stdout.split()
    return int(major), int(minor)


def ensure_venv_module() -> None:
    """Debian ships Python without ensurepip; root installs the missing package, others get the line to run."""
    try:
        subprocess.run([sys.executable, "-c", "import ensurepip, venv"], check=True, capture_output=True)
    except subprocess.CalledProcessError:
        install_by_apt([venv_package()], "Python needs its venv module to begin.")


def venv_package() -> str:
    """The package that carries venv: of Debian's own Python python3-venv, of another one python3.12-venv and so on."""
    own = Path("/usr/bin/python3")
    if own.exists() and own.resolve() == Path(sys.executable).resolve():
        return "python3-venv"
    return f"python{sys.version_info.major}.{sys.version_info.minor}-venv"


def install_by_apt(packages: Sequence[str], why: str) -> None:
    """Install Debian packages when we are root; raises Stop with the one line to run for anybody else."""
    line = f"apt-get install -y {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise Stop(f"{why} Install {' '.join(packages)} with this system's own package tool and start again.")
    if os.geteuid() != 0:
        raise Stop(f"{why} Run this line once and start again:  sudo {line}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step(packages[0], "installing (apt-get)"):
        run_to_end(Command("apt-update", ("apt-get", "update"), environment))
        options = ("-y", "--no-install-recommends")
        run_to_end(Command("apt-install", ("apt-get", "install", *options, *packages), environment))


def ensure_packages(kind: str) -> None:
    """Install the lock of `kind`. The test lock holds everything of the run lock, so it does for both."""
    stamps = {name: f"{name} {digest_of([lock_of(name)])}" for name in ("run", "test")}
    stamp = VENV / ".innbyggerlab-lock"
    if read_stamp(stamp) in {stamps[kind], stamps["test"]}:
        already("Python packages")
        return
    lock = lock_of(kind)
    total = len(re.findall(r"(?m)^[A-Za-z0-9][\w.\-]*(?:\[[^\]]*\])?==", lock.read_text()))
    require_room()
    with step("Python packages", f"installing {total}") as note:
        stamp.unlink(missing_ok=True)
        run_to_end(pip_install("pip", lock), watch=count_of("Collecting ", total))
        note.text = f"{total} installed"
    stamp.write_text(stamps[kind])


def lock_of(kind: str) -> Path:
    return ROOT / ("requirements.lock" if kind == "run" else "requirements-dev.lock")


def pip_install(name: str, lock: Path) -> Command:
    """Only wheels: a bare machine has no compiler, and nothing of a package runs while it is installed."""
    pip = (str(VENV_PYTHON), "-m", "pip", "--no-input", "--disable-pip-version-check")
    options = ("--require-hashes", "--only-binary", ":all:", "--retries", "2", "--progress-bar", "off")
    return Command(name, (*pip, "install", *options, "-r", str(lock)), os.environ)


def require_room() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < FIRST_SETUP_BYTES:
        raise Stop(
            f"There is too little room on the disk: {free // 1_000_000} MB are free, and setting up takes "
            f"{FIRST_SETUP_BYTES // 1_000_000} MB. Make room and run the same command again."
        )


# --- Node and the browser libraries ---------------------------------------------------------------------------------


def ensure_browser_libraries(kind: str) -> None:
    npm_inputs = [ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc"]
    stamps = {name: f"{name} {digest_of(npm_inputs)}" for name in ("run", "test")}
    stamp = NODE_MODULES / ".innbyggerlab-lock"
    if read_stamp(stamp) in {stamps[kind], stamps["test"]}:
        already("Browser libraries")
    else:
        environment = environment_with_node()
        words = (
            "npm",
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            *(("--omit=dev",) if kind == "run" else ()),
        )
        with step("Browser libraries", "npm ci"):
            run_to_end(Command("npm", words, environment))
        stamp.write_text(stamps[kind])
    ensure_vendor_folder()


def environment_with_node() -> dict[str, str]:
    """Return an environment whose PATH has node (20 or newer) and npm; brings a Node of its own when there is none."""
    found = node_version(os.environ)
    if found is not None and found >= NODE_OLDEST and shutil.which("npm"):
        return dict(os.environ)
    ours = {**os.environ, "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    stamp = VENV / ".innbyggerlab-node"
    digest = digest_of([NODE_LOCK])
    if read_stamp(stamp) != digest:
        with step("Node", "none here that is new enough, bringing one"):
            run_to_end(pip_install("node", NODE_LOCK))
        stamp.write_text(digest)
    return ours


def node_version(environment: Mapping[str, str]) -> int | None:
    """Return the major version of the node on PATH, or None."""
    node = shutil.which("node", path=environment.get("PATH"))
    if node is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.", answer.stdout)
    return int(found[1]) if found else None


def ensure_vendor_folder() -> None:
    """Copy the browser libraries and join our CSS into static/vendor, when any of what it is made from has changed."""
    script = ROOT / "ops" / "vendor.py"
    if not script.exists():
        return
    sources = (path for folder in ("css", "js", "fonts") for path in (ROOT / "static" / folder).rglob("*"))
    parts = [script, ROOT / "package-lock.json", *(path for path in sources if path.is_file())]
    stamp = CACHE / "vendor-made-from"
    digest = digest_of(parts)
    if VENDOR.is_dir() and any(VENDOR.iterdir()) and read_stamp(stamp) == digest:
        already("static/vendor", "up to date")
        return
    with step("static/vendor", "copying"):
        run_to_end(Command("vendor", (str(VENV_PYTHON), str(script)), os.environ))
    stamp.write_text(digest)


def ensure_catalogues() -> None:
    """Compile the gettext catalogues, when there are any and one has changed."""
    sources = sorted(TRANSLATIONS.glob("*/LC_MESSAGES/*.po"))
    if not sources:
        return
    stamp = CACHE / "catalogues-made-from"
    digest = digest_of(sources)
    if all(path.with_suffix(".mo").exists() for path in sources) and read_stamp(stamp) == digest:
        already("Languages", "up to date")
        return
    words = (str(VENV_PYTHON), "-m", "babel.messages.frontend", "compile", "-d", str(TRANSLATIONS))
    with step("Languages", "compiling"):
        run_to_end(Command("catalogues", words, os.environ))
    stamp.write_text(digest)


# --- Running a step, and remembering it -----------------------------------------------------------------------------


def run_to_end(command: Command, watch: Callable[[str], None] = lambda _line: None) -> None:
    """Run `command` with its output in .cache/setup/<name>.log; `watch` sees each line. Raises Stop when it fails."""
    log = LOGS / f"{command.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    running = subprocess.Popen(
        command.argv,
        cwd=ROOT,
        env=dict(command.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    with log.open("w") as kept, running as process:
        for line in process.stdout or ():
            kept.write(line)
            watch(line)
    status = process.returncode
    if status != 0:
        raise Stop(reason(command.name, log))


def reason(name: str, log: Path) -> str:
    """Return the sentence for a step that failed, by what its log says; else its last lines."""
    text = log.read_text(errors="replace")
    for pattern, sentence in REASONS:
        if re.search(pattern, text):
            return f"{sentence} (Details: {relative(log)})"
    return f"The step «{name}» failed; {relative(log)} ends with:\n{last_lines(log)}"


def count_of(beginning: str, total: int) -> Callable[[str], None]:
    """On a terminal, show how many lines with this beginning have come, on the step's own line."""
    count = 0

    def watch(line: str) -> None:
        nonlocal count
        if line.startswith(beginning) and sys.stdout.isatty():
            count += 1
            text = f"{count}/{total} "
            print(text + "\b" * len(text), end="", flush=True)

    return watch


def digest_of(paths: Iterable[Path]) -> str:
    """Return the SHA-256 over names and contents of `paths`; a file that is missing counts as empty."""
    sha = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes() if path.is_file() else b""
        sha.update(f"{relative(path)}\0{len(content)}\0".encode())
        sha.update(content)
    return sha.hexdigest()


def read_stamp(path: Path) -> str:
    return path.read_text().strip() if path.is_file() else ""


if __name__ == "__main__":
    say("Setting up")
    sys.exit(in_sentences(main))
