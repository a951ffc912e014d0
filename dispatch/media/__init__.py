"""Pictures and voice as a browser can show them. Pure functions on files: no models, no Django, no network."""

from .errors import MediaInterrupted, MediaRefused
from .isolated import Processed, process
from .sniff import IMAGE_TYPES, VOICE_TYPES, sniff

__all__ = ["IMAGE_TYPES", "VOICE_TYPES", "MediaInterrupted", "MediaRefused", "Processed", "process", "sniff"]
