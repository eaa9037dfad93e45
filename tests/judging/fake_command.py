"""`reeljudge` with two more kinds of judges, for tests that need a process of its own.

`fake:SECONDS` answers every batch after so many seconds; `looking:SECONDS` looks at the clips too.
"""

import sys
from pathlib import Path

from reeljudge.judges import JUDGES

sys.path.insert(0, str(Path(__file__).parent))
JUDGES.targets["fake"] = "fake_judge:open_fake"
JUDGES.targets["looking"] = "fake_judge:open_looking"

if __name__ == "__main__":
    from reeljudge.cli import main

    sys.exit(main())
