"""The page at ``/``: eleven boxes to draw a phone number in. All it does happens through the API."""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe


class Group(NamedTuple):
    """Boxes that belong together, with the signs that are printed around them."""

    before: str
    positions: tuple[int, ...]
    after: str
    name: str


# +D(DDD)DDD-DDDD
GROUPS = (
    Group("+", (1,), "", "country code"),
    Group("(", (2, 3, 4), ")", "area code"),
    Group("", (5, 6, 7), "-", "first part"),
    Group("", (8, 9, 10, 11), "", "last part"),
)

# The page needs nothing but its own files and this site's API: whatever else were injected into it, the
# browser refuses.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


@require_safe
@ensure_csrf_cookie  # the script sends the token with what it posts
def page(request: HttpRequest) -> HttpResponse:
    response = render(request, "recognition/page.html", {"groups": GROUPS, "count": GROUPS[-1].positions[-1]})
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response
