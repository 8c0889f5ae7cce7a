"""Settings of the shop, read from the environment; `.env.example` lists every variable.

Without any environment this is development: DEBUG, SQLite in `.run/`, a secret key made once and kept there.
"""

from __future__ import annotations

import re
import secrets
import warnings
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
import limits
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
#: Everything that running the shop on one machine leaves behind: database, secret key, mail, private servers.
RUN_DIR = BASE_DIR / ".run"

env = environ.FileAwareEnv()
env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=True)


def stored_secret_key() -> str:
    """A secret key for development: generated once, readable by its owner only."""
    path = RUN_DIR / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


SECRET_KEY = env.str("SECRET_KEY", default="") or (stored_secret_key() if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set. With DEBUG=False the shop needs one: a long random text.")

ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

#: Where customers reach the shop: links in e-mails start with it.
SITE_URL = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
SHOP_NAME = env.str("SHOP_NAME", default="Mug & Leaf")


def amount(text: str) -> Decimal:
    """A number that is not negative, with a point before its decimals."""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,2})?", text):
        raise ImproperlyConfigured(f"{text!r} is no amount: prices and percentages look like 4.90, 50 or 19.")
    return Decimal(text)


CURRENCY = env.str("CURRENCY", default="EUR")
#: What sending an order costs the customer, and from which value of goods on it costs nothing; with VAT, as all prices.
SHIPPING_FLAT = amount(env.str("SHIPPING_FLAT", default="4.90"))
SHIPPING_FREE_ABOVE = amount(env.str("SHIPPING_FREE_ABOVE", default="50.00"))
#: The VAT that is in every price. With 0 nothing is said about it.
VAT_PERCENT = amount(env.str("VAT_PERCENT", default="19"))
#: Where customers send their money. Without an IBAN they are told to wait for the invoice in the parcel.
BANK_HOLDER = env.str("BANK_HOLDER", default=SHOP_NAME)
BANK_IBAN = env.str("BANK_IBAN", default="DE02120300000000202051" if DEBUG else "")  # made for examples
BANK_BIC = env.str("BANK_BIC", default="BYLADEM1001" if DEBUG else "")
PAYMENT_DAYS = env.int("PAYMENT_DAYS", default=14)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "axes",
    "csp",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "messaging",
    "shop.limits",
    "shop.catalog",
    "orders",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "shop.languages.english_for_staff",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    # Bodies are first read when views and their tokens are looked at, which is after the last of these.
    "shop.request_size.limited",
]

ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "shop" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "orders.context_processors.shop",
            ],
        },
    },
]


def database_url() -> dict[str, Any]:
    try:
        with warnings.catch_warnings(action="ignore"):  # about what the sentence below says better
            database: dict[str, Any] = env.db_url("DATABASE_URL", default=f"sqlite:///{RUN_DIR}/shop.sqlite3")
    except ValueError:
        database = {}
    if database.get("ENGINE") not in {"django.db.backends.sqlite3", "django.db.backends.postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL is malformed. It looks like postgres://user:password@host:5432/name or sqlite:////folder/file."
        )
    return database


DATABASES = {"default": database_url()}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # Readers never wait for the one writer, and a writer waits for its turn instead of failing half-way.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A server that has gone without a word must not hold a request or a worker for hours; DATABASE_URL goes first.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 10,
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,  # milliseconds
        **DATABASES["default"].get("OPTIONS", {}),
    }

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

#: A visitor's choice in the foot of a page, in a cookie, goes before what the browser asks for.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
#: Of the pages around the apps; each app has a folder of its own.
LOCALE_PATHS = [BASE_DIR / "shop" / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "shop" / "static"]
# Django's tests turn DEBUG off, but they are run from source files that nobody has collected.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG
if not DEBUG:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

#: Uploaded pictures and their renditions. Web processes write the first and workers the second: they share this folder.
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(RUN_DIR / "media")))
MEDIA_URL = "/media/"

#: Bytes of a request in the admin, where several pictures may come at once, and of any other.
LARGEST_UPLOAD = 128 * 1024 * 1024
LARGEST_REQUEST = 1024 * 1024

#: Proxies of ours before the shop. Each adds an entry to X-Forwarded-For, and what else stands there is not believed.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)


def limit(text: str) -> str:
    try:
        limits.parse(text)
    except ValueError:
        raise ImproperlyConfigured(f'{text!r} is no limit. One looks like "60 per 10 minutes".') from None
    return text


#: How often one client may send a form. Hundreds of customers of one mobile network can be one address.
LIMITS = {
    "checkout": limit(env.str("CHECKOUT_LIMIT", default="60 per 10 minutes")),
    "resend": limit(env.str("RESEND_LIMIT", default="20 per hour")),
}

# Wrong passwords for one name from one address; nobody can lock a colleague out from elsewhere.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURES", default=6)
AXES_COOLOFF_TIME = timedelta(minutes=env.int("LOGIN_LOCK_MINUTES", default=15))
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "shop.limits.client.address"
AXES_LOCKOUT_CALLABLE = "shop.limits.views.locked_out"

# Nothing inline and nothing from elsewhere: a text that slipped through unescaped could still do nothing.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

vars().update(env.email_url("EMAIL_URL", default="smtp://127.0.0.1:1025"))
#: Seconds. A mail server that hangs must not hold a worker for longer.
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"{SHOP_NAME} <orders@shop.example>")

#: Where answers to e-mails go.
REPLY_TO_EMAIL = env.str("REPLY_TO_EMAIL", default=DEFAULT_FROM_EMAIL)

MESSAGING: dict[str, Any] = {
    "AMQP_URL": env.str("AMQP_URL", default="amqp://guest:guest@localhost:5672/%2F"),
    #: Starts the name of every exchange and dead-letter queue, so that two shops can share one broker.
    "PREFIX": env.str("MESSAGING_PREFIX", default="shop"),
    "RELEASE": env.str("RELEASE", default="development"),
    #: Who brings it may read /metrics; empty: only staff.
    "METRICS_TOKEN": env.str("METRICS_TOKEN", default=""),
    #: How long a stopping worker lets jobs in flight finish.
    "DRAIN_TIMEOUT": timedelta(seconds=env.int("DRAIN_SECONDS", default=25)),
    #: How long the inbox remembers what is done: longer than any message can be on its way a second time.
    "KEEP_PROCESSED": timedelta(days=env.float("KEEP_PROCESSED_DAYS", default=7)),
    #: How long failed jobs that are resolved or discarded can be looked up.
    "KEEP_FAILED": timedelta(days=env.float("KEEP_FAILED_DAYS", default=90)),
}

if not DEBUG:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 3600)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    LANGUAGE_COOKIE_SECURE = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)-7s %(name)s  %(message)s", "datefmt": "%H:%M:%S"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "pika": {"level": "CRITICAL"},  # every loss of a connection is told by messaging.broker, in one line
    },
}
