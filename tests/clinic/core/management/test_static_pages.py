from django.core.management import call_command

from clinic.core import lines


def test_both_pages_give_the_emergency_line_and_the_telephone_without_a_database(tmp_path, settings):
    call_command("static_pages", tmp_path / "pages", verbosity=0)
    for name in ("429.html", "503.html"):
        page = (tmp_path / "pages" / name).read_text()
        assert lines.emergency().html in page
        assert settings.CLINIC_PHONE in page
