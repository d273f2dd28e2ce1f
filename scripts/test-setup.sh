#!/bin/sh
# Programs that some tests use beside Python: a browser, ssh-keygen, strace. Where they cannot be installed
# (no root, no apt), those tests skip and say so.
set -u
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v ssh-keygen >/dev/null 2>&1 || missing="$missing openssh-client"
command -v strace >/dev/null 2>&1 || missing="$missing strace"
[ -z "$missing" ] && exit 0
command -v apt-get >/dev/null 2>&1 || { echo "not found:$missing (tests that use them will skip)"; exit 0; }
if [ "$(id -u)" = 0 ]; then as_root=""; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root="sudo"; else
  echo "not found:$missing; install with: sudo apt-get install$missing (tests that use them will skip)"; exit 0
fi
echo "installing$missing"
$as_root apt-get update -qq >/dev/null 2>&1
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 ||
  echo "could not install$missing (tests that use them will skip)"
exit 0
