from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class Site(admin.AdminSite):
    site_header = "Phonereader"
    site_title = "Phonereader"
    index_title = "Drawings, readings and jobs"


class ReadOnly:
    """For what only the program writes: an admin page that shows and never edits."""

    def has_add_permission(self, request: HttpRequest, *_parent: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
