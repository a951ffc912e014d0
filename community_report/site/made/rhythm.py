"""When things happen: reports come by hour, day of the week and season; people answer slower at night."""

from bisect import bisect
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

#: How much is reported in each hour of the day: little at night, most before and after work.
HOURS = (2, 1, 1, 1, 1, 3, 9, 18, 20, 15, 12, 10, 10, 9, 9, 10, 12, 18, 24, 25, 21, 15, 9, 4)
#: Monday to Sunday: people see more when they are at home.
DAYS = (10, 9, 9, 9, 11, 14, 13)
#: January to December: heat, storms and the cold break things.
MONTHS = (11, 9, 9, 8, 9, 11, 14, 14, 10, 8, 9, 11)


class Rhythm:
    """Draws moments of the year before `now`, on the community's clock."""

    def __init__(self, rng: Random, now: datetime, zone: ZoneInfo) -> None:
        self.rng, self.now, self.zone = rng, now, zone
        today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        self.days = [today - timedelta(days=back) for back in range(365, -1, -1)]
        weights = [DAYS[day.weekday()] * MONTHS[day.month - 1] * rng.uniform(0.8, 1.25) for day in self.days]
        self._by_day, self._by_hour = list(accumulate(weights)), list(accumulate(HOURS))

    def moments(self, number: int) -> list[datetime]:
        """So many moments, oldest first."""
        return sorted(self._moment() for _ in range(number))

    def _moment(self) -> datetime:
        while True:
            day, hour = self.days[self._draw(self._by_day)], self._draw(self._by_hour)
            moment = day + timedelta(hours=hour, seconds=self.rng.uniform(0, 3600))
            if moment < self.now:
                return moment

    def _draw(self, sums: list[float] | list[int]) -> int:
        return bisect(sums, self.rng.uniform(0, sums[-1] * 0.999999))

    def after(self, moment: datetime, median_minutes: float, spread: float = 0.9) -> datetime:
        """Some time later: log-normal about the median, put off to the morning where it would be night."""
        then = moment + timedelta(minutes=self.rng.lognormvariate(0, spread) * median_minutes)
        local = then.astimezone(self.zone)
        if local.hour < 6 and self.rng.random() < 0.8:
            then += timedelta(hours=7 - local.hour, minutes=self.rng.uniform(0, 60))
        return then
