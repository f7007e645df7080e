"""What the DICOM plugin reads from files."""
