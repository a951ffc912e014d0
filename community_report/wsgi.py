"""The web process: `gunicorn community_report.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from community_report.startup import require_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "community_report.settings")

require_settings()
application = get_wsgi_application()
