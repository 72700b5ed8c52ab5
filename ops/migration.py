"""`make migration name=add_pin_photo`: the next migration, from what the models say that the tables do not.

The comparison is made against an empty database brought to head in .cache, never against anybody's data.
"""

import os
import re
import shutil
import subprocess
import sys

from ops.terminal import CACHE, ROOT, Stop, in_sentences, say

VERSIONS = ROOT / "migrations" / "versions"


def main() -> int:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise Stop("Give the migration a name in small letters: make migration name=add_pin_photo")
    scratch = CACHE / "migration"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    flask("db", "upgrade", instance=str(scratch))
    flask("db", "revision", "--autogenerate", "--rev-id", next_number(), "-m", name, instance=str(scratch))
    say("Read what was generated, and run it both ways on both databases.")
    return 0


def next_number() -> str:
    """Return the next four digits after the newest migration: 0001, 0002 ..."""
    numbers = [int(path.name[:4]) for path in VERSIONS.glob("[0-9][0-9][0-9][0-9]_*.py")]
    return f"{max(numbers, default=0) + 1:04d}"


def flask(*words: str, instance: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LAB_")}
    environment |= {"LAB_INSTANCE": instance, "LAB_MODE": "test"}
    argv = (sys.executable, "-m", "flask", "--app", "app.factory", *words)
    if subprocess.run(argv, cwd=ROOT, env=environment, check=False).returncode != 0:
        raise Stop(f"flask {' '.join(words)} failed; its words stand above.")


if __name__ == "__main__":
    sys.exit(in_sentences(main))
