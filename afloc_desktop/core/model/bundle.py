"""A model bundle on disk: no byte of it is used that was not checked against its manifest."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop import __version__
from afloc_desktop.core.domain import FloatArray, read_only
from afloc_desktop.core.errors import (
    BundleCorrupt,
    BundleError,
    BundleIncompatible,
    BundleMissing,
)
from afloc_desktop.core.model.manifest import Manifest, load_manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MANIFEST = "bundle.json"
GATE = "gate.npz"
REQUIRED = (
    "image.onnx",
    "text.onnx",
    "tokenizer.json",
    "findings.npz",
    "selftest.npz",
    "MODEL_CARD.md",
)
_MAX_MANIFEST_BYTES = 1 << 20
_MAX_FILE_BYTES = 1 << 30
_BLOCK_BYTES = 1 << 20
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
# An ONNX tensor kept outside its file names it under the key "location" (onnx.proto3,
# TensorProto.external_data). Such a file escapes the hashes, so it is refused outright.
_EXTERNAL_DATA = b"\n\x08location\x12"
_GET_AGAIN = "Get the bundle again from its maker."


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose manifest fits; whose files are verified whenever they are read.

    Attributes:
        folder: Where it lies.
        manifest: What it says of itself.
        sha256: Of `bundle.json`, which holds the hash of every other file: the model's identity.
    """

    folder: Path
    manifest: Manifest
    sha256: str

    def read(self, name: str) -> bytes:
        """A file of the bundle, verified: nothing is parsed that was not hashed.

        Raises:
            BundleMissing: It is absent.
            BundleCorrupt: It is not what the manifest names, or keeps weights elsewhere.
        """
        blocks: list[bytes] = []
        _check_file(self.folder, name, self.manifest.files[name], blocks.append)
        return b"".join(blocks)

    def path(self, name: str) -> Path:
        """Where a file of the bundle lies, verified now.

        For onnxruntime, which keeps the bytes it is given beside what it makes of them: 431 MB of
        a text network, for nothing. They are not held for the check either.

        Raises:
            BundleMissing: It is absent.
            BundleCorrupt: It is not what the manifest names, or keeps weights elsewhere.
        """
        _check_file(self.folder, name, self.manifest.files[name])
        return self.folder / name


def load_bundle(folder: Path) -> Bundle:
    """Verify a whole bundle folder, every byte of it.

    Raises:
        BundleMissing: The folder, its manifest or a file it needs is absent.
        BundleCorrupt: A file differs from its hash, or holds what no bundle may hold.
        BundleIncompatible: Written for another version of this application.
    """
    bundle = open_bundle(folder)
    for name in bundle.manifest.files:
        bundle.path(name)
    return bundle


