"""Settings of the lake: where it is, and how a bucket is reached."""

from __future__ import annotations

from pydantic import Field

from footfall.parts import NotEmpty, Part, Secret


class LakeSettings(Part):
    """Where the tables are stored: a folder, or a bucket of an object store."""

    address: NotEmpty = Field(
        default="lake",
        description='A folder, relative to this file; or "s3://bucket/folder", also az:// and gs://.',
    )
    endpoint: str = Field(
        default="",
        description="The address of the object store, where it is not the provider's, such as http://minio:9000.",
    )
    region: str = Field(default="", description="The region of the bucket; by default what AWS_REGION says.")
    credentials: dict[str, Secret] = Field(
        default={},
        description="Credentials by the names of the object store, such as access_key_id and secret_access_key.",
    )
    options: dict[str, str] = Field(default={}, description="Further options of the object store.")

    @property
    def access(self) -> dict[str, str]:
        """What the object store needs. Raises UnsetError for a variable that is not set."""
        given = {"endpoint": self.endpoint, "region": self.region, **self.options}
        secrets = {name: secret.reveal() for name, secret in self.credentials.items()}
        return {name: value for name, value in {**given, **secrets}.items() if value}
