"""What the jobs for Ray and Spark share: their arguments, and stores of envelopes.

A store is a folder or any file system of pyarrow, for example s3://bucket/prefix. A job reads and writes headers alone, 284
bytes an object: the body of an envelope does not change. The output has a new header under each name; whoever decrypts puts
the header before the body, which begins at byte 284 of the old envelope."""

import argparse
import os
import uuid

import pyarrow
import pyarrow.fs

import phi_pre

HEADER = 284


def arguments(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["capsules", "envelopes"])
    parser.add_argument("--rekey", required=True, help="a key file of phi-pre rekey, which every worker can read")
    parser.add_argument("--in", dest="source", required=True)
    parser.add_argument("--out", dest="target", required=True)
    return parser


def checked(rekey: str) -> str:
    """The path of the key for the workers. An unreadable key is an error before anything starts."""
    phi_pre.ReKey.read(rekey)
    return os.path.abspath(rekey)


def closed(refused: int | list[tuple[str, str]], seconds: float) -> int:
    """Prints what was refused. Returns the exit code."""
    if not isinstance(refused, int):
        for name, why in refused:
            print(f"refused   {name!r}: {why}")
        refused = len(refused)
    print(f"{refused} refused; {seconds:.1f} s")
    return 1 if refused else 0


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
        """Writes a new object. An existing object stays. If its header differs, the result is an error."""
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


def reencrypt_headers(prepared: phi_pre.PreparedReKey, names: list[str], source: Store, target: Store) -> pyarrow.Table:
    """Re-encrypts the headers of these objects. Gives each name with its error, which is null if there is none."""
    heads: list[bytes | None] = []
    errors: list[str | None] = []
    for name in names:
        try:
            heads.append(source.read(name))
            errors.append(None)
        except OSError as error:
            heads.append(None)
            errors.append(str(error))
    batch = prepared.reencrypt_headers(pyarrow.array(heads, pyarrow.binary()))
    for row, name in enumerate(names):
        header = batch.values[row]
        errors[row] = errors[row] or batch.errors[row] or target.write(name, header)
    return pyarrow.table({"name": names, "error": pyarrow.array(errors, pyarrow.string())})
