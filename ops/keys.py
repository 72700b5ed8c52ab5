"""The keys of the first start: for demos only, marked DEV, so that production refuses them.

Usage: python -m ops.keys INSTANCE. A program of its own, so that the launcher stays small.
"""

import os
import secrets
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ops.terminal import in_sentences

MARK = "DEV"


def make_keys(instance: Path) -> tuple[Path, Path]:
    """Return (session secret, VAPID key), both 0600 in `instance`; each is made only when it is missing.

    The secret is one line that begins with DEV. The VAPID key is P-256, PKCS#8 PEM, under a first line that says DEV.
    """
    secret, vapid = instance / "secret-key", instance / "vapid.pem"
    _keep(secret, lambda: f"{MARK}-{secrets.token_urlsafe(48)}\n")
    _keep(vapid, lambda: f"{MARK} key, made by `make run`; production refuses it\n{_p256_pem()}")
    return secret, vapid


def _p256_pem() -> str:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()


def _keep(path: Path, make: Callable[[], str]) -> None:
    """Write through a second name, so that a full disk never leaves half a key under the first."""
    if path.exists():
        return
    half = path.with_name(f"{path.name}.new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR), "w") as file:
        file.write(make())
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


def main() -> int:
    make_keys(Path(sys.argv[1]))
    return 0


if __name__ == "__main__":
    sys.exit(in_sentences(main))
