"""Callback signatures and the AES envelope (https://developers.weixin.qq.com/doc/service/guide/dev/push/).

wechatpy supplies signer, cipher and padding; what it leaves out is here: constant-time comparison, strict unpadding,
randomness from the system.
"""

import base64
import hmac
import os
import struct

from cryptography.hazmat.primitives.padding import PKCS7
from wechatpy.crypto import PrpCrypto
from wechatpy.crypto.cryptography import WeChatCipher
from wechatpy.utils import WeChatSigner

#: WeChat pads to 32 bytes, two AES blocks.
_PADDING_BITS = 256
_RANDOM_BYTES = 16
_LENGTH_BYTES = 4


class BadEnvelope(Exception):
    """The ciphertext is not one that WeChat made for this account."""


def sign(*parts: str) -> str:
    """Hex SHA-1 of the sorted parts: (token, timestamp, nonce), and the ciphertext in AES mode."""
    signer = WeChatSigner()
    signer.add_data(*(part.encode("utf-8", "replace") for part in parts))
    return str(signer.signature)


def same(left: str, right: str) -> bool:
    """Equality in constant time."""
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))


def decrypt(ciphertext: str, aes_key: str, app_id: str) -> bytes:
    """The message inside; raises BadEnvelope for every fault alike."""
    try:
        message, owner = _split(
            _unpad(WeChatCipher(_key(aes_key)).decrypt(base64.b64decode(ciphertext, validate=True)))
        )
    except (ValueError, struct.error):
        raise BadEnvelope from None
    if not hmac.compare_digest(owner, app_id.encode()):
        raise BadEnvelope
    return message


def encrypt(message: str, aes_key: str, app_id: str) -> str:
    """The message in base64, as `Encrypt` holds it."""
    return _Prp(_key(aes_key)).encrypt(message, app_id).decode("ascii")


class _Prp(PrpCrypto):
    def get_random_string(self) -> bytes:
        return os.urandom(_RANDOM_BYTES)


def _key(aes_key: str) -> bytes:
    return base64.b64decode(aes_key + "=")


def _unpad(padded: bytes) -> bytes:
    unpadder = PKCS7(_PADDING_BITS).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def _split(plain: bytes) -> tuple[bytes, bytes]:
    start = _RANDOM_BYTES + _LENGTH_BYTES
    (length,) = struct.unpack(">I", plain[_RANDOM_BYTES:start])
    if start + length > len(plain):
        raise ValueError
    return plain[start : start + length], plain[start + length :]
