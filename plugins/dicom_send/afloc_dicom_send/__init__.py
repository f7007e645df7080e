"""Sends exported DICOM objects to an archive. A program of its own: the station has no network."""
