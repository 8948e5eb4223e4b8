/**
 * A scratch machine that a real sshd on loopback leads into, and another one, from which tools go there.
 * Whoever logs in is in the machine's own namespaces.
 */
import { OFFLINE_NIX_CONFIG } from "./context.ts";
import { commandPath } from "./has_command.ts";
import { commandInside, launch } from "./launch.ts";
import { mustRun } from "./must_run.ts";
import { type OwnPort, ownPort } from "./ports.ts";
import { RebuildHost, withLine } from "./rebuild_host.ts";
import type { HostOptions } from "./host.ts";
import {
  type RunningTool,
  runTool,
  type RunToolOptions,
  startTool,
  type ToolResult,
} from "./executable.ts";

const PASSWORD = {
  text: "open sesame",
  hash:
    "$6$hypernixos$yEJcvVWntCBPHoUSEA326LkneYxuEHktDZSdandhKAidWDmVnGNUa7qwksk.Y4OfTNRa1wLaUZrZzHNOZjU3a1",
};

const FOLDER = "/run/sshd";

/** Where a login there has its temporary files. */
const TEMPORARY = "/run/tmp";

/** What differs from a machine that lets root in. */
export interface SshOptions extends HostOptions {
  /** Who is logged in; root when not given. */
  readonly user?: string;
  /** No tool is installed there. */
  readonly withoutTools?: boolean;
  /** Folders there (machine paths) that have no space. */
  readonly full?: readonly string[];
  /** It builds; with this machine's sh: bash as a builder is now and then killed before it has ended. */
  readonly builds?: boolean;
  /** Its sudo has no setuid bit. */
  readonly withoutSetuid?: boolean;
}

/** `here` and `there`, `ssh target` from the one to the other. */
export class SshTarget implements AsyncDisposable {
  readonly #server: Awaited<ReturnType<typeof startServer>>;

  private constructor(
    readonly here: RebuildHost,
    readonly there: RebuildHost,
    private readonly reserved: OwnPort,
    server: Awaited<ReturnType<typeof startServer>>,
  ) {
    this.#server = server;
  }

  /** Where its SSH server listens. */
  get port(): number {
    return this.reserved.port;
  }

  /** Lets a person in there become root by sudo(8), with this password. */
  letBecomeRoot(name: string): string {
    const { machine } = this.there;
    const shadow = machine.read("/etc/shadow");
    const line = new RegExp(`^${name}:[^:]*:`, "m");
    Deno.writeTextFileSync(
      machine.host("/etc/shadow"),
      shadow.replace(line, () => `${name}:${PASSWORD.hash}:`),
    );
    const rules = ["auth", "account", "session"].map((type) => `${type} required pam_unix.so\n`);
    for (const service of ["sudo", "sshd", "login"]) {
      machine.write(`/etc/pam.d/${service}`, rules.join(""), 0o644);
    }
    return PASSWORD.text;
  }

  static async start(options: SshOptions = {}): Promise<SshTarget> {
    const here = new RebuildHost();
    const there = new RebuildHost(options);
    const reserved = ownPort();
    const { port } = reserved;
    const user = options.user ?? "root";
    here.machine.write("/root/.ssh/config", sshConfig(port, user), 0o600);
    Deno.chmodSync(here.machine.host("/root/.ssh"), 0o700);
    here.configure(withLine(`services.openssh.ports = [ ${port} ];`));
    const key = here.machine.host("/root/.ssh/key");
    makeKey(key);
    const hostKey = there.machine.host(`${FOLDER}/host_key`);
    Deno.mkdirSync(there.machine.host(FOLDER), { recursive: true, mode: 0o755 });
    makeKey(hostKey);
    Deno.mkdirSync(there.machine.host(TEMPORARY));
    Deno.chmodSync(there.machine.host(TEMPORARY), 0o1777);
    const known = Deno.readTextFileSync(`${hostKey}.pub`).split(" ").slice(0, 2).join(" ");
    here.machine.write("/root/.ssh/known_hosts", `[127.0.0.1]:${port} ${known}\n`, 0o600);
    there.machine.write(`${FOLDER}/authorized_keys`, Deno.readTextFileSync(`${key}.pub`), 0o644);
    there.machine.write(`${FOLDER}/config`, sshdConfig(port, there.stand.folder), 0o600);
    there.machine.write(`${FOLDER}/nix.conf`, OFFLINE_NIX_CONFIG);
    // Without PAM sshd takes "!" for an account that nobody may use.
    const shadow = there.machine.read("/etc/shadow");
    Deno.writeTextFileSync(there.machine.host("/etc/shadow"), shadow.replace("root:!:", "root:*:"));
    const software = there.machine.host(`${there.machine.toplevel}/sw`);
    const binaries = there.machine.host(Deno.readLinkSync(software)) + "/bin";
    Deno.symlinkSync("/bin/bash", `${binaries}/bash`);
    if (!options.withoutTools) {
      for (const tool of ["rebuild-helper", "validator"]) {
        const script = `#!/bin/sh\n${commandInside(tool, there.stand.folder)} "$@"\n`;
        there.machine.write(`/nix/var/nix/gcroots/hyper-nixos-tools/bin/${tool}`, script, 0o755);
      }
    }
    return new SshTarget(here, there, reserved, await startServer(there, options));
  }

