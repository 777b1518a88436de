"""Descriptors and inbound events as section 4 and 5 of the contract describe them."""
import itertools

_numbers = itertools.count(1)

DESCRIPTORS = {
    "discord": {"contract_version": 1, "platform": "discord", "label": "Discord", "max_message_length": 2000,
                "supports_draft_streaming": False, "supports_edit": True, "supports_threads": True,
                "markdown_dialect": "discord", "len_unit": "chars",
                "supported_ops": ["send", "edit", "typing", "follow_up", "react", "delete", "get_chat_info",
                                  "thread_create", "thread_rename", "prompt"]},
    "telegram": {"contract_version": 1, "platform": "telegram", "label": "Telegram", "max_message_length": 4096,
                 "supports_draft_streaming": False, "supports_edit": True, "supports_threads": False,
                 "markdown_dialect": "markdown_v2", "len_unit": "utf16"},
    "relay": {"contract_version": 1, "platform": "relay", "label": "Relay", "max_message_length": 4096,
              "supports_draft_streaming": False, "supports_edit": True, "supports_threads": False,
              "markdown_dialect": "plain", "len_unit": "chars"},
}


def descriptor(platform, **changes):
    base = DESCRIPTORS.get(platform) or {**DESCRIPTORS["relay"], "platform": platform, "label": platform.title()}
    return {**base, **changes}


def source(platform="discord", chat_id="100", chat_type="channel", **more):
    return {"platform": platform, "chat_id": chat_id, "chat_type": chat_type, "chat_name": None,
            "user_id": "u-1", "user_name": "ana", "thread_id": None, "chat_topic": None, **more}


def event(text, message_id=None, message_type="text", origin=None, extra=None, **where):
    """An inbound event; `where` are the fields of its source."""
    number = message_id if message_id is not None else f"auto-{next(_numbers)}"
    return {"text": text, "message_type": message_type, "source": origin or source(**where),
            "message_id": number, **(extra or {})}


def inbound(text, buffer_id=None, **more):
    frame = {"type": "inbound", "event": event(text, **more)}
    if buffer_id is not None:
        frame["bufferId"] = buffer_id
    return frame
