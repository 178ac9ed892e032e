"""Where the files of a lake are stored: in a folder, or in a bucket of an object store.

seam      what the rest of the lake asks of a storage
finding   which storage has the files at a path
folder    a folder of this machine
remote    the requests to an object store, and what its refusals mean
bucket    a bucket with a working copy on this machine, which DuckDB and deltalake read
"""

from footfall.lake.storage.finding import storage_of
from footfall.lake.storage.folder import Folder
from footfall.lake.storage.opening import objects_at, open_storage
from footfall.lake.storage.seam import Objects, Storage

__all__ = ["Folder", "Objects", "Storage", "objects_at", "open_storage", "storage_of"]
