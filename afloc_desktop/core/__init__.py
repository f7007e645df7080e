"""Values and pure functions: DICOM in, heatmap, findings, results out. No Qt, no torch."""
