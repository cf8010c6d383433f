#!/bin/sh
# debian_packages.sh PACKAGE...: installs those programs that tests run for real and that are not
# here, where that can be done unasked: as root on Debian. Elsewhere it says so and the tests skip.
# A package must bring a program of its own name.
set -u

missing=""
for package in "$@"; do
  command -v "$package" >/dev/null 2>&1 || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "Not here:$missing. Their tests stay untried, and pytest will say so."
  exit 0
fi

echo "Installing$missing from Debian ..."
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of words is what is meant
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >/dev/null 2>&1 ||
  echo "Could not be installed:$missing. Their tests stay untried, and pytest will say so."
exit 0
