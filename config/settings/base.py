"""Settings that every deployment shares. Values that differ come from the environment, typed by config.env."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config import broker, env, logging, wiring
from config.settings import sign_up, sso
from config.settings.cache import shared
from config.settings.mail import Mail
from config.settings.object_store import ObjectStore

VERSION = "0.1.0"

BASE_DIR = Path(__file__).resolve().parent.parent.parent

# Where this deployment keeps its files: database, blobs, spool, mails, secrets.
DATA_DIR = Path(env.text("KHO_DATA", str(BASE_DIR / "data"))).resolve()

# The regions that this deployment serves; the first is home.
REGIONS = env.words(
    "KHO_REGIONS",
    "us-east-1",
    pattern=r"[a-z]{2,}(-[a-z0-9]+)+",
    what="region names such as us-east-1, separated by commas",
)
if not REGIONS:
    raise env.BadSetting("KHO_REGIONS", "needs at least one region")
HOME_REGION = REGIONS[0]

# The domain below which ECR-shaped host names are answered; empty: one host name for all.
DOMAIN = env.matching("KHO_DOMAIN", "", r"[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]+)?", "a host name")
# Whether AWS's own host names lead here: for clients of a closed network whose DNS says so.
AWS_HOST_NAMES = env.boolean("KHO_AWS_HOST_NAMES", default=False)
# The public origin for realms, redirects and links; empty: as the request says.
PUBLIC_URL = env.matching(
    "KHO_URL", "", r"https?://[^/\s]+", "an origin such as https://kho.example.com, without a path"
)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "rest_framework",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "accounts",
    "registry",
    "gallery",
]

# `/v2/` and `/token/` need no session, CSRF, message or locale: ProtocolBoundary answers them before those run.
MIDDLEWARE = [
    "config.middleware.RequestContext",
    "config.middleware.ProtocolBoundary",
    "config.browser_security.BrowserSecurity",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.RefuseNul",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.console.language.Language",
    "accounts.console.personal.Personal",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.limits.SearchLimit",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
CSRF_FAILURE_VIEW = "accounts.console.problems.forged"
APPEND_SLASH = False

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.console.preferences.context",
            ],
        },
    },
]

FORM_RENDERER = "config.forms.FormRenderer"

# One transaction per write verb, never per request; SQLite takes its write lock at the start of a transaction.
ATOMIC_REQUESTS = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "accounts.authn.browser.IamUsers",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# How people sign in: docs/sign-in.md.
SIGN_UP, ACCOUNTS_PER_PERSON = sign_up.read("open")
# What publishers keep to; an operator's own text lies elsewhere.
USE_POLICY_URL = env.matching("KHO_USE_POLICY_URL", "", r"https?://\S+|/\S*", "an address") or "/help/use-policy"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/console"
ACCOUNT_ADAPTER = "accounts.console.adapters.People"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.console.forms.WithName"
ACCOUNT_SIGNUP_REDIRECT_URL = "/account/welcome"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "signup": "10/m/ip,50/d/ip", "reset_password": "20/m/ip,3/15m/key"}
MFA_ADAPTER = "accounts.console.adapters.SecondFactors"
MFA_FORMS = {
    "add_webauthn": "accounts.console.passkeys.AddPasskey",
    "login_webauthn": "accounts.console.passkeys.SignInByPasskey",
    "authenticate_webauthn": "accounts.console.passkeys.SecondStepByPasskey",
    "reauthenticate_webauthn": "accounts.console.passkeys.ConfirmByPasskey",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Kho"
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True
SOCIALACCOUNT_ADAPTER = "accounts.console.company.Companies"
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
# Private networks that requests to addresses which users give may go to, such as identity providers; none by itself.
OUTBOUND_PRIVATE_NETWORKS = env.networks("KHO_OUTBOUND_NETWORKS")
# Providers of company sign-in, and what their claims grant.
SSO_PROVIDERS = sso.read(OUTBOUND_PRIVATE_NETWORKS)
SOCIALACCOUNT_PROVIDERS = sso.for_allauth(SSO_PROVIDERS)
SSO_SESSION_SECONDS = 12 * 3600

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("vi", "Tiếng Việt")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]

# What `/api/openapi.json` says of the gallery's JSON API.
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Kho's public gallery",
    "DESCRIPTION": "Everything that the pages of the public gallery show. Anybody may read.",
    "VERSION": "1",
    "LICENSE": {"name": "Apache-2.0"},
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v[0-9]",
    "PREPROCESSING_HOOKS": ["gallery.api.schema.only_ours"],
    "ENUM_NAME_OVERRIDES": {
        "RepositoryKind": ["image", "chart", "artifact"],
        "ChangeKind": ["added", "removed", "changed"],
        "Severity": ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED"],
        "LineKind": ["added", "removed", "same", "place"],
    },
}

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
}

LOG_LEVEL = env.matching("KHO_LOG_LEVEL", "info", "|".join(logging.LEVELS), "one of " + ", ".join(logging.LEVELS))
LOGGING = logging.configure("text", LOG_LEVEL)

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "accounts.console.browser_sessions"
# For how long people stay signed in after the last time they did; by a company for SSO_SESSION_SECONDS at most.
SESSION_COOKIE_AGE = env.integer("KHO_SESSION_SECONDS", 14 * 24 * 3600, least=300)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"

# Addresses (or networks) of proxies whose X-Forwarded-* are believed.
TRUSTED_PROXIES = env.networks("KHO_TRUSTED_PROXIES")

# Former master keys, with spaces between them: they open what `manage.py reseal` has not sealed anew yet.
FORMER_MASTER_KEYS = tuple(env.text("KHO_MASTER_KEY_OLD", "").split())

# What conditions of policies may ask for: the organization that all accounts belong to (aws:PrincipalOrgID), and names
# of networks that requests come from (aws:SourceVpce).
ORGANIZATION_ID = env.matching("KHO_ORGANIZATION_ID", "", r"o-[a-z0-9]{10,32}", "an id such as o-1a2b3c4d5e")
VPC_ENDPOINTS = env.named_networks("KHO_VPC_ENDPOINTS")

# Mails are written as work first, and sent by a task: a mail server that is away delays them.
MAIL = Mail.read(PUBLIC_URL)
EMAIL_BACKEND = MAIL.backend
EMAIL_FILE_PATH = DATA_DIR / "mail"
EMAIL_HOST, EMAIL_PORT = MAIL.host, MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.user, MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.security == "starttls", MAIL.security == "tls"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = MAIL.sender

# Storage of blobs.
STORAGE_DRIVERS = wiring.STORAGE_DRIVERS
STORAGE_DRIVER = env.matching(
    "KHO_STORAGE", "filesystem", "|".join(wiring.STORAGE_DRIVERS), "one of " + ", ".join(wiring.STORAGE_DRIVERS)
)
S3 = ObjectStore.read(used=STORAGE_DRIVER == "s3")
# How blobs get to clients: through this process, through the web server in front (X-Accel-Redirect), or by a redirect.
DELIVERY = env.matching(
    "KHO_DELIVERY",
    wiring.DELIVERIES[STORAGE_DRIVER][0],
    "|".join(wiring.DELIVERIES[STORAGE_DRIVER]),
    "one of " + ", ".join(wiring.DELIVERIES[STORAGE_DRIVER]) + f" with {STORAGE_DRIVER} storage",
)
REDIRECT_SECONDS = env.integer("KHO_REDIRECT_SECONDS", 300, least=10, most=300)
BLOB_ROOT = Path(env.text("KHO_BLOBS", str(DATA_DIR / "blobs"))).resolve()
# Shared by all processes of one machine, and by no other machine.
SPOOL_DIR = Path(env.text("KHO_SPOOL", str(DATA_DIR / "spool"))).resolve()

# How often one address may do what costs without signing in; 0 (or empty) is as often as it likes.
SEARCHES_PER_MINUTE = env.integer("KHO_SEARCHES_PER_MINUTE", 300)
ANONYMOUS_PULLS = env.rate("KHO_ANONYMOUS_PULLS")

# Limits of the registry, in bytes, seconds and counts; 0 switches a quota off.
MAX_MANIFEST_BYTES = 4 * 1024 * 1024
MAX_BLOB_BYTES = env.integer("KHO_MAX_BLOB_BYTES", 52_000 * 1024 * 1024, least=1)
STORAGE_QUOTA_BYTES = env.integer("KHO_STORAGE_QUOTA_BYTES", 0)
# ECR's quotas: repositories of an account in a region, images of a repository, tags of an image.
MAX_REPOSITORIES = env.integer("KHO_MAX_REPOSITORIES", 100_000, least=1)
MAX_IMAGES = env.integer("KHO_MAX_IMAGES", 100_000, least=1)
MAX_TAGS = env.integer("KHO_MAX_TAGS", 1_000, least=1)
UPLOAD_CLAIM_SECONDS = env.integer("KHO_UPLOAD_CLAIM_SECONDS", 20, least=1)
STALE_UPLOAD_SECONDS = env.integer("KHO_STALE_UPLOAD_SECONDS", 7 * 24 * 3600, least=60)
BLOB_GRACE_SECONDS = env.integer("KHO_BLOB_GRACE_SECONDS", 24 * 3600, least=60)
# For how long deleted images and repositories can be put back; 0: what is deleted is gone, as in ECR.
UNDELETE_SECONDS = env.integer("KHO_UNDELETE_SECONDS", 7 * 24 * 3600)
# How fast stored blobs are read again by the task that verifies them, in bytes per second; 0 switches it off.
VERIFY_RATE = env.integer("KHO_VERIFY_RATE", 0)
# Scanning: what lists packages, and another program for it; where images are laid out, and what one image may take.
SCAN_ENGINES = wiring.SCAN_ENGINES
SCAN_ENGINE = env.matching(
    "KHO_SCAN_ENGINE", "syft", "|".join(wiring.SCAN_ENGINES), "one of " + ", ".join(wiring.SCAN_ENGINES)
)
# Whether the packages that a scan lists are attached to the image, as an artifact that names it as its subject.
SBOM_REFERRERS = env.matching("KHO_SBOM_REFERRERS", "off", "off|public|all", "one of off, public, all")
SYFT = env.text("KHO_SYFT", "")
# Public images are scanned as they are pushed, and followed: ECR Public has no operation that asks for it.
SCAN_PUBLIC = env.boolean("KHO_SCAN_PUBLIC", default=True)
TRIVY, TRIVY_CACHE = env.text("KHO_TRIVY", "trivy"), env.text("KHO_TRIVY_CACHE", "")
SCAN_ROOT = Path(env.text("KHO_SCAN_FOLDER", str(DATA_DIR / "scans"))).resolve()
# Where advisories come from every day: addresses, files or folders, with spaces between them; none by itself.
ADVISORY_SOURCES = tuple(env.text("KHO_ADVISORY_SOURCES", "").split())
# For how many days after its last push or pull an image is scanned continuously; 0: as long as it is there.
SCAN_FOLLOW_DAYS = env.integer("KHO_SCAN_FOLLOW_DAYS", 0)
SCAN_SECONDS = env.integer("KHO_SCAN_SECONDS", 600, least=1)
SCAN_MEMORY_BYTES = env.integer("KHO_SCAN_MEMORY_BYTES", 2 * 1024**3, least=64 * 1024**2)
SCAN_BYTES = env.integer("KHO_SCAN_BYTES", 32 * 1024**3, least=1)
SCAN_WRITTEN_BYTES = env.integer("KHO_SCAN_WRITTEN_BYTES", 4 * 1024**3, least=1)
SCAN_ENTRIES = env.integer("KHO_SCAN_ENTRIES", 2_000_000, least=1)
REGISTRY_PASSWORD_SECONDS = 12 * 3600
BEARER_TOKEN_SECONDS = 900

# For how long a process may rely on what it has read (ADR 0006): credentials and their principal; aliases and early
# answers. Two of the latter and headers.SHORT in a cache in front add up: all that is taken away is gone within 5 s.
RIGHTS_SECONDS = 3.0
EARLY_SECONDS = 1.25

EVENT_TASKS = wiring.EVENT_TASKS
QUEUES, TASK_QUEUES = wiring.QUEUES, wiring.TASK_QUEUES
# How often a piece of work is tried before it is a dead letter: with pauses of up to an hour, 30 tries are a day.
TASK_TRIES = env.integer("KHO_TASK_TRIES", 30, least=1, most=1000)
# For how long a worker that died keeps a piece of work from others; one that lives makes it longer.
TASK_LEASE_SECONDS = env.integer("KHO_TASK_LEASE_SECONDS", 60, least=3)
# How long the log keeps deliveries of webhooks, and after which time without a success a webhook is paused.
WEBHOOK_LOG_DAYS = env.integer("KHO_WEBHOOK_LOG_DAYS", 30, least=1)
WEBHOOK_PAUSE_HOURS = env.integer("KHO_WEBHOOK_PAUSE_HOURS", 72, least=1)
WORK_KINDS = wiring.WORK_KINDS
AWS_OPERATIONS = wiring.AWS_OPERATIONS
NOTICE_KINDS = wiring.NOTICE_KINDS
SEALED_FIELDS = wiring.SEALED_FIELDS

# Where links in mails lead.
MAIL_ORIGIN = PUBLIC_URL or f"http://127.0.0.1:{env.integer('PORT', 8000)}"
MAIL_DOMAIN = urlsplit(MAIL_ORIGIN).hostname or "localhost"

# For how long a released alias is held for its former owner, and after how long staff are reminded of a request.
ALIAS_QUARANTINE_DAYS = env.integer("KHO_ALIAS_QUARANTINE_DAYS", 30)
ALIAS_REMINDER_DAYS = env.integer("KHO_ALIAS_REMINDER_DAYS", 3, least=1)

# Celery: Redis when REDIS_URL is given, otherwise files below the data folder.
REDIS_URL = env.text("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost/"
CELERY_BROKER_TRANSPORT = None if REDIS_URL else "config.broker:Transport"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    broker.ON_REDIS
    if REDIS_URL
    else {
        "data_folder_in": str(DATA_DIR / "broker" / "queue"),
        "data_folder_out": str(DATA_DIR / "broker" / "queue"),
        "control_folder": str(DATA_DIR / "broker" / "control"),
        "store_processed": False,
    }
)
CACHES = {"default": shared(REDIS_URL, DATA_DIR)}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = wiring.QUEUES[0]
CELERY_TASK_ROUTES = {task: {"queue": queue} for task, queue in wiring.TASK_QUEUES.items()}
CELERY_BEAT_SCHEDULE = wiring.BEAT_SCHEDULE
CELERY_BEAT_SCHEDULER = "config.beat:Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat.json")
CELERY_TIMEZONE = "UTC"
