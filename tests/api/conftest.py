import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

Submit = Callable[..., Any]


@pytest.fixture
def staff(db: None) -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.create_user("olga", is_staff=True))
    return client


@pytest.fixture
def submit_json(client: Client, db: None) -> Submit:
    """POST boxes (or any other JSON) to the submission endpoint."""

    def post(boxes: Any, raw: str | None = None, headers: dict[str, str] | None = None, **fields: Any) -> Any:
        body = raw if raw is not None else json.dumps({"boxes": boxes, **fields})
        return client.post("/api/v1/recognitions/", body, content_type="application/json", headers=headers)

    return post


@pytest.fixture
def submit_form(client: Client, db: None) -> Submit:
    """POST pictures as a multipart form; a list of (field, bytes)."""

    def post(pictures: list[tuple[str, bytes]], path: str = "/api/v1/recognitions/", **fields: Any) -> Any:
        form: dict[str, list[Any]] = {name: [value] for name, value in fields.items()}
        for name, data in pictures:
            file = BytesIO(data)
            file.name = name
            form.setdefault(name, []).append(file)
        return client.post(path, form)

    return post
