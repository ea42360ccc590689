import pytest

from hillotype.studio.names import free_name, result_name, safe_name


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("a.jpg", "a.jpg"),
        ("album/a b.jpg", "album/a b.jpg"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\Users\\a.jpg", "C_/Users/a.jpg"),
        ("a\r\nSet-Cookie: x\x00.jpg", "aSet-Cookie_ x.jpg"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("<img src=x>.png", "_img src=x_.png"),
        ("...", "picture"),
        ("", "picture"),
        ("./.hidden ", "hidden"),
        ("Öma 祖母.jpg", "Öma 祖母.jpg"),
    ],
)
def test_names_are_made_harmless(given, made):
    assert safe_name(given) == made


def test_long_and_deep_names_are_cut_and_keep_their_suffix():
    name = safe_name("/".join("x" * 500 for _ in range(50)) + ".jpg")
    assert name.endswith(".jpg")
    assert len(name) < 1000


def test_results_are_named_after_the_picture():
    assert result_name("album/a.b.jpg", "restore", ".png") == "album/a.b-restored.png"
    assert result_name("picture", "denoise", ".jpg") == "picture-denoised.jpg"


def test_a_name_that_is_taken_gets_a_number():
    taken = {"b/a.jpg", "b/a (2).jpg"}
    assert free_name("b/A.jpg", taken) == "b/A (3).jpg"
    assert free_name("a.jpg", taken) == "a.jpg"
