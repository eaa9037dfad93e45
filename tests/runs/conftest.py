"""The fake judge of the tests of judging serves here as well."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "judging"))
