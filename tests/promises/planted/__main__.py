import sys

from tests.promises.red import main

sys.exit(main())
