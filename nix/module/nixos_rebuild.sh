# shellcheck shell=bash disable=SC2154
# Sourced by the host's own nixos-rebuild, with these set by rebuild_wrapper.nix:
#   stock        NixOS's nixos-rebuild, in shell or Python
#   nix          the folder of Nix's commands
#   coreutils    the folder of stat
#   jq           the folder of jq
#   channels     the folder of root's channels
#   folder       the folder of this host's flake.nix
#   flake_arguments  with which it is built
#   hardware     the machine's hardware file where the folder has a copy of it, else empty
#   record       host.json, which says the next three as they are now
#   host         the attribute of nixosConfigurations that this machine is
#   search_path  NIX_PATH of the owner's configuration, empty unless it is one of channels
#   checkout     the git checkout of the owner's flake where a user owns it, else empty
# Who names no flake, file, attribute or other machine gets this host; who names one gets what NixOS's own
# nixos-rebuild makes of it.
set -euo pipefail

# The installer may have named another host or base since this generation was built; rebuild-helper builds
# that one, too.
if [[ -r $record ]]; then
  mapfile -t now < <("$jq/jq" --raw-output \
    '.hostName, (.base.searchPath // [] | join(":")), .base.checkout // ""' "$record" 2>/dev/null)
  if ((${#now[@]} == 3)) && [[ -n ${now[0]} ]]; then
    host=${now[0]} search_path=${now[1]} checkout=${now[2]}
  fi
fi

given=("$@")
arguments=() # what goes on to NixOS's own
includes=()  # -I, which come before NIX_PATH
action='' elsewhere='' rollback='' impure='' upgrade=''

while (($#)); do
  words=("$1")
  shift
  values=()
  case ${words[0]} in
    # --name=value and -Ivalue are known to the Python one only, -j4 to both.
    --*=*)
      name=${words[0]%%=*}
      values=("${words[0]#*=}")
      ;;
    -[AFIcfjp]?*)
      name=${words[0]:0:2}
      values=("${words[0]:2}")
      ;;
    *)
      name=${words[0]}
      takes=0
      case $name in
        --option | --override-input) takes=2 ;;
        --max-jobs | -j | --cores | --log-format | --builders | --include | -I | --update-input) takes=1 ;;
        --file | -f | --attr | -A | --store-path | --build-host | --target-host | --elevate) takes=1 ;;
        --profile-name | -p | --specialisation | -c | --image-variant) takes=1 ;;
        --flake | -F) if [[ $# -gt 0 && $1 != -* ]]; then takes=1; fi ;;
      esac
      for ((; takes > 0 && $# > 0; takes--)); do
        words+=("$1")
        values+=("$1")
        shift
      done
      ;;
  esac

  case $name in
    --flake | -F | --no-flake | --file | -f | --attr | -A | --store-path | --help | -h) elsewhere=given ;;
    --target-host) if [[ -n ${values[0]-} ]]; then elsewhere=${elsewhere:-host}; fi ;;
    --include | -I) includes+=("${values[0]-}") ;;
    --upgrade) upgrade=${upgrade:-some} ;;
    --upgrade-all) upgrade=all ;;
    --rollback) rollback=1 ;;
    --impure) impure=1 ;;
    switch | boot | test | build | edit | repl | dry-build | dry-run | dry-activate | build-image | build-vm | build-vm-with-bootloader | list-generations)
      action=$name
      ;;
  esac
  case $name in
    # Those are done here where the owner's configuration is one of channels: given a flake, the shell one
    # leaves the channels alone, and the Python one knows only the last -I.
    --include | -I | --upgrade | --upgrade-all) if [[ -z $search_path ]]; then arguments+=("${words[@]}"); fi ;;
    # Known to nix-build, not to `nix build`, which the shell one starts for a flake (system.autoUpgrade uses
    # the first; `nix build` is silent anyway).
    --no-build-output | -Q) ;;
    -k) arguments+=(--keep-going) ;;
    -K) arguments+=(--keep-failed) ;;
    *) arguments+=("${words[@]}") ;;
  esac
done

# What the owner's configuration is evaluated with.
prepare() {
  if [[ -n $search_path ]]; then
    NIX_PATH=
    local entry
    for entry in "${includes[@]}"; do NIX_PATH+=$entry:; done
    export NIX_PATH+=$search_path
  fi
  # git reads another user's checkout for root only where sudo says that it is that user who asks.
  local owner
  if [[ -n $checkout && $EUID == 0 ]] && owner=$("$coreutils/stat" --format=%u -- "$checkout") && [[ $owner != 0 ]]; then
    export SUDO_UID=$owner
  fi
}

# As NixOS's own: the channel "nixos", those that ask for it by a file, or all.
update_channels() {
  local channel name
  for channel in "$channels"/*; do
    name=${channel##*/}
    if [[ ! -e $channel ]]; then continue; fi
    if [[ $upgrade == all || $name == nixos || -e $channel/.update-on-nixos-rebuild ]]; then
      "$nix/nix-channel" --update "$name"
    fi
  done
}

# NixOS's own would take /etc/nixos/flake.nix, which may be the link to this host's.
bare=()
if [[ -n $search_path ]]; then bare=(--no-flake); fi

case $elsewhere:$action in
  given:* | *: | *:list-generations) exec "$stock" "${given[@]}" ;;
  host:*) exec "$stock" "${given[@]}" "${bare[@]}" ;;
esac
if [[ -n $rollback ]]; then
  # Nothing is built; so that it does not look for a newer nixos-rebuild to go back with, either.
  export _NIXOS_REBUILD_REEXEC=1 PATH="$nix:$PATH"
  exec "$stock" "${given[@]}"
fi
if [[ $action == edit ]]; then
  if [[ -n $search_path ]]; then prepare; fi
  exec "$stock" "${given[@]}" "${bare[@]}"
fi

# The flake sees its own folder alone: after a new disk it would build for the old ones.
if [[ -n $hardware && -r $hardware ]]; then
  copy=$folder/hardware-configuration.nix
  if [[ $(<"$hardware") != "$(<"$copy")" ]]; then
    echo "nixos-rebuild: $hardware is not what this host is built with: $copy is another" >&2
    echo "  next: compare them (diff $copy $hardware) and copy the right one over the other, for a new disk:" >&2
    echo "  cp $hardware $copy" >&2
    exit 1
  fi
fi

prepare
# Started again by another nixos-rebuild, which builds the newest one first: it has updated them.
if [[ -n $upgrade && -n $search_path && -z ${_NIXOS_REBUILD_REEXEC-} ]]; then update_channels; fi
if [[ -n $impure && ${flake_arguments[*]} == --impure ]]; then flake_arguments=(); fi
exec "$stock" "${arguments[@]}" "${flake_arguments[@]}" --flake "path:$folder#$host"
