"""Audio as the archive sees it: read real durations, cut and encode standalone chunks."""

from vibesflow.media.decoder import Decoder, Readable
from vibesflow.media.encoder import CONTENT_TYPE, SAMPLE_RATE, OpusWriter
from vibesflow.media.live import LivePipe
from vibesflow.media.melody import encode_melody, melody_pcm
from vibesflow.media.probe import AudioFacts, probe_audio
from vibesflow.media.recorder import AudioChunk, cut_audio

__all__ = [
    "CONTENT_TYPE",
    "SAMPLE_RATE",
    "AudioChunk",
    "AudioFacts",
    "Decoder",
    "LivePipe",
    "OpusWriter",
    "Readable",
    "cut_audio",
    "encode_melody",
    "melody_pcm",
    "probe_audio",
]
