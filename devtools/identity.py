"""Which account an embedded server runs under.

PostgreSQL refuses to start as root, and initdb refuses an account without a passwd entry. Root first tries a user
namespace, which needs no other account and works inside a 0700 home; container engines often forbid that, and then
the server runs as `nobody`.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1


class Identity(Enum):
    """How a server gets an account that it accepts."""

    SELF = "self"
    NAMESPACE = "namespace"
    NOBODY = "nobody"


def choose_identity() -> Identity:
    """The first way that works here. Raises RuntimeError when there is none."""
    if os.geteuid() and _has_account(os.geteuid()):
        return Identity.SELF
    if _namespaces_work():
        return Identity.NAMESPACE
    if os.geteuid() == 0:
        return Identity.NOBODY
    raise RuntimeError(f"user id {os.geteuid()} has no account here, and user namespaces are forbidden")


def before_exec(identity: Identity, death_signal: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` that takes on the identity and has the kernel signal the process when its parent dies."""
    account = _unprivileged_account()

    def prepare() -> None:
        if identity is Identity.NAMESPACE:
            _enter_namespace(account)
        elif identity is Identity.NOBODY:
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        # After the change of account, which clears it.
        die_with_parent(death_signal)

    return prepare


def give_to(identity: Identity, path: Path) -> None:
    """Make the path belong to the account that the server runs under."""
    if identity is Identity.NOBODY:
        account = _unprivileged_account()
        os.chown(path, account.pw_uid, account.pw_gid)


def reachable_by_others(path: Path) -> bool:
    """Whether another account can walk down to the path."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def die_with_parent(death_signal: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel to signal this process when the thread that started it ends (Linux only: prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)


def die_with_make() -> None:
    """Under make, whoever kills make means this process too; started from a shell, it may outlive the shell."""
    if "MAKELEVEL" in os.environ:
        die_with_parent()


def _has_account(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _unprivileged_account() -> pwd.struct_passwd:
    accounts = [account for account in pwd.getpwall() if account.pw_uid]
    return next((account for account in accounts if account.pw_name == "nobody"), accounts[0])


def _namespaces_work() -> bool:
    if sys.platform != "linux":
        return False
    try:
        subprocess.run(["true"], check=True, preexec_fn=before_exec(Identity.NAMESPACE, signal.SIGKILL))
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _enter_namespace(account: pwd.struct_passwd) -> None:
    """Become `account` in a new user namespace; files stay those of the present user (user_namespaces(7))."""
    uid, gid = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{account.pw_uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{account.pw_gid} {gid} 1")
