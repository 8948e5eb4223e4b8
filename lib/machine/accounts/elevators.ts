/** A program that makes other commands root's. */
export interface Elevator {
  readonly name: "sudo" | "doas" | "run0";
  /**
   * Whether it needs the setuid bit to work. On NixOS only the wrapper in /run/wrappers/bin has it; a
   * package of the same name beside it, which PATH may have first, is of no use.
   */
  readonly setuid: boolean;
}

/** In the order in which they are tried. */
export const ELEVATORS: readonly Elevator[] = [
  { name: "sudo", setuid: true },
  { name: "doas", setuid: true },
  { name: "run0", setuid: false },
];

/** S_ISUID of stat(2). */
const SETUID = 0o4000;

/** Whether a file of an elevator's name can do its work, by its mode. */
export function canElevate({ setuid }: Elevator, mode: number): boolean {
  return !setuid || (mode & SETUID) !== 0;
}

/** What is said of one that cannot. */
export function cannotElevate(path: string): string {
  return `${path} has no setuid bit, without which it makes nobody root`;
}

/**
 * Lines of sh(1) that define `elevator NAME`: it prints the path of the first such program on PATH that
 * can do its work, as {@link canElevate} judges it, and fails when there is none.
 */
export const FIND_ELEVATOR = `elevator() (
  case $1 in ${
  ELEVATORS.filter(({ setuid }) => setuid).map(({ name }) => name).join("|")
}) can=-u ;; *) can=-x ;; esac
  set -f
  IFS=:
  for folder in $PATH; do
    [ -f "$folder/$1" ] && [ -x "$folder/$1" ] && [ $can "$folder/$1" ] || continue
    echo "$folder/$1"
    exit 0
  done
  exit 1
)`;