def open_bundle(folder: Path) -> Bundle:
    """Read a bundle's manifest; every other file is verified when it is read, and not before.

    A start that hashes a text network of 431 MB first takes several times as long.

    Raises:
        BundleMissing: The folder or its manifest is absent, or it lists no file that it needs.
        BundleCorrupt: The manifest cannot be read or contradicts itself.
        BundleIncompatible: Written for another version of this application.
    """
    raw = _manifest_bytes(folder)
    try:
        manifest = load_manifest(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BundleCorrupt("bundle.json is not UTF-8 text.", remedy=_GET_AGAIN) from error
    _check_version(manifest)
    _check_names(manifest)
    return Bundle(folder, manifest, hashlib.sha256(raw).hexdigest())


def load_finding_vectors(bundle: Bundle) -> dict[str, FloatArray]:
    """Text vectors of the findings the bundle lists, by id, shape (D,); unit length for cosines.

    Raises:
        BundleCorrupt: The table does not fit the manifest.
    """
    arrays = load_arrays(bundle, "findings.npz")
    ids = [finding.id for finding in bundle.manifest.findings]
    vectors = arrays.get("vectors", np.empty(0))
    fits = (
        "ids" in arrays
        and [str(i) for i in arrays["ids"].ravel()] == ids
        and vectors.dtype == np.float32
        and vectors.ndim == 2
        and len(vectors) == len(ids)
        and bool(np.isfinite(vectors).all())
        and _have_length(vectors, bundle.manifest.heatmap.similarity)
    )
    if not fits:
        raise BundleCorrupt("findings.npz does not fit the manifest.", remedy=_GET_AGAIN)
    return {i: read_only(np.ascontiguousarray(v)) for i, v in zip(ids, vectors, strict=True)}


def load_references(bundle: Bundle) -> FloatArray:
    """Sentence vectors of texts about films, shape (texts, D), unit length.

    Raises:
        BundleCorrupt: Not a table of such vectors.
    """
    references = load_arrays(bundle, GATE).get("references", np.empty(0))
    is_table = references.dtype == np.float16 and references.ndim == 2 and len(references) > 0
    vectors = references.astype(np.float32)
    if not is_table or not np.isfinite(vectors).all() or not _have_length(vectors, "cosine"):
        raise BundleCorrupt(f"{GATE} does not fit the manifest.", remedy=_GET_AGAIN)
    return read_only(vectors)


def _have_length(vectors: FloatArray, similarity: str) -> bool:
    lengths = np.linalg.norm(vectors, axis=1)
    right = np.abs(lengths - 1) < 1e-3 if similarity == "cosine" else lengths > 0
    return bool(right.all())


def load_arrays(bundle: Bundle, name: str) -> dict[str, np.ndarray]:
    """All arrays of an `.npz` of the bundle; never unpickles.

    Raises:
        BundleCorrupt: Not a plain, reasonably sized archive of arrays.
    """
    data = io.BytesIO(bundle.read(name))
    try:
        with zipfile.ZipFile(data) as archive:
            claimed = sum(member.file_size for member in archive.infolist())
        if claimed > _MAX_FILE_BYTES:
            raise ValueError("unpacks to more than a gigabyte")
        data.seek(0)
        with np.load(data, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise BundleCorrupt(f"{name} cannot be read: {error}.", remedy=_GET_AGAIN) from error


def is_plain_name(name: str) -> bool:
    """Whether a name can be that of a bundle or of a file in it: it leads nowhere else."""
    return _PLAIN_NAME.fullmatch(name) is not None


def _manifest_bytes(folder: Path) -> bytes:
    path = folder / MANIFEST
    try:
        if path.stat().st_size > _MAX_MANIFEST_BYTES:
            raise BundleCorrupt("bundle.json is larger than 1 MB.", remedy=_GET_AGAIN)
        return path.read_bytes()
    except OSError as error:
        raise BundleMissing(
            f"There is no readable model bundle in the folder {folder.name!r}.",
            remedy="Choose a folder that holds a bundle.json.",
        ) from error


def _check_version(manifest: Manifest) -> None:
    try:
        wanted, have = _parts(manifest.min_app_version), _parts(__version__)
    except ValueError as error:
        raise BundleIncompatible(
            f"min_app_version {manifest.min_app_version!r} is not a version.", remedy=_GET_AGAIN
        ) from error
    if wanted > have:
        raise BundleIncompatible(
            f"The bundle needs version {manifest.min_app_version}; this is {__version__}.",
            remedy="Update the application.",
        )


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _check_names(manifest: Manifest) -> None:
    for name in manifest.files:
        if not is_plain_name(name) or name == MANIFEST:
            raise BundleCorrupt(f"{name!r} is no name for a bundle file.", remedy=_GET_AGAIN)
    for name in (*REQUIRED, *((GATE,) if manifest.gate else ())):
        if name not in manifest.files:
            raise BundleMissing(f"The bundle lists no {name}.", remedy=_GET_AGAIN)
    ids = [finding.id for finding in manifest.findings]
    if not ids or len(set(ids)) != len(ids):
        raise BundleCorrupt("The findings are empty or named twice.", remedy=_GET_AGAIN)
    if manifest.heatmap.level not in manifest.image_outputs:
        raise BundleCorrupt("The heatmap level is no output of the image.", remedy=_GET_AGAIN)
    if not manifest.preprocess.is_consistent:
        raise BundleCorrupt("The steps of preprocessing contradict each other.", remedy=_GET_AGAIN)


def _check_file(
    folder: Path, name: str, digest: str, keep: Callable[[bytes], None] | None = None
) -> None:
    """Read a file block by block; raise if it is not what the manifest names."""
    path = folder / name
    found, is_elsewhere = hashlib.sha256(), False
    over = len(_EXTERNAL_DATA) - 1  # of the block before: what is looked for may lie across both
    held = bytearray(over + _BLOCK_BYTES)
    fresh = memoryview(held)[over:]
    try:
        if path.is_symlink() or not path.is_file():
            raise BundleMissing(f"The bundle's file {name} is absent.", remedy=_GET_AGAIN)
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise BundleCorrupt(f"{name} is larger than a gigabyte.", remedy=_GET_AGAIN)
        with path.open("rb", buffering=0) as stream:
            while count := stream.readinto(fresh):
                found.update(fresh[:count])
                if keep is not None:
                    keep(bytes(fresh[:count]))
                is_elsewhere |= held.find(_EXTERNAL_DATA, 0, over + count) >= 0
                held[:over] = held[count : count + over]
    except OSError as error:
        raise BundleError(f"{name} cannot be read: {error.strerror}.", remedy=_GET_AGAIN) from error
    if found.hexdigest() != digest:
        raise BundleCorrupt(f"{name} is not the file its manifest names.", remedy=_GET_AGAIN)
    if name.endswith(".onnx") and is_elsewhere:
        raise BundleCorrupt(f"{name} keeps weights in another file.", remedy=_GET_AGAIN)
