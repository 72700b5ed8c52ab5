"""The planted faults of `make test-red` follow the code: one that no longer applies would prove nothing."""

import subprocess

import pytest

from tests.promises.red import PLANTED, ROOT

FAULTS = sorted(PLANTED.glob("*.patch"))


@pytest.mark.parametrize("patch", FAULTS, ids=[patch.stem for patch in FAULTS])
def test_a_planted_fault_still_fits_the_code(patch):
    tried = subprocess.run(
        ["git", "apply", "--check", str(patch)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert tried.returncode == 0, f"{patch.name}: let it follow the code: {tried.stderr}"
