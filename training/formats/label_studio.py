"""Label Studio's JSON: tasks with a picture each, and what annotators chose."""

import json
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from training.formats.files import MAX_PICTURE, Files, NewArchive
from training.formats.folders import picture_of
from training.formats.items import (
    DIGITS,
    NO_DIGIT,
    NO_DIGIT_FOLDER,
    Bad,
    BadFile,
    Found,
    Item,
    Written,
    data_uri,
    ink_of_text,
    ink_text,
    picture_of_uri,
)

CONFIG = """<View>
  <Image name="image" value="$image"/>
  <Choices name="digit" toName="image" choice="single" showInLine="true">
{}
  </Choices>
</View>
""".format("\n".join(f'    <Choice value="{label}"/>' for label in [*DIGITS, NO_DIGIT_FOLDER]))
KINDS = {"jpg": "jpeg", "tif": "tiff", "ppm": "x-portable-anymap"}


def read(files: Files) -> Found:
    tasks, bad = [], list(files.bad)
    for name in files.names:
        if not name.endswith(".json"):
            continue
        try:
            found = json.loads(files.read(name))
        except (ValueError, RecursionError) as error:
            bad.append(Bad(name, str(error) if isinstance(error, BadFile) else "It is no JSON."))
            continue
        if isinstance(found, list):
            tasks += [(f"{name}#{number}", task) for number, task in enumerate(found)]
        else:
            bad.append(Bad(name, "It is no list of Label Studio's tasks."))
    return Found(len(tasks), _entries(files, tasks, bad))


def _entries(files: Files, tasks: list[tuple[str, Any]], bad: list[Bad]) -> Iterator[Item | Bad]:
    yield from bad
    places: dict[str, list[str]] = {}
    for name in files.names:
        places.setdefault(name.rpartition("/")[2], []).append(name)
    for where, task in tasks:
        try:
            yield _item(files, places, where, task)
        except BadFile as error:
            yield Bad(where, str(error))


def _item(files: Files, places: dict[str, list[str]], where: str, task: Any) -> Item:
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise BadFile("It is no task with data.")
    data = task["data"]
    label, who, when = _chosen(task)
    told: dict[str, Any] = {key: str(data[key]) for key in ("split", "origin") if data.get(key)}
    told |= {"who": str(data.get("who") or who), "when": str(data.get("when") or when)}
    ink = (
        ink_of_text(data["ink"])
        if isinstance(data.get("ink"), str)
        else {"picture": _picture(files, places, data)}
    )
    return Item(where, label, **told, **ink)


def _chosen(task: dict[str, Any]) -> tuple[str, str, str]:
    """The one label that all annotations give, who gave it and when."""
    annotations = [each for each in _list(task.get("annotations")) if not each.get("was_cancelled")]
    chosen = set()
    for annotation in annotations:
        for result in _list(annotation.get("result")):
            value = result.get("value")
            if result.get("type") == "choices" and isinstance(value, dict):
                chosen.add(tuple(map(str, value.get("choices") or ())))
    if not chosen:
        raise BadFile("Nobody chose a label for it.")
    if len(chosen) > 1 or len(*chosen) != 1:
        raise BadFile("Its annotations disagree.")
    ((text,),) = chosen
    label = NO_DIGIT if text in (NO_DIGIT, NO_DIGIT_FOLDER) else text
    if len(label) != 1 or label not in DIGITS + NO_DIGIT:
        raise BadFile(f"Its label {text[:20]!r} is no digit.")
    by = annotations[-1].get("completed_by")
    who = by.get("email") if isinstance(by, dict) else ""
    return label, str(who or ""), str(annotations[-1].get("created_at") or "")


def _list(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _picture(files: Files, places: dict[str, list[str]], data: dict[str, Any]) -> bytes:
    """From the task itself, or from a file that came with it; nothing is ever fetched."""
    image = data.get("image")
    if not isinstance(image, str):
        texts = [value for value in data.values() if isinstance(value, str)]
        image = next((text for text in texts if text.startswith(("data:image/", "/", "images/"))), "")
    if image.startswith("data:"):
        return picture_of_uri(image)
    name = image.partition("?")[0].rpartition("/")[2]
    found = places.get(name, [])
    if len(found) != 1:
        raise BadFile(f"Its picture {image[:80]!r} is not in the file (pictures are not fetched).")
    return files.read(found[0], MAX_PICTURE)


def write(items: Iterable[Item], file: BinaryIO) -> Written:
    """tasks.json, with the pictures inside, and the labelling interface that shows them."""
    written = Written()
    with TemporaryFile() as tasks:
        for item in items:
            tasks.write(b"[\n" if not written.count else b",\n")
            tasks.write(json.dumps(_task(item)).encode())
            written.add(item)
        tasks.write(b"\n]\n" if written.count else b"[]\n")
        tasks.seek(0)
        archive = NewArchive(file)
        archive.add("label-config.xml", CONFIG.encode())
        archive.add("tasks.json", tasks)
        archive.close()
    return written


def _task(item: Item) -> dict[str, Any]:
    picture, ending = picture_of(item)
    told = {"split": item.split, "origin": item.origin, "who": item.who, "when": item.when}
    kept = {} if picture == item.picture else {"ink": ink_text(item)}
    choice = NO_DIGIT_FOLDER if item.label == NO_DIGIT else item.label
    result = {
        "id": f"sample-{item.name}",
        "from_name": "digit",
        "to_name": "image",
        "type": "choices",
        "value": {"choices": [choice]},
    }
    return {
        "id": int(item.name),
        "data": {"image": data_uri(picture, KINDS.get(ending, ending)), **told, **kept},
        "annotations": [{"result": [result]}],
    }
