"""What reports announces, inside the transaction that did it; receivers must not call the network.

report_changed(report, event, attachments)
    one event was written (also the first); `event.kind` is the action's word or "submitted", "alarm kinds" come by
    report_alarmed; `attachments` are the pending ones that came with it (possibly none).
report_alarmed(report, kind, event)
    a deadline passed, once: kind "unclaimed" (role again, and managers), "overdue" (managers and claimant),
    "lease" (claimant), "ignored" (all who were asked have ignored it: managers), "still_there" (a post's author).
draft_grown(draft, attachments)
    a chat message joined a draft; `attachments` are the pending ones that came of it (possibly none).
board_message_written(message, to)
    a neighbour wrote to the author of a board post, or the author answered; `to` is who has to be told.
attachment_failed(attachment)
    a picture or voice message cannot be had or shown, once; `attachment.reason` says why in a machine word.
report_opened(report, user)
    somebody looks at the page of a report (whenever it is opened, outside any transaction).
"""

from django.dispatch import Signal

report_changed = Signal()
report_alarmed = Signal()
draft_grown = Signal()
board_message_written = Signal()
attachment_failed = Signal()
report_opened = Signal()
