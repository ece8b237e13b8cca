"""What stops a process or a command of ours."""

from __future__ import annotations

from vibesflow.errors.base import RetryClass, VibesflowError


class SettingsInvalid(VibesflowError):
    """Settings are missing or wrong; the message lists every fault."""

    code = "settings_invalid"
    advice = "See docs/configuration.md for every setting, its default and its meaning."


class NetworkUnknown(SettingsInvalid):
    """The settings name a network that there is not, and nothing else is wrong with them."""

    code = "network_unknown"
    advice = "VIBESFLOW_NETWORK is mainnet, calibration or devnet."


class WrongChain(SettingsInvalid):
    """An RPC endpoint is on another chain than the network that the settings name."""

    code = "wrong_chain"
    advice = "Make VIBESFLOW_NETWORK and VIBESFLOW_RPC_URLS (or VIBESFLOW_DEVNET_INFO) agree."


class KeyMalformed(SettingsInvalid):
    """What the settings give as a key is none; the message names the setting, never the key."""

    code = "key_malformed"
    advice = "A key is 32 bytes in hex, with or without 0x; a keystore needs its own password."


class WorkIncomplete(VibesflowError):
    """The work ran to its end and fell short of what was asked for."""

    code = "incomplete"
    advice = "`vibesflow status` names what is missing or failed; `vibesflow retry` tries it again."


class Overloaded(VibesflowError):
    """More comes in at once than this process can hold."""

    code = "overloaded"
    retry = RetryClass.RETRY
    http_status = 503
    advice = "Try again in a moment; nothing was acknowledged. Raw audio bodies have no such limit."
