import { attempt } from "../attempt.ts";
import type { Context } from "../context.ts";
import { readTextIfExists } from "../files/files.ts";

/** Where the program was started from. */
export type Session =
  | {
    readonly kind: "ssh";
    /** Known when the SSH_CONNECTION of the session could be read. */
    readonly clientAddress?: string;
    readonly serverAddress?: string;
    readonly serverPort?: number;
  }
  | { readonly kind: "console" };

/** The processes of OpenSSH (9.8 split sshd-session off) and dropbear that hold a session. */
const SSH_SERVERS = new Set(["sshd", "sshd-session", ".sshd-wrapped", "dropbear"]);
/** Depth at which a chain of parents is given up; a real one is far shorter. */
const MAX_ANCESTORS = 200;

/**
 * Whether the program was started over SSH. SSH_CONNECTION (ssh(1)) tells, but sudo drops it: then
 * the processes above this one are looked at, for an SSH server or for that variable (in tmux and
 * screen, no server is above). A false "ssh" costs a question, a false "console" a machine.
 * @param pid the process whose ancestors are looked at
 */
export function session(ctx: Context, pid: number = Deno.pid): Session {
  const own = parseConnection(ctx.env.SSH_CONNECTION);
  if (own) return own;
  let server = false;
  for (let depth = 0; pid > 1 && depth < MAX_ANCESTORS; depth++) {
    const stat = readStat(pid);
    if (stat === undefined) break;
    const found = parseConnection(connectionOf(pid));
    if (found) return found;
    server ||= SSH_SERVERS.has(stat.command);
    pid = stat.parent;
  }
  return server ? { kind: "ssh" } : { kind: "console" };
}

/** SSH_CONNECTION: client address, client port, server address, server port. */
function parseConnection(value: string | undefined): Session | undefined {
  const fields = /^([0-9a-fA-F:.%\w]+) \d{1,5} ([0-9a-fA-F:.%\w]+) (\d{1,5})$/.exec(value ?? "");
  if (!fields) return undefined;
  const [, clientAddress, serverAddress, port] = fields;
  return {
    kind: "ssh",
    clientAddress: clientAddress!,
    serverAddress: serverAddress!,
    serverPort: Number(port),
  };
}

/** proc_pid_stat(5): `pid (command) state ppid …`; the command may hold spaces and parentheses. */
function readStat(pid: number): { command: string; parent: number } | undefined {
  const text = readProcess(pid, "stat");
  const end = text?.lastIndexOf(")") ?? -1;
  if (text === undefined || end < 0) return undefined;
  const command = text.slice(text.indexOf("(") + 1, end);
  return { command, parent: Number(text.slice(end + 2).split(" ")[1]) };
}

/** The variable in a process's environment; only its own user and root may read that. */
function connectionOf(pid: number): string | undefined {
  const prefix = "SSH_CONNECTION=";
  return readProcess(pid, "environ")?.split("\0").find((entry) => entry.startsWith(prefix))
    ?.slice(prefix.length);
}

function readProcess(pid: number, file: string): string | undefined {
  return attempt(() => readTextIfExists(`/proc/${pid}/${file}`));
}
