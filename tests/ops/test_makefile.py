"""Each line of the Makefile starts something: one that starts nothing ends at once, and looks as if all were well."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[2] / "Makefile"
OURS = ("ops", "tests", "bench")
STARTED = sorted({name for name in re.findall(r"-m ([\w.]+)", MAKEFILE.read_text()) if name.split(".")[0] in OURS})


@pytest.mark.parametrize("module", STARTED)
def test_what_make_starts_does_something(module):
    spec = find_spec(module)

    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin)
    if source.name == "__init__.py":
        source = source.with_name("__main__.py")
    assert re.search(r"^(if __name__ == .__main__.:|sys\.exit\(main\(\)\))", source.read_text(), re.MULTILINE), (
        f"{source.name} only defines; nobody calls main()"
    )
