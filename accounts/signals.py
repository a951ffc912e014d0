"""What accounts announces, inside the transaction that did it; receivers must not call the network.

person_met(person)                       somebody new has followed the account or written to it
binding_requested(membership, holders)   a resident asked, and a manager has to decide; `holders` (users, often none)
                                         are bound to that very roster entry already, and are told as well
binding_made(membership, housemates)     a binding became active by itself, from the roster; `housemates` (users) are
                                         the others who are bound to that home, and are told
binding_decided(membership, actor)       a manager approved, rejected or revoked; see membership.status
membership_ended(membership, actor)      active no longer: open claims go back
person_disabled(person)                  nobody works under this account until it is enabled: open claims go back
quiet_hours_changed(user)                a person has other quiet hours, or none
person_erased(user)                      identity goes (the OpenID can still be read); each app removes what is its own
"""

from django.dispatch import Signal

person_met = Signal()
binding_requested = Signal()
binding_made = Signal()
binding_decided = Signal()
membership_ended = Signal()
person_disabled = Signal()
quiet_hours_changed = Signal()
person_erased = Signal()
