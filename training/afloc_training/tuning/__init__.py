"""The default model goes on learning from a site's films and what their reports say."""
