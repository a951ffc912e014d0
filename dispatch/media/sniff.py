"""What a file is, by its first bytes. Names and declared types are the sender's word and are not asked."""

#: How many bytes `sniff` wants to see.
HEAD_BYTES = 64

IMAGE_TYPES = frozenset({"jpeg", "png", "gif", "webp", "heic"})
VOICE_TYPES = frozenset({"amr", "amr-wb", "ogg", "mp3", "aac", "mp4", "webm", "wav", "silk"})

_PREFIXES = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"#!AMR\n", "amr"),  # RFC 4867, section 5
    (b"#!AMR-WB\n", "amr-wb"),
    (b"#!SILK_V3", "silk"),
    (b"\x02#!SILK_V3", "silk"),  # as WeChat's own clients store it
    (b"OggS", "ogg"),
    (b"\x1aE\xdf\xa3", "webm"),
    (b"ID3", "mp3"),
)
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})


def sniff(head: bytes) -> str | None:
    """One of `IMAGE_TYPES` or `VOICE_TYPES`, or None for anything else. `head`: the first `HEAD_BYTES` of the file."""
    for prefix, name in _PREFIXES:
        if head.startswith(prefix):
            return name
    if head[:4] == b"RIFF":
        return {b"WEBP": "webp", b"WAVE": "wav"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    return _mpeg_audio(head)


def _iso_media(head: bytes) -> str | None:
    """ISO 14496-12: the major brand, then (after a version) the compatible ones."""
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, min(int.from_bytes(head[:4], "big"), len(head)), 4))}
    if brands & _AVIF_BRANDS:
        return None
    return "heic" if brands & _HEIC_BRANDS else "mp4"


def _mpeg_audio(head: bytes) -> str | None:
    """A frame's sync word: ADTS has layer 0 (ISO 13818-7), MP3 has layer III (ISO 11172-3)."""
    if len(head) < 3 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        return "aac"
    valid_rates = head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3
    return "mp3" if head[1] & 0xE6 == 0xE2 and valid_rates else None
