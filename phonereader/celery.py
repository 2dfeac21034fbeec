"""The Celery application. It carries doorbells only: the database says what is to be done."""

import os

from celery import Celery

from phonereader import redis_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "phonereader.settings")

redis_broker.mend()
app = Celery("phonereader")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
