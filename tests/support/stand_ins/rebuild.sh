# shellcheck shell=sh disable=SC2154
# Sourced by both nixos-rebuild stand-ins once they have parsed their options:
# action, flake, attribute, profile, install_bootloader, specialisation, and the build options as "$@".

if [ -z "$flake" ]; then
  if [ -e /etc/nixos/flake.nix ]; then flake=$(dirname "$(readlink -f /etc/nixos/flake.nix)"); fi
fi

build() {
  if [ -f "$state/nixos-rebuild/result" ]; then
    # Without Nix: the test says what was built.
    result=$(cat "$state/nixos-rebuild/result")
    [ -z "$out_link" ] || ln -sfn "$result" "$out_link"
    return
  fi
  if [ -n "$flake" ]; then
    [ -n "$attribute" ] || attribute=$(cat /proc/sys/kernel/hostname)
    built=$(mktemp -d)
    nix --extra-experimental-features 'nix-command flakes' build "$@" \
      --out-link "${out_link:-$built/result}" \
      "$flake#nixosConfigurations.\"$attribute\".config.system.build.toplevel" ||
      { rm -rf "$built"; exit 1; }
    result=$(readlink -f "${out_link:-$built/result}")
    rm -rf "$built"
  else
    result=$(nix-build --no-out-link '<nixpkgs/nixos>' -A system) || exit 1
    [ -z "$out_link" ] || ln -sfn "$result" "$out_link"
  fi
}

activate() {
  set -- "$result${specialisation:+/specialisation/$specialisation}/bin/switch-to-configuration" "$action"
  status=0
  if [ -z "${NIXOS_SWITCH_USE_DIRTY_ENV-}" ] && systemd-run --quiet true >/dev/null 2>&1; then
    systemd-run -E LOCALE_ARCHIVE -E "NIXOS_INSTALL_BOOTLOADER=$install_bootloader" --collect \
      --no-ask-password --pipe --quiet --same-dir --service-type=exec \
      --unit=nixos-rebuild-switch-to-configuration --wait "$@" || status=$?
  else
    NIXOS_INSTALL_BOOTLOADER=$install_bootloader "$@" || status=$?
  fi
  [ "$status" -eq 0 ] || activation_failed "$status"
}

case "$action" in
  build) out_link=./result; build "$@" ;;
  dry-build | dry-run) out_link=; build "$@" --dry-run ;;
  dry-activate | test)
    out_link=; build "$@"
    activate
    ;;
  boot | switch)
    out_link=; build "$@"
    mkdir -p "$(dirname "$profile")"
    if [ -f "$state/nixos-rebuild/result" ]; then
      last=$(readlink "$profile" | sed -n 's/.*-\([0-9]*\)-link$/\1/p')
      ln -sfn "$result" "$profile-$((${last:-0} + 1))-link"
      ln -sfn "$(basename "$profile")-$((${last:-0} + 1))-link" "$profile"
    else
      nix-env -p "$profile" --set "$result" || exit 1
    fi
    activate
    ;;
esac
