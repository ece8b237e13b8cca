"""``python -m devnet.provider``: one storage provider until it is told to stop."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path
from types import FrameType

import uvicorn

from devnet.provider.app import build_app
from devnet.provider.hanging_up import ClosableHttp
from devnet.provider.options import Limits, Options, load_account
from devnet.provider.switchboard import Switchboard
from vibesflow.errors import VibesflowError
from vibesflow.filecoin.devnet_info import load_devnet

_USAGE_ERROR = 2
_GRACE_S = 10


def main() -> int:
    """Run a provider; returns the exit code."""
    arguments = _parser().parse_args()
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for name in ("httpx", "web3"):
        logging.getLogger(name).setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, _leave)
    try:
        app = build_app(_options(arguments), Switchboard() if arguments.admin else None)
    except VibesflowError as error:
        print(f"{error.code}: {error}", file=sys.stderr)  # noqa: T201 - no log line
        return _USAGE_ERROR
    config = uvicorn.Config(
        app,
        host=arguments.host,
        port=arguments.port,
        http=ClosableHttp,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    uvicorn.Server(config).run()
    return 0


def _options(arguments: argparse.Namespace) -> Options:
    contracts = load_devnet(arguments.devnet_info).info.contracts
    return Options(
        data_dir=arguments.data_dir,
        rpc_url=arguments.rpc_url,
        account=load_account(arguments.key_file),
        fwss=contracts.fwss_service_proxy_addr,
        pdp_verifier=contracts.pdp_verifier_proxy_addr,
        limits=Limits(
            publish_delay_s=arguments.publish_delay,
            uncommitted_age_s=arguments.uncommitted_age,
            housekeeping_period_s=min(Limits.housekeeping_period_s, arguments.uncommitted_age / 4),
        ),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m devnet.provider", description=__doc__)
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=int, default=5801, help="port to listen on")
    add("--data-dir", type=Path, required=True, help="folder for pieces and state")
    add("--rpc-url", required=True, help="JSON-RPC address of the chain")
    add("--devnet-info", type=Path, required=True, help="the devnet's JSON, for addresses")
    add("--key-file", type=Path, help="file with the private key; else PROVIDER_PRIVATE_KEY")
    add("--publish-delay", type=float, default=0, help="seconds until a piece is findable")
    add(
        "--uncommitted-age",
        type=float,
        default=Limits.uncommitted_age_s,
        help="seconds after which a stored piece that nobody committed is dropped",
    )
    add("--admin", action="store_true", help="take faults at /admin/faults, for development")
    return parser


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """The server stops by itself at SIGTERM and raises it again at the end: then exit with 0."""
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
