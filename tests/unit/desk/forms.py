"""Multipart bodies as a browser makes them."""

BOUNDARY = "----made-by-a-test"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def body_of(files, **fields):
    """A form with text fields and (name, content) of files."""
    parts = [f'form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    for name, content in files:
        head = f'form-data; name="files"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        parts.append(head.encode() + content)
    start = f"--{BOUNDARY}\r\nContent-Disposition: ".encode()
    return b"".join(start + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()
