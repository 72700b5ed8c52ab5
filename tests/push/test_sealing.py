"""What we seal is what the standard says, and the library webpush would have signed the same."""

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from webpush import VAPID

from app.push import sealing

# RFC 8291, appendix A.
TEXT = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
PHONE = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A"
    "_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_the_standard_comes_out_byte_for_byte():
    key = ec.derive_private_key(int.from_bytes(sealing.decoded(SENDER, 32), "big"), ec.SECP256R1())

    assert sealing.encoded(sealing.sealed_with(key, sealing.decoded(SALT, 16), TEXT, PHONE, AUTH)) == SEALED


def test_each_message_has_a_key_and_a_salt_of_its_own():
    made = [sealing.seal(TEXT, PHONE, AUTH) for _ in range(50)]

    assert len({one[:16] for one in made}) == len({one[21:86] for one in made}) == 50


def test_what_we_sign_is_read_by_another_program():
    key = ec.generate_private_key(ec.SECP256R1())

    header = sealing.signed(key, "https://fcm.googleapis.com", "mailto:a@example.invalid", expires=4_000_000_000)

    token, k = header.removeprefix("vapid t=").split(",k=")
    claims = jwt.decode(token, key.public_key(), ["ES256"], audience="https://fcm.googleapis.com")
    assert claims == {"aud": "https://fcm.googleapis.com", "exp": 4_000_000_000, "sub": "mailto:a@example.invalid"}
    assert k == VAPID.get_application_server_key(key.public_key())


@pytest.mark.parametrize(("p256dh", "auth"), [("AAAA", AUTH), (PHONE, "AAAA"), ("æøå", AUTH), (PHONE[:-1] + "A", AUTH)])
def test_what_is_no_key_seals_nothing(p256dh, auth):
    with pytest.raises(ValueError, match=r".+"):
        sealing.seal(TEXT, p256dh, auth)
