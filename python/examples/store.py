"""A store of envelopes as a job sees it: a folder or any file system of pyarrow, for example s3://bucket/prefix.

A job reads and writes headers alone, 284 bytes an object: the body of an envelope does not change. The output has a new header
under each name; whoever decrypts puts the header before the body, which begins at byte 284 of the old envelope."""

import os
import uuid
from collections.abc import Iterator

import pyarrow
import pyarrow.fs

HEADER = 284


class Store:
    """Objects below a place."""

    def __init__(self, place: str) -> None:
        if "://" not in place:
            place = os.path.abspath(place)
        self.files, self.root = pyarrow.fs.FileSystem.from_uri(place)

    def path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def names(self) -> list[str]:
        """The names of all objects, relative to the place."""
        found = self.files.get_file_info(pyarrow.fs.FileSelector(self.root, recursive=True))
        return sorted(info.path[len(self.root) + 1 :] for info in found if info.is_file)

    def read(self, name: str) -> bytes:
        """The first bytes of an object, or all of it where it is shorter than a header."""
        with self.files.open_input_file(self.path(name)) as file:
            return bytes(file.read_at(min(HEADER, file.size()), 0))

    def write(self, name: str, header: bytes) -> str | None:
        """Writes a new object. An object that is there already stays; it is an error if it is another one."""
        path = self.path(name)
        if self.files.get_file_info(path).is_file:
            return None if self.read(name) == header else "the output exists and is not this envelope under this key"
        if self.files.type_name != "local":
            with self.files.open_output_stream(path) as file:  # an object appears when it is whole
                file.write(header)
            return None
        self.files.create_dir(os.path.dirname(path), recursive=True)
        temporary = f"{path}.{uuid.uuid4().hex}.tmp"
        with self.files.open_output_stream(temporary) as file:
            file.write(header)
        self.files.move(temporary, path)
        return None


def reencrypt_headers(prepared: object, names: Iterator[str], source: Store, target: Store) -> pyarrow.Table:
    """Re-encrypts the headers of these objects. Gives each name with its error, which is null if there is none."""
    listed = list(names)
    heads: list[bytes | None] = []
    errors: list[str | None] = []
    for name in listed:
        try:
            heads.append(source.read(name))
            errors.append(None)
        except OSError as error:
            heads.append(None)
            errors.append(str(error))
    batch = prepared.reencrypt_headers(pyarrow.array(heads, pyarrow.binary()))  # type: ignore[attr-defined]
    for row, name in enumerate(listed):
        header = batch.values[row]
        errors[row] = errors[row] or batch.errors[row] or target.write(name, header)
    return pyarrow.table({"name": listed, "error": pyarrow.array(errors, pyarrow.string())})
