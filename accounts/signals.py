"""What accounts announces, inside the transaction that did it; receivers must not call the network.

binding_requested(membership)   a resident asked, and a manager has to decide
binding_made(membership)        a binding became active by itself, from the roster
binding_decided(membership)     a manager approved, rejected or revoked; see membership.status
membership_ended(membership, actor)  active no longer: open claims go back
person_erased(user)             identity is gone; each app removes what is its own
"""

from django.dispatch import Signal

binding_requested = Signal()
binding_made = Signal()
binding_decided = Signal()
membership_ended = Signal()
person_erased = Signal()
