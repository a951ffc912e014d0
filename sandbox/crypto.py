"""Signatures and the AES envelope of callbacks (wechat.md section 1), on `cryptography` rather than on wechatpy, which
the application uses: two readings of the same rules check each other."""

import base64
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


def signature(*parts: str) -> str:
    """Hex SHA-1 of the parts, sorted as strings and joined: token, time stamp, nonce and, in AES mode, Encrypt."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def jsapi_signature(ticket: str, nonce: str, timestamp: str, url: str) -> str:
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    return hashlib.sha1(text.encode()).hexdigest()


class Envelope:
    """AES-256-CBC with the IV in the key, PKCS#7 to 32 bytes; inside: 16 random bytes, length, text, app id."""

    def __init__(self, encoding_aes_key: str, app_id: str) -> None:
        self._key = base64.b64decode(encoding_aes_key + "=")
        if len(self._key) != BLOCK:
            raise ValueError("an EncodingAESKey has 43 characters")
        self._app_id = app_id

    def seal(self, text: str, random: bytes | None = None) -> str:
        body = text.encode()
        plain = (random or secrets.token_bytes(16)) + len(body).to_bytes(4, "big") + body + self._app_id.encode()
        padding = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher().encryptor()
        sealed = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def open(self, sealed: str) -> str:
        """Raises ValueError for anything that is not a sealed text for this app id."""
        decryptor = self._cipher().decryptor()
        plain = decryptor.update(base64.b64decode(sealed, validate=True)) + decryptor.finalize()
        padding = plain[-1] if plain else 0
        if not 1 <= padding <= BLOCK or plain[-padding:] != bytes([padding]) * padding:
            raise ValueError("bad padding")
        length = int.from_bytes(plain[16:20], "big")
        text, app_id = plain[20 : 20 + length], plain[20 + length : -padding]
        if app_id != self._app_id.encode():
            raise ValueError("foreign app id")
        return text.decode()

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))
