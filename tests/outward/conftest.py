"""A vendor or a gateway: a server of the test's own, whose origin the installation allows."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.wechat.platform import Platform, serve


@pytest.fixture
def vendor(settings: Any) -> Iterator[Platform]:
    with serve(Platform()) as platform:
        settings.OUTWARD_ORIGINS = [platform.url]
        settings.WECHAT_TIMEOUT_SECONDS = 1
        yield platform
