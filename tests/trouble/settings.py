from phonereader.settings import *  # noqa: F403
from phonereader.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.trouble.apps.TroubleConfig"]
