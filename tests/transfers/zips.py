import zipfile
from io import BytesIO


def zipped(files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()
