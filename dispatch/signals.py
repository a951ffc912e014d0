"""What dispatch announces to itself, inside the transaction that did it.

outbox_written(ids)   rows of the outbox that nobody has routed yet: a worker is asked once they are committed
"""

from django.dispatch import Signal

outbox_written = Signal()
