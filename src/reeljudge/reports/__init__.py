"""Reports: what runs say, on one self-contained page.

- `write_report(runs, output, ...) -> Report`
"""

from reeljudge.reports.write import Report, write_report

__all__ = ["Report", "write_report"]
