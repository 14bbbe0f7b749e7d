"""Where the server is, and how to get there."""

from __future__ import annotations

import os
import pathlib
from dataclasses import dataclass
from typing import Any, Callable, List, Optional, Tuple, Union

import grpc

Token = Union[str, Callable[[], str]]  # or what returns it, asked before each call: for tokens that change
Metadata = Tuple[Tuple[str, str], ...]

DEFAULT_TARGET = "127.0.0.1:8001"


@dataclass(frozen=True)
class Tls:
    """Encryption. Each field is the path of a PEM file.

    ca: who signed the server's certificate; None: the authorities that the system trusts.
    certificate, key: who we are, for servers that ask (mutual TLS).
    server_name: the name in the server's certificate, when it is not the host of the target.
    """

    ca: Optional[Union[str, "os.PathLike[str]"]] = None
    certificate: Optional[Union[str, "os.PathLike[str]"]] = None
    key: Optional[Union[str, "os.PathLike[str]"]] = None
    server_name: Optional[str] = None

    def credentials(self) -> grpc.ChannelCredentials:
        """Reads the files. OSError: one cannot be read; ValueError: a certificate without a key, or the reverse."""
        if (self.certificate is None) != (self.key is None):
            raise ValueError("TLS: expected certificate and key, got one of them")
        ca, key, certificate = (
            None if path is None else pathlib.Path(path).read_bytes() for path in (self.ca, self.key, self.certificate)
        )
        return grpc.ssl_channel_credentials(ca, key, certificate)


def resolve_target(target: Optional[str]) -> str:
    """`target`, else BARYON_SERVER, else the default."""
    return target or os.environ.get("BARYON_SERVER") or DEFAULT_TARGET


def channel_options(tls: Optional[Tls]) -> List[Tuple[str, Any]]:
    """Messages of any size; attempts are made here (retry.py), not by gRPC too."""
    options: List[Tuple[str, Any]] = [
        ("grpc.max_receive_message_length", -1),
        ("grpc.max_send_message_length", -1),
        ("grpc.enable_retries", 0),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 2000),
    ]
    if tls is not None and tls.server_name is not None:
        options.append(("grpc.ssl_target_name_override", tls.server_name))
    return options


def call_metadata(token: Optional[Token]) -> Metadata:
    """What goes with every call."""
    if token is None:
        return ()
    return (("authorization", f"Bearer {token() if callable(token) else token}"),)
