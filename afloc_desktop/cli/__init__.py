"""The command line: one module per family of verbs."""


def main() -> int:
    return 2
