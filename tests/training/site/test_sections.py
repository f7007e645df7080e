from __future__ import annotations

from afloc_training.site.sections import parse_sections


def kept(report: str) -> list[tuple[str, str]]:
    return [(s.kind, s.text) for s in parse_sections(report) if s.kind != "left_out"]


def test_findings_and_impression_stay_and_the_rest_goes():
    report = (
        "EXAMINATION: CHEST PA\nINDICATION: Cough.\nCOMPARISON: None.\nTECHNIQUE: PA and lateral.\n"
        "FINDINGS: The heart is enlarged.\nIMPRESSION: Cardiomegaly.\n"
        "Electronically signed by somebody"
    )
    assert kept(report) == [("findings", "The heart is enlarged."), ("impression", "Cardiomegaly.")]


def test_headings_are_found_inside_a_line():
    report = "INDICATION: Cough. FINDINGS: Clear lungs. IMPRESSION: Normal."
    assert kept(report) == [("findings", "Clear lungs."), ("impression", "Normal.")]
    report = "Presentation: Cough. . Imaging Notes: Clear lungs. Discussion: Rare."
    assert kept(report) == [("findings", "Clear lungs.")]


def test_a_report_without_headings_is_all_findings():
    assert kept("The lungs are clear.\n\nNo effusion.") == [
        ("findings", "The lungs are clear.\n\nNo effusion.")
    ]


def test_words_that_are_headings_elsewhere_stay_in_their_sentence():
    report = (
        "The findings are stable: no change. In comparison to the history of the heart, larger."
    )
    assert kept(report) == [("findings", report)]


def test_findings_below_a_left_out_heading_are_recovered():
    report = "COMPARISON: Prior film.\n\nThe lungs are clear. No effusion."
    assert kept(report) == [("findings", "The lungs are clear. No effusion.")]


def test_a_letterhead_is_left_out():
    report = "GENERAL HOSPITAL\nRadiology\n\nFINDINGS:\nClear lungs."
    assert kept(report) == [("findings", "Clear lungs.")]


def test_a_heading_on_a_line_of_its_own_needs_no_colon_in_capitals():
    assert kept("FINDINGS\nClear lungs.\nIMPRESSION\nNormal.") == [
        ("findings", "Clear lungs."),
        ("impression", "Normal."),
    ]


def test_line_ends_of_other_systems_are_line_ends():
    assert kept("HISTORY: Cough.\r\nFINDINGS: Clear.\rIMPRESSION: Normal.") == [
        ("findings", "Clear."),
        ("impression", "Normal."),
    ]


def test_a_report_of_left_out_sections_alone_has_nothing():
    assert kept("INDICATION: Cough.\nTECHNIQUE: PA.") == []
