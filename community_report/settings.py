"""Django's settings, read from the environment (see `.env.example` and the README's table)."""

from pathlib import Path

from community_report.core.logs import logging_config
from community_report.env import Reader
from community_report.site.desk.look import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent
env = Reader(BASE_DIR / ".env")

# --- Django -----------------------------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG", False)
SECRET_KEY = env.text("SECRET_KEY") or "unset: nothing starts with it"
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
PUBLIC_BASE_URL = env.origin("PUBLIC_BASE_URL", "http://127.0.0.1:8000")
HTTPS = PUBLIC_BASE_URL.startswith("https://")
if HTTPS and DEBUG:
    env.problems.append(("DEBUG", "is on with an https PUBLIC_BASE_URL: error pages would tell everything"))

INSTALLED_APPS = [
    "community_report.site",
    "dispatch",
    "notices",
    "reports",
    "accounts",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "community_report.site.desk.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "guardian",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "community_report.site.health.HealthMiddleware",  # before host check and https redirect
    "community_report.core.middleware.RequestIdMiddleware",
    "community_report.site.errors.UnavailableMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "community_report.core.middleware.DeskPolicyMiddleware",
    "community_report.core.middleware.RefuseNulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.PersonMiddleware",
    "accounts.middleware.RecordMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "community_report.urls"
WSGI_APPLICATION = "community_report.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "community_report.site.context.page",
            ],
        },
    }
]

# --- PostgreSQL and Redis ---------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL")}
DATABASES["default"].update(
    {
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **DATABASES["default"].get("OPTIONS", {}),
            "connect_timeout": 3,
            # A machine that has vanished from the network; for one that is there and silent see core/database.py.
            "tcp_user_timeout": 8000,
            "keepalives_idle": 10,
            "keepalives_interval": 3,
            "keepalives_count": 3,
            # A runaway query or a forgotten lock must end before WeChat's five seconds do.
            # Compiling a query takes longer than any of ours does; a year of reports is sorted and hashed in memory.
            # Indexes are in memory or on a disk that does not turn: reading here and there costs hardly more.
            "options": "-c statement_timeout=15000 -c lock_timeout=4000 -c idle_in_transaction_session_timeout=30000"
            " -c jit=off -c work_mem=16MB -c random_page_cost=1.1",
        },
    }
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.redis("REDIS_URL")
REDIS_BROKER_DB, REDIS_CACHE_DB, REDIS_STORE_DB = 0, 1, 2
#: No request waits more than a second for Redis: one attempt this long, then the breaker spares the rest.
REDIS_TIMEOUT_SECONDS = 0.4
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_SAVE_EVERY_REQUEST = False
CSRF_FAILURE_VIEW = "community_report.site.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
# Whether the whole domain is https, and for good, is its owner's to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
FILE_UPLOAD_PERMISSIONS = 0o640

# --- People -----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.auth.ManagerBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None  # guardian would insert a user of its own
GUARDIAN_MONKEY_PATCH_USER = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/admin/login/"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HTTP_RESPONSE_CODE = 429
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False

# --- Language, time, files --------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
FORMAT_MODULE_PATH = ["community_report.formats"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "community_report.core.static.BundleFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "community_report.core.static.StaticStorage"},
}
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(BASE_DIR / "var" / "media")))
WHITENOISE_MAX_AGE = 3600

# --- WeChat -----------------------------------------------------------------------------------------------------
WECHAT_APP_ID = env.text("WECHAT_APP_ID")
WECHAT_APP_SECRET = env.text("WECHAT_APP_SECRET")
WECHAT_TOKEN = env.text("WECHAT_TOKEN")
WECHAT_ENCODING_AES_KEY = env.aes_key("WECHAT_ENCODING_AES_KEY")
WECHAT_API_BASE_URL = env.origin("WECHAT_API_BASE_URL", "https://api.weixin.qq.com")
WECHAT_OAUTH_BASE_URL = env.origin("WECHAT_OAUTH_BASE_URL", "https://open.weixin.qq.com")
WECHAT_JSSDK_URL = env.address("WECHAT_JSSDK_URL", "https://res.wx.qq.com/open/js/jweixin-1.6.0.js")
WECHAT_TIMEOUT_SECONDS = env.number("WECHAT_TIMEOUT_SECONDS", 5, least=0.1)
if HTTPS and not WECHAT_ENCODING_AES_KEY and not env.flag("WECHAT_ALLOW_PLAINTEXT"):
    env.problems.append(
        ("WECHAT_ENCODING_AES_KEY", "is empty with an https PUBLIC_BASE_URL; WECHAT_ALLOW_PLAINTEXT=1 accepts that")
    )

