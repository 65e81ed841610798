"""Reads the settings of an S3 server; they matter with KHO_STORAGE=s3 only."""

from dataclasses import dataclass, field
from typing import Self

from config import env


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """Where the bucket is, who we are there, and how objects are encrypted."""

    bucket: str
    endpoint: str
    public_endpoint: str
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    path_style: bool
    encryption: str
    kms_key_id: str

    @classmethod
    def read(cls, *, used: bool) -> Self:
        """Read and check them; a bucket is only required if the object store is used."""
        what = "an origin such as https://s3.example.com"
        endpoint = env.matching("KHO_S3_ENDPOINT", "", r"https?://[^/\s]+", what)
        store = cls(
            bucket=env.matching("KHO_S3_BUCKET", None if used else "", r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "a bucket"),
            endpoint=endpoint,
            public_endpoint=env.matching("KHO_S3_PUBLIC_ENDPOINT", endpoint, r"https?://[^/\s]+", what),
            region=env.matching("KHO_S3_REGION", "us-east-1", r"[a-z0-9-]+", "a region such as us-east-1"),
            access_key_id=env.text("KHO_S3_ACCESS_KEY_ID", ""),
            secret_access_key=env.text("KHO_S3_SECRET_ACCESS_KEY", ""),
            path_style=env.boolean("KHO_S3_PATH_STYLE", bool(endpoint)),
            encryption=env.matching("KHO_S3_ENCRYPTION", "", r"AES256|aws:kms", "AES256 or aws:kms"),
            kms_key_id=env.text("KHO_S3_KMS_KEY_ID", ""),
        )
        if bool(store.access_key_id) != bool(store.secret_access_key):
            raise env.BadSetting("KHO_S3_ACCESS_KEY_ID", "and KHO_S3_SECRET_ACCESS_KEY must be given together")
        if store.kms_key_id and store.encryption != "aws:kms":
            raise env.BadSetting("KHO_S3_KMS_KEY_ID", "needs KHO_S3_ENCRYPTION=aws:kms")
        return store
