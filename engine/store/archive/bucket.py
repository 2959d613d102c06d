"""A connection to an S3-compatible bucket, and sentences for what it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import fs

from ...model.errors import CredentialError, SpymonError, StoreError

_REFUSED = frozenset(
    {"ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "INVALID_SIGNATURE", "SIGNATURE_DOES_NOT_MATCH"}
)
_CODE = re.compile(r"AWS Error ([A-Z_]+)")


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """Where a bucket is, and its keys, which are never shown; `endpoint` None is Amazon's own."""

    bucket: str
    endpoint: str | None
    access_key: str
    secret_key: str

    def __repr__(self) -> str:
        return f"BucketAddress({self.bucket!r} at {self.endpoint or 'Amazon S3'})"


class UnusableError(StoreError):
    """The whole object store cannot be used, not one file of it."""


def no_bucket(bucket: str) -> UnusableError:
    return UnusableError(f"The object store has no bucket {bucket}; create it, or mend S3_BUCKET.")


@contextmanager
def errors_as_sentences(bucket: str) -> Iterator[None]:
    """Turn what the object store says into one sentence; its own may repeat a key, and is not cited."""
    try:
        yield
    except SpymonError:
        raise
    except pa.ArrowInvalid:
        raise UnusableError(f"S3_BUCKET is no name of a bucket: {bucket!r}; write the bare name.") from None
    except OSError as error:
        if error.filename is not None:  # a file of ours
            raise
        found = _CODE.search(str(error))
        code = found[1] if found else ""
        if code in _REFUSED:
            raise CredentialError(
                f"The object store refuses the keys for {bucket} ({code}); "
                "check S3_ACCESS_KEY and S3_SECRET_KEY."
            ) from None
        if code == "NO_SUCH_BUCKET" or "does not exist" in str(error).lower():
            raise no_bucket(bucket) from None
        raise UnusableError(
            f"The object store of {bucket} cannot be used ({code or 'no answer'}); "
            "check S3_ENDPOINT and try again."
        ) from None


def connect(address: BucketAddress) -> fs.S3FileSystem:
    """Return a bucket's file system; nothing is asked of it yet but, of Amazon, the bucket's region."""
    with errors_as_sentences(address.bucket):
        where = (
            {"endpoint_override": address.endpoint, "region": "us-east-1"}
            if address.endpoint
            else {"region": fs.resolve_s3_region(address.bucket)}
        )
        return fs.S3FileSystem(
            access_key=address.access_key,
            secret_key=address.secret_key,
            connect_timeout=5,
            request_timeout=30,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=3),
            **where,
        )
