"""Training sets: ratings into reasoned rows, checked, split by prompt, and exported for trainers.

- `compose_reply`, `faults_of_reply`: what a judge is to write, held to the one reader
- `reconcile_entry(human, model, rule)`: VideoScore2's rule
- `check_rows(rows) -> [RowReport]`: leaks, contradictions, repetition, length
- `split_rows(rows, settings) -> rows, proof, notes`; `prove(rows)`: by prompt, never by clip
- `export_rows(rows, format, folder)`: for reeljudge, LLaMA-Factory, ms-swift, EasyR1 and TRL
"""

from typing import TYPE_CHECKING

from reeljudge.lazy import lazy

__all__ = [
    "CheckSettings",
    "RowReport",
    "Rule",
    "SplitProof",
    "SplitSettings",
    "check_rows",
    "compose_reply",
    "export_rows",
    "faults_of_reply",
    "leaks_in",
    "prove",
    "reconcile_entry",
    "reconcile_scores",
    "split_rows",
    "write_card",
]

if TYPE_CHECKING:
    from reeljudge.datasets.card import write_card as write_card
    from reeljudge.datasets.check import CheckSettings as CheckSettings
    from reeljudge.datasets.check import RowReport as RowReport
    from reeljudge.datasets.check import check_rows as check_rows
    from reeljudge.datasets.export import export_rows as export_rows
    from reeljudge.datasets.leaks import leaks_in as leaks_in
    from reeljudge.datasets.reconcile import Rule as Rule
    from reeljudge.datasets.reconcile import reconcile_entry as reconcile_entry
    from reeljudge.datasets.reconcile import reconcile_scores as reconcile_scores
    from reeljudge.datasets.replies import compose_reply as compose_reply
    from reeljudge.datasets.replies import faults_of_reply as faults_of_reply
    from reeljudge.datasets.split import SplitProof as SplitProof
    from reeljudge.datasets.split import SplitSettings as SplitSettings
    from reeljudge.datasets.split import prove as prove
    from reeljudge.datasets.split import split_rows as split_rows

__getattr__ = lazy(
    __name__,
    {
        "CheckSettings": "reeljudge.datasets.check",
        "RowReport": "reeljudge.datasets.check",
        "check_rows": "reeljudge.datasets.check",
        "compose_reply": "reeljudge.datasets.replies",
        "faults_of_reply": "reeljudge.datasets.replies",
        "leaks_in": "reeljudge.datasets.leaks",
        "Rule": "reeljudge.datasets.reconcile",
        "reconcile_entry": "reeljudge.datasets.reconcile",
        "reconcile_scores": "reeljudge.datasets.reconcile",
        "SplitProof": "reeljudge.datasets.split",
        "SplitSettings": "reeljudge.datasets.split",
        "prove": "reeljudge.datasets.split",
        "split_rows": "reeljudge.datasets.split",
        "export_rows": "reeljudge.datasets.export",
        "write_card": "reeljudge.datasets.card",
    },
)
