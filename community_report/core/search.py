"""Searching long lists by an index of pairs of letters: most Chinese words have two, and trigrams need three.

The database's function `text_pairs` (migration accounts `text_pairs`) makes a text's pairs. A GIN index on them finds
the rows that have every pair of a word; only these are looked through for the word itself.
"""

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db.models import Func, Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Upper

M = TypeVar("M", bound=Model)

#: More words than this are not looked for.
MOST_WORDS = 8
#: So many keys an index is asked for one by one; of more, one look at every row is quicker.
FEW = 1000


class Pairs(Func):
    """The pairs of neighbouring letters in a text; null where it has fewer than two letters."""

    function = "text_pairs"
    output_field = ArrayField(TextField())


def holds(pairs: str, text: str, word: str) -> Q:
    """`word` is in `text`: names of annotations, an upper-case text and the `Pairs` of it or of what it is part of."""
    sought = Upper(Value(word))
    found = Q(**{f"{text}__contains": sought})
    return found & Q(**{f"{pairs}__contains": Pairs(sought)}) if len(word) > 1 else found


def searched(rows: QuerySet[M], text: str, *ways: Callable[[str], Q]) -> QuerySet[M]:
    """The rows that have each word of `text` in one of the ways."""
    for word in text.split()[:MOST_WORDS]:
        rows = rows.filter(reduce(or_, (way(word) for way in ways)))
    return rows


def few(keys: QuerySet[Any, Any]) -> Any:
    """The keys themselves where they are few, so that an index finds what refers to them; else the query for them."""
    found = list(keys.order_by()[: FEW + 1])
    return found if len(found) <= FEW else keys.order_by()
