"""Callbacks and their secrets in the admin."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from phonereader.admin import NewestPaginator, ReadOnly
from phonereader.jobs import bell
from phonereader.jobs.callbacks import due, secrets
from phonereader.jobs.models import Delivery, Job, WebhookSecret


class DeliveryInline(ReadOnly, admin.TabularInline[Delivery, Job]):
    model = Delivery
    fields = ["id", "state", "attempts", "last_at", "answer", "due_at"]
    readonly_fields = ["id"]
    verbose_name_plural = "callbacks"


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, admin.ModelAdmin[Delivery]):
    list_display = ["id", "state", "answer", "attempts", "last_at", "due_at"]
    list_filter = ["state"]
    sortable_by = ()
    paginator = NewestPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    actions = ["send_again"]
    fields = [
        "id",
        "job_link",
        "url",
        ("state", "attempts"),
        ("last_at", "status", "answer"),
        ("due_at", "give_up_at"),
    ]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.change_delivery")

    @admin.action(description="Send the selected callbacks again", permissions=["operate"])
    def send_again(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        chosen = list(deliveries.values_list("id", flat=True))
        Delivery.objects.filter(id__in=chosen).update(
            state=Delivery.State.DUE,
            attempts=0,
            due_at=Now(),
            ring_at=Now() + due.FIRST_RING,
            give_up_at=Now() + due.GIVE_UP,
        )
        for delivery_id in chosen:
            bell.task_on_commit(due.TASK, delivery_id)
        self.message_user(request, f"To be sent again: {len(chosen)}.", messages.SUCCESS)

    @admin.display(description="job")
    def job_link(self, delivery: Delivery) -> SafeString:
        address = reverse("admin:jobs_job_change", args=[delivery.job_id])
        return format_html('<a href="{}">{}</a>', address, delivery.job)

    @admin.display(description="address")
    def url(self, delivery: Delivery) -> str:
        return delivery.job.callback_url


@admin.register(WebhookSecret)
class WebhookSecretAdmin(ReadOnly, admin.ModelAdmin[WebhookSecret]):
    list_display = ["user", "changed_at"]
    list_select_related = ["user"]
    fields = ["user", "secret", "previous", "changed_at"]
    actions = ["rotate"]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.change_webhooksecret")

    @admin.action(description="Change the selected secrets", permissions=["operate"])
    def rotate(self, request: HttpRequest, chosen: QuerySet[WebhookSecret]) -> None:
        for each in chosen.select_related("user"):
            secrets.rotate(each.user)
        self.message_user(request, "Changed; for a day the old ones sign, too.", messages.SUCCESS)
