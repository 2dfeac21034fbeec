"""The web process stays light."""

import subprocess
import sys

import pytest

LOOK = """
import sys, phonereader.asgi
from django.urls import get_resolver
get_resolver().url_patterns
from django.contrib import admin
admin.autodiscover()
print(sorted({name.partition(".")[0] for name in sys.modules} & {"torch", "torchvision", "cv2", "mlxtend"}))
"""


@pytest.mark.core
def test_the_web_process_imports_no_torch() -> None:
    out = subprocess.run([sys.executable, "-c", LOOK], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "[]"
