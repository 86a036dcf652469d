"""Multipart bodies as a browser makes them."""

BOUNDARY = "----made-by-a-test"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def body_of(files, added=None, **fields):
    """A form with text fields, (name, content) of files, and the contents of files that are added by field."""
    parts = [f'form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    for name, content in files:
        head = f'form-data; name="files"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        parts.append(head.encode() + content)
    for field, content in (added or {}).items():
        parts.append(f'form-data; name="{field}"; filename="any name"\r\n\r\n'.encode() + content)
    start = f"--{BOUNDARY}\r\nContent-Disposition: ".encode()
    return b"".join(start + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()
