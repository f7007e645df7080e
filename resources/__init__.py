"""Files the application ships: model bundles, the sample study, icons and documents.

Installed as the package `afloc_resources`, so that a wheel, an editable install and a frozen
program all find them through `importlib.resources`.
"""
