/**
 * Real sudo with a sudoers file of the module: in a mount namespace that has the accounts and the PAM
 * configuration of a small machine, and a stand-in for virsh that tells how it was started.
 */
import { scratchFolder } from "./support.ts";

/** Where the module's rules find virsh. */
export const VIRSH = "/run/current-system/sw/bin/virsh";

/** How a command ended, and how virsh was started if it was. */
export interface SudoResult {
  readonly code: number;
  readonly stderr: string;
  readonly stdout: string;
  /** Undefined when sudo did not start virsh. */
  readonly virsh: {
    readonly uid: number;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  } | undefined;
}

/** Accounts of the machine: a name, a user id, and the groups besides the own one. */
const ACCOUNTS = [["root", 0], ["olga", 4711], ["walter", 4712]] as const;
/** walter is a member, as an administrator is. */
const GROUPS = ["root:x:0:", "wheel:x:1:walter", "olga:x:4711:", "walter:x:4712:"];

/** Writes one line per fact; a null byte ends each, so that no argument can be taken for another. */
const STAND_IN = `#!/bin/sh
printf 'uid=%s\\0' "$(id -u)"
for one do printf 'arg=%s\\0' "$one"; done
env -0 | sed -z 's/^/env=/'
`;

export interface SudoMachine extends Disposable {
  /** A folder that every account can write. */
  readonly shared: string;
  /** Runs a command as an account of the machine. */
  run(
    account: "root" | "olga" | "walter",
    command: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<SudoResult>;
}

/** @param sudoers the text of /etc/sudoers */
export function sudoMachine(sudoers: string): SudoMachine {
  const folder = scratchFolder();
  const { path } = folder;
  const write = (name: string, text: string, mode: number) => {
    Deno.writeTextFileSync(`${path}/${name}`, text);
    Deno.chmodSync(`${path}/${name}`, mode);
  };
  Deno.chmodSync(path, 0o755);
  Deno.mkdirSync(`${path}/shared`);
  Deno.chmodSync(`${path}/shared`, 0o777);
  write("sudoers", sudoers, 0o440);
  write("virsh", STAND_IN, 0o755);
  write(
    "passwd",
    ACCOUNTS.map(([name, id]) => `${name}:x:${id}:${id}::/:/bin/sh\n`).join(""),
    0o644,
  );
  // Nobody has a password that could be typed.
  write("shadow", ACCOUNTS.map(([name]) => `${name}:!:19000::::::\n`).join(""), 0o600);
  write("group", GROUPS.join("\n") + "\n", 0o644);
  write("pam", "account required pam_permit.so\nsession required pam_permit.so\n", 0o644);
  write(
    "inside.sh",
    `set -e
for file in sudoers passwd shadow group; do mount --bind ${path}/$file /etc/$file; done
mount --bind ${path}/pam /etc/pam.d/sudo
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p ${VIRSH.replace(/\/[^/]*$/, "")}
cp -p ${path}/virsh ${VIRSH}
account=$1; shift
exec setpriv --reuid="$account" --regid="$account" --init-groups -- "$@"
`,
    0o644,
  );
  return {
    shared: `${path}/shared`,
    run: async (account, command, env = {}) => {
      const { code, stdout, stderr } = await new Deno.Command("unshare", {
        args: ["--mount", "--", "/bin/sh", `${path}/inside.sh`, account, ...command],
        cwd: "/",
        clearEnv: true,
        env: { PATH: "/run/current-system/sw/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...env },
      }).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return { code, stdout: text(stdout), stderr: text(stderr), virsh: started(text(stdout)) };
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

function started(output: string): SudoResult["virsh"] {
  const facts = output.split("\0").filter((fact) => fact !== "");
  const of = (kind: string) =>
    facts.filter((fact) => fact.startsWith(`${kind}=`)).map((fact) => fact.slice(kind.length + 1));
  const [uid] = of("uid");
  if (uid === undefined) return undefined;
  const pairs = of("env").map((pair): [string, string] => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return { uid: Number(uid), args: of("arg"), env: Object.fromEntries(pairs) };
}
