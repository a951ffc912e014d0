"""What notices announces, inside the transaction that did it.

notice_published(notice)   it is out now; its audience has to be told
notice_reminded(notice)    who has not read it has to be told again; `notice.reminders` counts these
"""

from django.dispatch import Signal

notice_published = Signal()
notice_reminded = Signal()
