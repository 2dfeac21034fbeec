from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "phonereader.jobs"
    label = "jobs"
