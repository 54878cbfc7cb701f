"""The names that messengers give to the photos they save: small copies without their history."""

import re
from functools import cache

# Each as the program writes it, on phones and computers; (1) or -edited may stand behind.
# Left out are names that cameras write as well: IMG_20200101_120000_123.jpg (Telegram on
# Android, Instagram and phones), image0.jpg (Discord and others), 1523456789012.jpg (LINE and
# others), and wx_camera_..., which is WeChat's own camera.
_NAMES = {
    "WhatsApp": (
        r"IMG-\d{8}-WA\d{4,}",  # IMG-20230101-WA0001.jpg: Android
        # WhatsApp Image 2023-01-01 at 12.00.00.jpeg: computers and iPhones
        r"WhatsApp Image \d{4}-\d\d-\d\d at \d\d?[.:]\d\d",
    ),
    "Signal": (r"signal-(?:attachment-)?\d{4}-\d\d-\d\d",),  # signal-2023-01-01-12-00-00-123.jpg
    "Telegram": (r"photo_\d{4}-\d\d-\d\d[_ ]\d\d-\d\d-\d\d",),  # photo_2023-01-01_12-00-00.jpg
    "Facebook": (
        r"FB_IMG_\d{13}",  # FB_IMG_1523456789012.jpg
        r"received_\d{10,}",  # received_1234567890123456.jpeg: Messenger
        r"\d{6,}_\d{10,}_\d{10,}_[no]",  # 12345678_1234567890123456_1234567890123456789_n.jpg
    ),
    "Viber": (
        r"IMG-[0-9a-f]{32}-V",  # IMG-0123456789abcdef0123456789abcdef-V.jpg
        r"viber[_ ]image[_ ]\d{4}-\d\d-\d\d",  # viber_image_2023-01-01_12-00-00-123.jpg
    ),
    "Snapchat": (r"Snapchat-\d{6,}",),  # Snapchat-1234567890.jpg
    "WeChat": (
        r"mmexport\d{13}",  # mmexport1523456789012.jpg
        r"(?:WeChat Image|微信图片)_\d{8,}",  # WeChat Image_20230101120000.jpg
    ),
    "KakaoTalk": (r"KakaoTalk_(?:Photo_)?\d{4}-?\d\d-?\d\d",),  # KakaoTalk_20230101_120000123.jpg
    "LINE": (r"(?:LINE_ALBUM_|S__\d{7,})",),  # S__12345678.jpg
    "Threema": (r"threema-\d{8}-\d{6}",),  # threema-20230101-120000123.jpg
    "Zalo": (r"z\d{13}_[0-9a-f]{32}",),  # z1234567890123_0123456789abcdef0123456789abcdef.jpg
    "Slack": (r"Image from (?:iOS|Android)",),  # Image from iOS.jpg
}


def messenger_of(name: str) -> str:
    """Which messenger names photos like this; "" where none does.

    Args:
        name: of the file, without its folder. What is copied or edited keeps the beginning
            of its name, so only that is looked at.
    """
    found = _pattern().match(name)
    return found.lastgroup or "" if found else ""


@cache  # not while the command starts
def _pattern() -> re.Pattern[str]:
    groups = (f"(?P<{messenger}>{'|'.join(names)})" for messenger, names in _NAMES.items())
    return re.compile("|".join(groups), re.IGNORECASE)
