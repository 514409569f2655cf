#!/bin/sh
# Installs Countersign from this folder, or removes it. Run it as root; running it again, or from a
# newer folder, is an upgrade and keeps data and configuration.
#
#   ./install.sh [--prefix /usr/local]      install or upgrade
#   ./install.sh --uninstall                remove the program; data and configuration stay
#   ./install.sh --purge                    remove data, configuration and account too
set -eu
units=/etc/systemd/system
# Where it is installed already it stays, unless --prefix says otherwise.
prefix=$(sed -n 's#^ExecStart=\(/.*\)/bin/countersign .*#\1#p' $units/countersign.service 2>/dev/null || true)
prefix=${prefix:-/usr/local}
act=install
while [ $# -gt 0 ]; do
  case $1 in
    --prefix) prefix=${2:?--prefix takes a folder}; shift ;;
    --prefix=*) prefix=${1#--prefix=} ;;
    --uninstall) act=uninstall ;;
    --purge) act=purge ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "install.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done
case $prefix in
  /*) ;;
  *) echo 'install.sh: --prefix takes a folder that begins with /' >&2; exit 2 ;;
esac
if [ "$(id -u)" -ne 0 ]; then
  echo 'install.sh: run it as root' >&2
  exit 1
fi
if [ -e /var/lib/dpkg/info/countersign.list ] && [ ! -e $units/countersign.service ] && [ -e /usr/bin/countersign ]; then
  echo 'install.sh: the Debian package is installed; use dpkg, or remove it first (data stays)' >&2
  exit 1
fi
from=$(cd "$(dirname "$0")" && pwd)
data=/var/lib/countersign
settings=/etc/countersign

running() { [ -d /run/systemd/system ]; }

install_account() {
  install -D -m 644 "$from/lib/sysusers.d/countersign.conf" /etc/sysusers.d/countersign.conf
  install -D -m 644 "$from/lib/tmpfiles.d/countersign.conf" /etc/tmpfiles.d/countersign.conf
  if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers countersign.conf
  elif ! getent passwd countersign >/dev/null; then
    useradd --system --user-group --home-dir $data --no-create-home \
      --shell /usr/sbin/nologin countersign
  fi
  [ -d $data ] || install -d -m 700 -o countersign -g countersign $data
  if command -v systemd-tmpfiles >/dev/null; then
    systemd-tmpfiles --create countersign.conf || true
  fi
}

install_files() {
  # A name of its own first: the running program is replaced, not written over.
  install -D -m 755 "$from/bin/countersign" "$prefix/bin/countersign.new"
  mv -f "$prefix/bin/countersign.new" "$prefix/bin/countersign"
  (cd "$from/share" && find . -type f) | while read -r file; do
    install -D -m 644 "$from/share/$file" "$prefix/share/$file"
  done
  [ -e $settings/config.toml ] ||
    install -D -m 644 "$from/share/countersign/config.toml" $settings/config.toml
  mkdir -p $units
  for unit in countersign.service countersign.socket; do
    sed "s#/usr/bin/countersign#$prefix/bin/countersign#g" "$from/lib/systemd/system/$unit" \
      >"$units/$unit.new"
    chmod 644 "$units/$unit.new"
    mv -f "$units/$unit.new" "$units/$unit"
  done
}

start() {
  running || return 0
  systemctl daemon-reload
  systemctl --quiet enable countersign.socket countersign.service
  systemctl start countersign.socket
  systemctl try-restart countersign.service
}

remove_files() {
  if running; then
    systemctl --quiet disable --now countersign.service countersign.socket 2>/dev/null || true
  fi
  rm -f "$units/countersign.service" "$units/countersign.socket" "$prefix/bin/countersign"
  rm -f /etc/sysusers.d/countersign.conf /etc/tmpfiles.d/countersign.conf
  (cd "$from/share" && find . -type f) | while read -r file; do
    rm -f "$prefix/share/$file"
  done
  rm -rf "$prefix/share/doc/countersign" "$prefix/share/countersign"
  if running; then systemctl daemon-reload; fi
}

case $act in
  install)
    install_account
    install_files
    start
    echo "Installed $("$prefix/bin/countersign" --version). Next: set the issuer in $settings/config.toml,"
    echo "then make the first owner (docs/install.md in $prefix/share/doc/countersign)."
    ;;
  uninstall)
    remove_files
    echo "Removed. Data in $data and configuration in $settings stay."
    ;;
  purge)
    remove_files
    rm -rf $data $settings /run/countersign-root
    if getent passwd countersign >/dev/null; then userdel countersign; fi
    echo 'Removed, with data, configuration and account.'
    ;;
esac
