"""Moving a workspace: export to plain files, and import elsewhere.

manifest    what an export holds, as manifest.json says it
rows        rows of files and tables, and the hash that tells whether they are the same
exporting   a workspace → a folder
importing   a folder → a workspace, by the tables' own rules
marks       activity that was marked by an application, both ways
launches    aggregates of Binder launches in Feather
"""

from footfall.moving.exporting import export
from footfall.moving.importing import Imported, import_export
from footfall.moving.manifest import Manifest

__all__ = ["Imported", "Manifest", "export", "import_export"]
