"""The upgrade token, made and checked by hand from section 2 of the contract."""
import base64
import hashlib
import hmac
from dataclasses import dataclass


@dataclass
class Claims:
    gateway_id: str
    exp: int
    signature: str


def signature_of(gateway_id, exp, secret):
    return hmac.new(secret.encode(), f"{gateway_id}:{exp}".encode(), hashlib.sha256).hexdigest()


def token_of(gateway_id, exp, secret):
    raw = f"{gateway_id}:{exp}:{signature_of(gateway_id, exp, secret)}"
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def claims_of(token):
    """The three parts of a token; ValueError when it is none."""
    if token is None or "=" in token:
        raise ValueError(f"not an unpadded token: {token!r}")
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    gateway_id, exp, signature = raw.rsplit(":", 2)
    return Claims(gateway_id, int(exp), signature)


def genuine(token, secret, now):
    """Whether the token is signed with the secret and still good at `now`."""
    try:
        claims = claims_of(token)
    except ValueError:
        return False
    if claims.exp and claims.exp < now:
        return False
    return hmac.compare_digest(claims.signature, signature_of(claims.gateway_id, claims.exp, secret))
