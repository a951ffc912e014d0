"""What reports announces, inside the transaction that did it; receivers must not call the network.

report_changed(report, event, attachments)
    one event was written (also the first); `event.kind` is the action's word or "submitted", "alarm kinds" come by
    report_alarmed; `attachments` are the pending ones that came with it (possibly none).
report_alarmed(report, kind, event)
    a deadline passed, once: kind "unclaimed" (role again, and managers), "overdue" (managers and claimant),
    "lease" (claimant), "ignored" (everybody asked has ignored it: managers), "still_there" (a board post's author is asked).
"""

from django.dispatch import Signal

report_changed = Signal()
report_alarmed = Signal()
