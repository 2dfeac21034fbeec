"""From a request to checked boxes. All of a request's errors are named at once, box by box."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

import phonenumbers
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from phonereader.jobs.states import Priority
from phonereader.problems import Problem
from recognition.reader.ink import BadInk, decode_picture, parse_strokes
from recognition.submissions import SentBox

MOST_BOXES = 15
PICTURE_FIELD = re.compile(r"([1-9][0-9]{0,3})(\.[A-Za-z0-9]{1,5})?")
DATA_URL = re.compile(r"data:[\w/+.-]*;base64,")

Errors = list[dict[str, Any]]
Fields = Mapping[str, Any] | QueryDict


def boxes_of_json(data: Any) -> list[SentBox]:
    """The boxes of ``{"boxes": [{"strokes": …} | {"image": "<base64>"}, …]}``; raises ``Problem``."""
    if not isinstance(data, dict):
        raise field_problem("boxes", "The body must be a JSON object with a list named boxes.")
    boxes = data.get("boxes")
    if not isinstance(boxes, list):
        raise field_problem("boxes", "boxes must be a list of boxes.")
    check_count(len(boxes))
    sent, errors = [], []
    for position, box in enumerate(boxes, 1):
        try:
            sent.append(box_of_json(box))
        except BadInk as error:
            errors.append({"box": position, "detail": str(error)})
    return all_or_problem(sent, errors)


def box_of_json(box: Any) -> SentBox:
    if not isinstance(box, dict) or ("strokes" in box) == ("image" in box):
        raise BadInk("A box is an object with either strokes or an image.")
    if "strokes" in box:
        parse_strokes(box)
        kept = ("strokes", "width", "height", "brush")
        return SentBox(strokes={name: box[name] for name in kept if name in box})
    text = box["image"]
    if not isinstance(text, str):
        raise BadInk("image must be a string of base64.")
    start = DATA_URL.match(text)
    try:
        picture = base64.b64decode(re.sub(r"\s", "", text[start.end() :] if start else text), validate=True)
    except (binascii.Error, ValueError):
        raise BadInk("image is not base64.") from None
    decode_picture(picture)
    return SentBox(picture=picture)


def boxes_of_form(files: MultiValueDict[str, UploadedFile[bytes]]) -> list[SentBox]:
    """The boxes of multipart fields ``1.png`` … ``N.png``, or a repeated ``image``; raises ``Problem``."""
    numbered: dict[int, UploadedFile[bytes]] = {}
    images = files.getlist("image")
    for field in files:
        if field == "image":
            continue
        match = PICTURE_FIELD.fullmatch(field)
        if match is None:
            detail = "Pictures are named 1.png, 2.png, ... or image."
            raise field_problem(field, detail)
        position = int(match[1])
        if position in numbered or len(files.getlist(field)) > 1:
            detail = f"There is more than one picture for box {position}."
            raise Problem(400, detail, [{"box": position, "detail": detail}])
        numbered[position] = files.getlist(field)[0]
    if numbered and images:
        raise field_problem("image", "Send numbered pictures or a repeated field image, not both.")
    count = len(numbered) or len(images)
    check_count(count)
    for position in range(1, count + 1):
        if numbered and position not in numbered:
            detail = f"The picture of box {position} is missing."
            raise Problem(400, detail, [{"box": position, "detail": detail}])
    sent, errors = [], []
    for position, file in enumerate((numbered[key] for key in sorted(numbered)) if numbered else images, 1):
        picture = file.read()
        try:
            decode_picture(picture)
        except BadInk as error:
            errors.append({"box": position, "detail": str(error)})
        else:
            sent.append(SentBox(picture=picture))
    return all_or_problem(sent, errors)


def all_or_problem(sent: list[SentBox], errors: Errors) -> list[SentBox]:
    if errors:
        where = ", ".join(str(error["box"]) for error in errors)
        raise Problem(400, f"Box {where} cannot be read: {errors[0]['detail']}", errors)
    return sent


def check_count(count: int) -> None:
    if not 1 <= count <= MOST_BOXES:
        raise field_problem("boxes", f"A number has 1 to {MOST_BOXES} boxes, not {count}.")


def region_of(fields: Fields) -> str:
    """The hint ``region``, in capitals, or an empty string; raises ``Problem`` for what is no region."""
    region = fields.get("region")
    if region is None or region == "":
        return ""
    if not isinstance(region, str) or region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise field_problem("region", "region must be an ISO 3166-1 alpha-2 code, such as US.")
    return region.upper()


def contribute_of(fields: Fields) -> bool:
    """Whether the drawings may be used for training: only if the request says so."""
    value = fields.get("contribute", False)
    if value in (True, "true", "1", "on"):
        return True
    if value in (False, "false", "0", "off", "", None):
        return False
    raise field_problem("contribute", "contribute must be true or false.")


def priority_of(fields: Fields) -> Priority:
    """Whether somebody waits for it: interactive unless the request says bulk; raises ``Problem``."""
    priority = fields.get("priority")
    if priority in (None, "", "interactive"):
        return Priority.INTERACTIVE
    if priority == "bulk":
        return Priority.BULK
    raise field_problem("priority", "priority must be interactive or bulk.")


def digits_of(data: Any, boxes: int) -> str:
    """The digits of a correction, one character a box; raises ``Problem``."""
    digits = data.get("digits") if isinstance(data, dict) else None
    if not isinstance(digits, str) or not re.fullmatch(rf"[0-9-]{{{boxes}}}", digits):
        raise field_problem(
            "digits", f"digits must be {boxes} characters, one a box: 0 to 9, or - for no digit."
        )
    return digits


def field_problem(field: str, detail: str) -> Problem:
    return Problem(400, detail, [{"field": field, "detail": detail}])
