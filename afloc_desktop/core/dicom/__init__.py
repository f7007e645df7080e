"""DICOM in: listing, reading, displaying. The only place that knows DICOM lore."""

# The verb under which a frozen application, which is its own Python, becomes a decoder process.
DECODER_VERB = "serve-as-decoder"
# The verb under which it becomes the reader of one PDF document.
PDF_READER_VERB = "read-pdf"
