"""What notices announces, inside the transaction that did it.

notice_published(notice)   it is out now; its audience has to be told
notice_reminded(notice)    who has not read it has to be told again; `notice.reminders` counts these
notice_withdrawn(notice)   what of it has not been sent must not be sent
notice_read(notice, user)   somebody has opened it, for the first time or again
pictures_added(notice, attachments)   new pictures of it, whose files have to be fetched
"""

from django.dispatch import Signal

notice_published = Signal()
notice_reminded = Signal()
notice_withdrawn = Signal()
notice_read = Signal()
pictures_added = Signal()