  /** Makes another machine known here by this name. */
  alsoReach(name: string, other: SshTarget): void {
    const [mine, theirs] = [this.here.machine, other.here.machine];
    const append = (file: string, text: string) =>
      mine.write(`/root/.ssh/${file}`, mine.read(`/root/.ssh/${file}`) + text, 0o600);
    mine.write("/root/.ssh/other", theirs.read("/root/.ssh/key"), 0o600);
    append("known_hosts", theirs.read("/root/.ssh/known_hosts"));
    append(
      "config",
      `Host ${name}\n  HostName 127.0.0.1\n  Port ${other.port}\n  IdentityFile /root/.ssh/other\n`,
    );
  }

  /** Runs a tool here. */
  run(tool: string, args: readonly string[], options: RunToolOptions = {}): Promise<ToolResult> {
    return runTool(tool, args, { ...this.here.launch, ...options });
  }

  start(tool: string, args: readonly string[], options: RunToolOptions = {}): RunningTool {
    return startTool(tool, args, { ...this.here.launch, ...options });
  }

  /** Ends every connection without a word, as when the line is cut; the server goes on. */
  cut(): void {
    this.#inside(isServer).forEach(end);
  }

  /** Whether anything runs there besides the server and its connections: what was started over SSH. */
  get busy(): boolean {
    return this.#inside((program) => !isServer(program)).length > 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.end();
    this.#inside(() => true).forEach(end);
    this.#server.held.close();
    await this.#server.logged;
    this.reserved[Symbol.dispose]();
    this.here[Symbol.dispose]();
    this.there[Symbol.dispose]();
  }

  /** Programs in the server's namespace, without the server (proc_pid_ns(5), proc_pid_comm(5)). */
  #inside(wanted: (program: string) => boolean): number[] {
    const { pid, namespace } = this.#server;
    return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((other) => {
      try {
        return other > 0 && other !== pid && namespaceOf(other) === namespace &&
          wanted(Deno.readTextFileSync(`/proc/${other}/comm`).trim());
      } catch {
        // It has ended.
        return false;
      }
    });
  }
}

/** OpenSSH 9.8 and later have programs of their own for a session and for who logs in. */
function isServer(program: string): boolean {
  return /^sshd(-|$)/.test(program);
}

function end(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

function namespaceOf(pid: number): string {
  return Deno.readLinkSync(`/proc/${pid}/ns/mnt`);
}

function sshConfig(port: number, user: string): string {
  return `Host target 127.0.0.1
  HostName 127.0.0.1
  Port ${port}
  User ${user}
  IdentityFile /root/.ssh/key
  IdentitiesOnly yes
Host jumped
  HostName 127.0.0.1
  Port ${port}
  User ${user}
  IdentityFile /root/.ssh/key
  ProxyJump target
`;
}

/** Keys that resist quantum computers took a sixth of the time of tests that connect again and again. */
function sshdConfig(port: number, standIns: string): string {
  return `Port ${port}
ListenAddress 127.0.0.1
HostKey ${FOLDER}/host_key
AuthorizedKeysFile ${FOLDER}/authorized_keys
StrictModes no
UsePAM no
PidFile none
KexAlgorithms curve25519-sha256
SetEnv NIX_CONF_DIR=${FOLDER} TMPDIR=${TEMPORARY} PATH=${standIns}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
`;
}

async function startServer(
  there: RebuildHost,
  { full = [], builds = false, withoutSetuid = false }: SshOptions,
) {
  const useless = `mount --bind ${commandPath("env")} ${commandPath("sudo")} && `;
  const sshd = `${withoutSetuid ? useless : ""}exec ${
    commandPath("sshd")
  } -D -e -f ${FOLDER}/config`;
  // NixOS's sh is bash, which opens and waits for pipes elsewhere than dash does.
  const script = builds ? sshd : `mount --bind "$0" /bin/sh && ${sshd}`;
  const bash = commandPath("bash")!;
  const start = launch(bash, ["-c", script, bash], {
    ...there.launch,
    full: full.map(there.machine.host),
  });
  const child = new Deno.Command(start.command, {
    args: [...start.args],
    env: { ...start.env },
    clearEnv: true,
    cwd: "/",
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    detached: true,
  }).spawn();
  const [first, rest] = child.stderr.tee();
  const log = Deno.openSync(there.machine.host(`${FOLDER}/log`), { create: true, write: true });
  const logged = rest.pipeTo(log.writable).catch(() => {});
  // By the time that it listens it is in its namespace.
  const reader = first.pipeThrough(new TextDecoderStream()).getReader();
  for (let said = ""; !said.includes("Server listening on");) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`sshd does not listen: ${said}`);
    said += value;
  }
  reader.cancel();
  return {
    pid: child.pid,
    namespace: namespaceOf(child.pid),
    // While it is open no other namespace is given this one's number, and no other test's tools are ended.
    held: Deno.openSync(`/proc/${child.pid}/ns/mnt`),
    logged,
    end: async () => {
      end(child.pid);
      await child.status;
      start[Symbol.dispose]();
    },
  };
}

function makeKey(path: string): void {
  mustRun("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]);
}
