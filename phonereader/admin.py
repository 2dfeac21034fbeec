from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection, models
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.functional import cached_property


class Site(admin.AdminSite):
    site_header = "Phonereader"
    site_title = "Phonereader"
    index_title = "Drawings, readings and jobs"

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from phonereader.overview import queues

        return [path("queues/", self.admin_view(queues), name="queues"), *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from phonereader.overview import warnings
        from training import dashboard

        more: dict[str, Any] = {}
        if request.user.has_perm("jobs.view_job"):
            more |= {"queue_warnings": warnings()}
        if request.user.has_perm("training.view_trainingrun"):
            more |= {"dashboard": dashboard.context()}
        return super().index(request, more | (extra_context or {}))


class ReadOnly:
    """For what only the program writes: an admin page that shows and never edits."""

    def has_add_permission(self, request: HttpRequest, *_parent: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NewestPaginator(Paginator[Any]):
    """Pages of the first 10,000 rows: of a table of millions, nobody turns so many, and counting is slow."""

    MOST = 10_000

    @cached_property
    def count(self) -> int:
        rows: models.QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows[: self.MOST].count()


def rows_about(model: type[models.Model]) -> int:
    """About how many rows a table has, without counting them."""
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        ask = "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = %s::regclass"
    else:
        ask = f"SELECT coalesce(max(rowid), 0) FROM {connection.ops.quote_name(table)}"  # noqa: S608 (our own)
    with connection.cursor() as cursor:
        cursor.execute(ask, [table] if connection.vendor == "postgresql" else [])
        (count,) = cursor.fetchone()
    return int(count)