# --- The project's own ------------------------------------------------------------------------------------------
SWEEP_SECONDS = env.number("SWEEP_SECONDS", 30, least=0.5)
THROTTLE_SCALE = env.number("THROTTLE_SCALE", 1)
if HTTPS and THROTTLE_SCALE == 0:
    env.problems.append(("THROTTLE_SCALE", "is 0 (no limits) with an https PUBLIC_BASE_URL"))
PUSH_GATHER_PER_MINUTE = int(env.number("PUSH_GATHER_PER_MINUTE", 20))
#: Origins beside the three vendors' that group robots and the gateway for short messages may be at.
OUTWARD_ORIGINS = env.origins("OUTWARD_ORIGINS")
#: How long records of who did what are kept. The law wants six months; the database itself refuses less.
RECORD_DAYS = int(env.number("RECORD_DAYS", 365, least=184))
LOG_FORMAT = env.choice("LOG_FORMAT", "json", ("json", "console"))

# --- Celery -----------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = f"{REDIS_URL}/{REDIS_BROKER_DB}"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 22
CELERY_TASK_TIME_LIMIT = 25
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_POOL_LIMIT = 10
CELERY_BROKER_USE_SSL = {"ssl_cert_reqs": "required"} if REDIS_URL.startswith("rediss://") else None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A killed worker's tasks come back after this; no task lives longer than half of it.
    "visibility_timeout": 55,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 1,
    # Without it a call on a connection that fell silent never returns.
    "socket_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "retry_on_timeout": True,
}
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "dispatch.tasks.sweep", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS * 2}},
    # Retries are due within two seconds, and none waits by countdown: a pulse looks for them.
    "pulse": {"task": "dispatch.tasks.pulse", "schedule": 1.0, "options": {"expires": 5}},
}
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_BEAT_SCHEDULE_FILENAME = str(BASE_DIR / "var" / "celerybeat-schedule")

# --- API --------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["community_report.core.api.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["community_report.core.api.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "community_report.core.errors.exception_handler",
    "DEFAULT_THROTTLE_CLASSES": ["community_report.core.throttle.PersonThrottle"],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "DATETIME_FORMAT": "iso-8601",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Community Report",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "ENUM_NAME_OVERRIDES": {
        "ReportStatusEnum": "reports.states.Status",
        "MediaStatusEnum": "reports.models.Attachment.Status",
        "MediaKindEnum": "reports.models.Attachment.Kind",
        "MessageKindEnum": "dispatch.kinds.Kind",
        "DeliveryStatusEnum": "dispatch.models.Delivery.Status",
        "RoleKindEnum": "accounts.models.Role.Kind",
        "MembershipStatusEnum": "accounts.models.Membership.Status",
    },
}

# --- Content security policy ------------------------------------------------------------------------------------
_JSSDK_ORIGIN = "/".join(WECHAT_JSSDK_URL.split("/")[:3])
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", _JSSDK_ORIGIN],
        "connect-src": ["'self'", _JSSDK_ORIGIN],
        "img-src": ["'self'", "data:", "blob:", "wxlocalresource:", "weixin:"],
        "media-src": ["'self'", "blob:"],
        # WeChat's open tags are drawn in frames of its own: https://developers.weixin.qq.com/doc/service/guide/h5/opentag
        "frame-src": ["'self'", "https://*.qq.com", "webcompt:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}
#: What the theme of the back office cannot do without, below /admin/ only (docs/decisions/0002-unfold-below-admin.md).
DESK_POLICY = {
    "script-src": ["'self'", "'unsafe-eval'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "connect-src": ["'self'"],
}

LOGGING = logging_config(LOG_FORMAT, debug=DEBUG)
SETTINGS_PROBLEMS = env.problems
