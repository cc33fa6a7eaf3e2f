"""Settings of the test run: the product's own, from a fixed environment, with fast hashing and no mail."""

import atexit
import base64
import os
import shutil
import tempfile

os.environ["ENV_FILE"] = ""
os.environ.update(
    {
        "DEBUG": "0",
        "DEMO": "0",
        "UNSIGNED_RULES_ACCEPTED_BY": "Dr Rosa Alarcon",
        "HTTPS": "0",
        "SECRET_KEY": "a-secret-key-for-tests-only-that-is-long-enough-to-pass-the-checks",
        "FIELD_KEYS": "k1:" + base64.b64encode(b"a field key for tests, 32 bytes.").decode(),
        "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
        "SITE_URL": "http://testserver",
    }
)

from clinic.settings import *  # noqa: F403
from clinic.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS = ["tests", "zeal", *INSTALLED_APPS]
# Most tests are about what staff do once they are in. What a second factor asks for has tests that switch it on.
SECOND_FACTOR_REQUIRED = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
PAGE_CACHE_SECONDS = 0  # what a test publishes shows at once; tests of the cache itself set their own time
LOGGING = {}
BAKER_CUSTOM_FIELDS_GEN = {
    "clinic.core.fields.EncryptedTextField": "tests.factories.encrypted_text",
    "clinic.core.fields.EncryptedJSONField": "tests.factories.encrypted_json",
    "clinic.core.encrypted_rows.DataKeyField": "tests.factories.no_key_yet",
}
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"]["CONN_MAX_AGE"] = 0
else:
    # A file, not memory: several connections must lock one another as they do in real use.
    folder = tempfile.mkdtemp(prefix="clinic-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    DATABASES["default"]["TEST"] = {"NAME": f"{folder}/test.sqlite3"}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL;PRAGMA synchronous=OFF;"
