import exported
import pytest


@pytest.fixture
def image(tmp_path):
    """A DX film of 120 x 100 pixels with its patient."""
    return exported.film(
        tmp_path / "source",
        PixelSpacing=[0.2, 0.2],
        PatientBirthDate="19700203",
        PatientSex="F",
        AccessionNumber="A-17",
    )


@pytest.fixture
def page(image):
    """The film with an effusion and a kite of unlisted words."""
    return exported.page_of(
        image,
        exported.statement(image),
        exported.statement(
            image, "odd kite", finding_id="text", origin="typed", regions=(exported.KITE,)
        ),
    )
