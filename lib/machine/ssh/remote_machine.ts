import * as v from "valibot";
import type { FreeSpace } from "../files/free_space.ts";
import { printableLine } from "../../layout/printable.ts";
import { ELEVATORS, FIND_ELEVATOR } from "../accounts/elevators.ts";
import type { RunResult } from "../run.ts";
import { commandLine, quote } from "../shell_words.ts";
import { ToolError } from "../tool_error.ts";
import type { Context } from "../context.ts";
import { connect, type SshConnection } from "./connection.ts";

/** Another machine, over one connection, and what a look at it told. */
export interface RemoteMachine extends AsyncDisposable {
  readonly ssh: SshConnection;
  /** What its kernel calls itself. */
  readonly hostName: string;
  /** As Nix names it: `x86_64-linux`. */
  readonly platform: string;
  readonly isNixos: boolean;
  /** Room in its store; undefined when it has none. */
  readonly freeStore: FreeSpace | undefined;
  /** Whether commands there get this terminal. */
  readonly terminal: boolean;
  /** Words before a command that make it root's; none for root, undefined when nothing can. */
  readonly elevation: readonly string[] | undefined;
  /** A sudo or doas there that cannot work. */
  readonly useless?: string;
  /** A folder there for this run, the login's alone. */
  readonly folder: string;
}

/** A line of shell: where NixOS has what a login of another shell may not find. */
export const REMOTE_PATH =
  "PATH=/run/wrappers/bin:$PATH:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin";

/** Options with which they run a command there: where somebody can be asked for a password, or not. */
const OPTIONS = {
  sudo: { asking: ["--"], silent: ["-n", "--"] },
  doas: { asking: ["--"], silent: ["-n", "--"] },
  // What it starts has no SSH server above it. On a terminal it would colour it, and without one it hands
  // on what it has: --pipe says the same since systemd 257 and is an error before (src/run/run.c).
  run0: {
    asking: ["--setenv=SSH_CONNECTION", "--background=", "--"],
    silent: ["--setenv=SSH_CONNECTION", "--no-ask-password", "--"],
  },
} as const;

/**
 * Looks at another machine: changes nothing there but a folder of its own in the temporary directory,
 * which goes when it is disposed of.
 * @param terminal whether commands there get this terminal, so that sudo there can ask for a password
 * @throws ToolError as `connect`; exit 1 when it answers with something else
 */
export async function reach(
  ctx: Context,
  destination: string,
  terminal: boolean,
): Promise<RemoteMachine> {
  const ssh = await connect(ctx, destination);
  try {
    const seen = await look(ssh, terminal);
    ctx.log.debug(`${ssh.destination}: ${JSON.stringify(seen)}`);
    const close = async () => {
      try {
        await ssh.sh(`rm -rf ${quote(seen.folder)}`, { signal: null, timeout: 30_000 });
      } catch (error) {
        if (!(error instanceof ToolError)) throw error;
        ctx.log.debug(error.message);
      }
      await ssh[Symbol.asyncDispose]();
    };
    return { ...seen, ssh, [Symbol.asyncDispose]: close };
  } catch (error) {
    await ssh[Symbol.asyncDispose]();
    throw error;
  }
}

const SeenSchema = v.object({
  uid: v.string(),
  name: v.string(),
  machine: v.string(),
  nixos: v.string(),
  store: v.string(),
  elevator: v.picklist([...ELEVATORS.map(({ name }) => name), ""]),
  program: v.string(),
  useless: v.string(),
  folder: v.pipe(v.string(), v.regex(/^\/[\w./-]+$/)),
});

async function look(
  ssh: SshConnection,
  terminal: boolean,
): Promise<Look> {
  const ways = ELEVATORS.map(({ name }) => {
    const tried = `"$program" ${
      commandLine(OPTIONS[name].silent[0], [...OPTIONS[name].silent.slice(1), "true"])
    }`;
    return `elif program=$(elevator ${name})${terminal ? "" : ` && ${tried} 2>/dev/null`}
then elevator=${name}`;
  });
  const answer = await ssh.sh(
    `${REMOTE_PATH}
${FIND_ELEVATOR}
umask 077
echo "uid=$(id -u)"
echo "name=$(cat /proc/sys/kernel/hostname)"
echo "machine=$(uname -m)"
[ -e /etc/NIXOS ] && nixos=yes || nixos=
echo "nixos=$nixos"
echo "store=$(stat -f -c '%a %S %c %d' /nix/store 2>/dev/null)"
elevator= program=
if [ "$(id -u)" = 0 ]; then :
${ways.join("\n")}
fi
echo "elevator=$elevator"
echo "program=$program"
useless=
for name in ${ELEVATORS.map(({ name }) => name).join(" ")}; do
  [ -n "$useless" ] || elevator "$name" >/dev/null || useless=$(command -v "$name")
done
echo "useless=$useless"
echo "folder=$(mktemp -d)"`,
    { timeout: 60_000 },
  );
  return lookOf(ssh.destination, terminal, answer);
}

/** What a look at a machine tells, whatever its file systems, shells and sudo are. */
type Look = Omit<RemoteMachine, "ssh" | typeof Symbol.asyncDispose>;

/**
 * Reads what the look at a machine printed there.
 * @throws ToolError exit 1 when that is something else, or it could make no folder
 */
export function lookOf(
  destination: string,
  terminal: boolean,
  { stdout, stderr }: Pick<RunResult, "stdout" | "stderr">,
): Look {
  const lines = stdout.split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2));
  const told = Object.fromEntries(lines);
  // Whatever greets would also come between Nix and its daemon there.
  if (!stdout.startsWith("uid=")) throw notUnderstood(destination, stdout);
  if (told.folder === "") {
    const why = printableLine(stderr.trim().split("\n").at(-1) ?? "");
    throw new ToolError(`no temporary folder can be made on ${destination}: ${why}`, {
      hint: `make room there, or mend its /tmp: ssh ${destination} mktemp -d`,
    });
  }
  const parsed = v.safeParse(SeenSchema, told);
  if (!parsed.success) throw notUnderstood(destination, stdout);
  const seen = parsed.output;
  const [blocks, size, files, inodes] = seen.store.split(" ").map(Number);
  const words = seen.elevator === "" ? undefined : [
    seen.program,
    ...OPTIONS[seen.elevator][terminal ? "asking" : "silent"],
  ];
  return {
    hostName: seen.name,
    platform: `${seen.machine}-linux`,
    isNixos: seen.nixos === "yes",
    freeStore: seen.store === "" ? undefined : {
      bytes: blocks! * size!,
      inodes: files! > 0 ? inodes : undefined,
    },
    terminal,
    elevation: seen.uid === "0" ? [] : words,
    ...(seen.useless.startsWith("/") && { useless: seen.useless }),
    folder: seen.folder,
  };
}

/** A machine that says something else than what was asked: usually its login shell greets people. */
export function notUnderstood(destination: string, said: string): ToolError {
  const start = printableLine(said.slice(0, 200));
  return new ToolError(`${destination} answers in a way that is not understood: ${start}`, {
    hint: `its login shell must run commands and print nothing: ssh ${destination} true`,
  });
}
