"""The site workbench: from the films and reports a site has to a store that can be trained on."""
