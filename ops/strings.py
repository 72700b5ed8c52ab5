"""`make strings`: collect every text a person sees into the gettext catalogues, keeping the translations."""

import subprocess
import sys

from ops.setup import TRANSLATIONS
from ops.terminal import CACHE, ROOT, Stop, in_sentences, say

TEMPLATE = CACHE / "messages.pot"
MAPPING = ROOT / "ops" / "babel.cfg"
KEYWORDS = ("_", "N_", "gettext", "lazy_gettext", "ngettext:1,2", "lazy_ngettext:1,2", "pgettext:1c,2")


def main() -> int:
    CACHE.mkdir(exist_ok=True)
    keywords = [word for keyword in KEYWORDS for word in ("-k", keyword)]
    babel("extract", "-F", str(MAPPING), *keywords, "--sort-by-file", "--no-location", "-o", str(TEMPLATE), ".")
    babel("update", "-i", str(TEMPLATE), "-d", str(TRANSLATIONS), "--no-fuzzy-matching", "--ignore-obsolete")
    babel("compile", "-d", str(TRANSLATIONS))
    say("Translate what is new in app/translations; a missing nynorsk or English text fails a test.")
    return 0


def babel(*words: str) -> None:
    argv = (sys.executable, "-m", "babel.messages.frontend", *words)
    if subprocess.run(argv, cwd=ROOT, check=False).returncode != 0:
        raise Stop(f"pybabel {words[0]} failed; its words stand above.")


if __name__ == "__main__":
    sys.exit(in_sentences(main))
