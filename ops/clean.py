"""`make clean-instance`: forget the demo, unless it is running."""

import os
import shutil
import sys
from pathlib import Path

from ops.run import only_one
from ops.terminal import ROOT, in_sentences, relative, say


def main() -> int:
    instance = Path(os.environ.get("LAB_INSTANCE") or ROOT / "instance").resolve()
    if not instance.is_dir():
        say("There is nothing to forget.")
        return 0
    with only_one(instance):
        shutil.rmtree(instance)
    say(f"{relative(instance)} is gone; the next make run begins anew.")
    return 0


if __name__ == "__main__":
    sys.exit(in_sentences(main))
