import pytest
from trees import NOON, imagined

from dedupe.organize.keep.messengers import messenger_of
from dedupe.organize.keep.provenance import has, signs_of_a_copy, weight


@pytest.mark.parametrize(
    ("name", "messenger"),
    [
        ("IMG-20230101-WA0001.jpg", "WhatsApp"),
        ("IMG-20230101-WA0001(1).jpg", "WhatsApp"),
        ("img-20230101-wa0001-edited.jpeg", "WhatsApp"),
        ("WhatsApp Image 2023-01-01 at 12.00.00.jpeg", "WhatsApp"),
        ("WhatsApp Image 2023-01-01 at 9.05.00 PM (2).jpeg", "WhatsApp"),
        ("signal-2023-01-01-12-00-00-123.jpg", "Signal"),
        ("photo_2023-01-01_12-00-00 (2).jpg", "Telegram"),
        ("FB_IMG_1523456789012.jpg", "Facebook"),
        ("received_1234567890123456.jpeg", "Facebook"),
        ("12345678_1234567890123456_1234567890123456789_n.jpg", "Facebook"),
        ("IMG-0123456789abcdef0123456789abcdef-V.jpg", "Viber"),
        ("viber_image_2023-01-01_12-00-00-123.jpg", "Viber"),
        ("Snapchat-1234567890.jpg", "Snapchat"),
        ("mmexport1523456789012.jpg", "WeChat"),
        ("微信图片_20230101120000.jpg", "WeChat"),
        ("KakaoTalk_20230101_120000123.jpg", "KakaoTalk"),
        ("S__12345678.jpg", "LINE"),
        ("threema-20230101-120000123.jpg", "Threema"),
        ("z1234567890123_0123456789abcdef0123456789abcdef.jpg", "Zalo"),
        ("Image from iOS (1).jpg", "Slack"),
    ],
)
def test_the_names_of_messengers_are_known(name: str, messenger: str) -> None:
    assert messenger_of(name) == messenger


@pytest.mark.parametrize(
    "name",
    [
        *(
            "IMG_20190714_101512.jpg",
            "IMG_20200101_120000_123.jpg",
            "DSC_0412.JPG",
            "IMG_2041.HEIC",
        ),
        *(
            "IMG_2041.HEIC",
            "PXL_20230101_120000123.jpg",
            "20190714_101512.jpg",
            "photo.jpg",
            "photo 3.jpg",
        ),
        *("wx_camera_1523456789012.jpg", "1523456789012.jpg", "image0.jpg", "signal.jpg"),
        *("my IMG-20230101-WA0001.jpg", "received.jpg", "\udcff.jpg", ""),
    ],
)
def test_the_names_of_cameras_and_people_are_no_messengers(name: str) -> None:
    assert messenger_of(name) == ""


def test_a_photo_as_the_camera_wrote_it_has_no_sign_of_a_copy() -> None:
    known = {"camera": "Canon EOS 450D", "taken": NOON, "gps": True, "software": "Ver.1.00"}
    assert signs_of_a_copy(imagined("/p/IMG_2041.JPG", **known)) == ()


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ({"camera": ""}, "has its camera"),
        ({"taken": None}, "has its capture time"),
        ({"gps": False}, "has GPS"),
        ({"camera": "", "gps": False}, "has its camera and GPS"),
        ({"camera": "", "taken": None, "gps": False}, "has its capture time, camera and GPS"),
    ],
)
def test_what_a_copy_lost_is_said_of_the_one_that_has_it(
    lost: dict[str, object], words: str
) -> None:
    known = {"camera": "Canon EOS 450D", "taken": NOON, "gps": True}
    best, other = imagined("/a", **known), imagined("/b", **{**known, **lost})
    assert has(best, other) == words
    assert has(other, best) == ""
    assert weight(best) < weight(other)


@pytest.mark.parametrize("editor", ["Adobe Photoshop CC 2019", "GIMP 2.10.8", "Snapseed 2.0"])
def test_an_editor_leaves_its_name(editor: str) -> None:
    (sign,) = signs_of_a_copy(imagined("/a", camera="Canon", taken=NOON, gps=True, software=editor))
    assert sign.words == f"was saved by {editor}"
