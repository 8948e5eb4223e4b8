# shellcheck shell=bash
# metrics.sh FOLDER COMMAND…: what COMMAND --metrics says becomes FOLDER/hyper-nixos.prom, whole or not at
# all, for everyone to read. The folder may be another's: nothing in it is followed (noclobber opens a new
# file only, rename replaces a link), and the mode comes from the umask, not by path. Ends as COMMAND does.
# The module puts before it: coreutils.
set -u
: "${coreutils:?}"
folder=$1
shift
temporary=$folder/.hyper-nixos.prom.$$
trap '"$coreutils/rm" -f -- "$temporary"' EXIT
"$coreutils/rm" -f -- "$temporary"
umask 022
set -o noclobber
exec 3> "$temporary" || exit 1
set +o noclobber
code=0
"$@" --metrics >&3 || code=$?
exec 3>&-
# 3 and 6 say that not all is well, and what: the rest says nothing.
case $code in
  0 | 3 | 6) "$coreutils/mv" -fT -- "$temporary" "$folder/hyper-nixos.prom" || exit 1 ;;
esac
exit "$code"
