import argparse

from afloc_training.verbs import add_verb


def test_a_verb_speaks_json_where_asked_and_ends_its_help_with_the_example():
    parser = argparse.ArgumentParser()
    verb = add_verb(parser.add_subparsers(), "look", "look at it", "example:\n  look here\n")
    assert parser.parse_args(["look", "--json"]).json
    assert verb.format_help().rstrip().endswith("example:\n  look here")
