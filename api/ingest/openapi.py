"""What OpenAPI says of an upload's headers and bodies, which the route reads by itself."""

from __future__ import annotations

from api.ingest import headers

_ABOUT = {
    headers.RTA_ID: "Id of the stream",
    headers.CHUNK_ID: "{rta_id}_chunk_{sequence}_{epoch ms}, with _final on the last one",
    headers.CREATOR: "Wallet or account of the person who streams",
    headers.CHUNK_TIMESTAMP: "Epoch ms at which this chunk begins; default: the one in its id",
    headers.START_TIME: "Epoch ms at which the session began; default: 0, one session a stream",
    headers.PARTICIPANTS: "People in the room; default: 1",
    headers.IS_FINAL: "true on the session's last chunk",
    headers.PRODUCER: "Which of several recorders of a session; default: the only one",
    headers.DURATION_MS: "Length of the audio in ms; default: it is measured",
}

_TEXT = {"type": "string", "minLength": 1, "maxLength": 128}


def _number(most: int) -> dict[str, object]:
    return {"type": "number", "minimum": 0, "maximum": most}


_SCHEMAS: dict[str, dict[str, object]] = {
    headers.RTA_ID: {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._:-]{0,95}$"},
    headers.CHUNK_ID: {
        "type": "string",
        "pattern": "^[A-Za-z0-9][A-Za-z0-9._:-]{0,95}_chunk_[0-9]{1,8}_[0-9]{1,13}(_final)?$",
    },
    headers.CREATOR: {**_TEXT, "maxLength": headers.MAX_CREATOR},
    headers.CHUNK_TIMESTAMP: _number(headers.MAX_EPOCH_MS),
    headers.START_TIME: _number(headers.MAX_EPOCH_MS),
    headers.PARTICIPANTS: _number(headers.MAX_PARTICIPANTS),
    headers.IS_FINAL: {"type": "string", "enum": ["true", "false", "1", "0", "yes", "no"]},
    headers.PRODUCER: {**_TEXT, "maxLength": headers.MAX_PRODUCER},
    headers.DURATION_MS: _number(headers.MAX_DURATION_MS),
}

_JSON_BODY = {
    "type": "object",
    "required": ["audioData"],
    "properties": {
        "audioData": {"type": "string", "format": "byte", "description": "The audio in base64"},
        "metadata": {
            "type": "object",
            "description": "Anything; an audio/* mimeType in it is kept as the content type",
        },
        "isFinalChunk": {"type": "boolean"},
    },
}

UPLOAD: dict[str, object] = {
    "parameters": [
        {
            "name": name,
            "in": "header",
            "required": name in headers.REQUIRED,
            "description": about,
            "schema": _SCHEMAS[name],
        }
        for name, about in _ABOUT.items()
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _JSON_BODY},
            "audio/*": {"schema": {"type": "string", "format": "binary"}},
        },
    },
}
