"""DICOM in: listing, reading, displaying. The only place that knows DICOM lore."""
