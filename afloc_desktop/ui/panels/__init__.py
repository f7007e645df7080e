"""Panels beside the film: each renders the state and turns intent into one call."""
