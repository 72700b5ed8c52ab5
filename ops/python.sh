#!/bin/sh
# Runs a Python that the project can use (3.11, 3.12 or 3.13) with the given words. PYTHON= names one by hand.
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
  if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
    exec "$candidate" "$@"
  fi
done
found=$("${PYTHON:-python3}" --version 2>/dev/null || echo "none")
echo "Innbyggerlab needs Python 3.11, 3.12 or 3.13, and found: $found. Install one, or name it: make PYTHON=/path/to/python3.12" >&2
exit 1
