"""Searching long lists by an index of pairs of letters: most Chinese words have two, and trigrams need three.

The database's function `text_pairs` (migration accounts `text_pairs`) makes a text's pairs. A GIN index on them finds
the rows that have every pair of a word; only these are looked through for the word itself.
"""

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db.models import Func, Q, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Upper

Rows = TypeVar("Rows", bound=QuerySet[Any])

#: More words than this are not looked for.
MOST_WORDS = 8
#: So many keys an index is asked for one by one; of more, one look at every row is quicker.
FEW = 1000


class Pairs(Func):
    """The pairs of neighbouring letters in a text."""

    function = "text_pairs"
    output_field = ArrayField(TextField())


def holding(rows: Rows, text: Combinable, word: str, *, among: Combinable | None = None) -> Rows:
    """The rows with `word` in `text`, an upper-case expression; the index is of the pairs of `among`, else of `text`.

    Beside other ways of finding, name the keys of these rows: with an OR, pairs would be made anew for every row found.
    """
    sought = Upper(Value(word))
    if len(word) > 1:
        rows = rows.alias(its_pairs=Pairs(among or text)).filter(its_pairs__contains=Pairs(sought))
    if len(word) == 2 and among is None:  # a word that is a pair is in whatever has this pair
        return rows
    return rows.alias(looked_through=text).filter(looked_through__contains=sought)


def searched(rows: Rows, text: str, *ways: Callable[[str], Q]) -> Rows:
    """The rows that have each word of `text` in one of the ways."""
    for word in text.split()[:MOST_WORDS]:
        rows = rows.filter(reduce(or_, (way(word) for way in ways)))
    return rows


def few(rows: QuerySet[Any]) -> Any:
    """The keys themselves where they are few, so that an index finds what refers to them; else the query for them."""
    keys = rows.order_by().values_list("pk", flat=True)
    found = list(keys[: FEW + 1])
    return found if len(found) <= FEW else keys
