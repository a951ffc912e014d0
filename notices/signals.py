"""What notices announces, inside the transaction that did it.

notice_published(notice)   it is out now; its audience has to be told
"""

from django.dispatch import Signal

notice_published = Signal()
