/**
 * The world of the demo in one folder: a scratch machine, a real git repository behind the test server
 * that stands in for GitHub, and stand-ins for NixOS's, Nix's and systemd's programs.
 */
import { answerWell } from "../validate/settle.ts";
import { copySync } from "../support/copy.ts";
import { filesOf } from "../support/files_of.ts";
import { GithubServer } from "../support/github/server.ts";
import { type Change, commit, initRepository } from "../support/repositories.ts";
import {
  type ScratchMachine,
  scratchMachine,
  type ScratchOptions,
} from "../support/scratch_machine.ts";
import { type StandIns, standIns } from "../support/stand_ins.ts";

const REPOSITORY = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
/** What the generated repository starts with: what an installation needs of this one. */
const PARTS = ["cmd", "lib", "nix"];
const FILES = ["LICENSE", "README.md", "deno.json", "deno.lock", "flake.lock", "flake.nix"];
/** `OWNER/NAME`, as smart-sync knows it. */
export const ORIGIN = "MasterofNull/Hyper-NixOS";

/**
 * The PC of two people who run virtual machines on it already: they are in the groups that an
 * activation, which only a stand-in does here, would put them in.
 */
export const DEMO_MACHINE: ScratchOptions = {
  change: (machine) => ({
    ...machine,
    groups: [...machine.groups, { name: "libvirtd", gid: 67 }],
    accounts: machine.accounts.map((account) =>
      account.uid === 0 ? account : {
        ...account,
        groups: [
          ...new Set([...account.groups, "wheel", "kvm", "libvirtd", "video", "input"]),
        ],
      }
    ),
  }),
};

/** Everything the demo needs, in one folder. */
export interface World extends AsyncDisposable {
  /** The folder that holds all of it, below /tmp. */
  readonly folder: string;
  readonly machine: ScratchMachine;
  readonly programs: StandIns;
  readonly server: GithubServer;
  /** The git directory behind the server. */
  readonly upstream: string;
  /** The commit that `main` is at the start. */
  readonly first: string;
  /** Adds a commit to `main`. */
  push(message: string, changes: readonly Change[]): Promise<string>;
  /** A file of this repository as it is in the first commit. */
  text(path: string): string;
  /** Lets `main` be an earlier commit again, as after a forced push. */
  reset(to: string): Promise<void>;
}

/**
 * Makes the world; takes about a second.
 * @param keep whether its folder stays when it is disposed
 */
export async function makeWorld(keep: boolean): Promise<World> {
  // Not where TMPDIR says: inside a namespace only /tmp is the same for all.
  const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "hyper-nixos-demo-" });
  Deno.env.set("TMPDIR", folder);
  try {
    return await fill(folder, keep);
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}

async function fill(folder: string, keep: boolean): Promise<World> {
  const upstream = `${folder}/upstream.git`;
  await initRepository(upstream);
  const first = await commit(upstream, { message: "Hyper-NixOS 2.0", changes: firstFiles() });
  const machine = scratchMachine("uefi", DEMO_MACHINE);
  machine.write(
    "/sys/fs/cgroup/cgroup.controllers",
    "cpuset cpu io memory hugetlb pids misc\n",
    0o444,
  );
  const programs = standIns();
  answerWell(programs);
  const own = new URL("./", import.meta.url).pathname;
  for (const { name } of Deno.readDirSync(`${own}/stand_ins`)) {
    Deno.copyFileSync(`${own}/stand_ins/${name}`, `${programs.folder}/${name}`);
    Deno.chmodSync(`${programs.folder}/${name}`, 0o755);
  }
  copySync(`${own}/answers`, `${programs.folder}/answers`);
  // Where NixOS has programs: in a user namespace the owner of /tmp is nobody that the tools trust.
  Deno.removeSync(machine.host("/run/wrappers/bin"));
  Deno.symlinkSync(programs.folder, machine.host("/run/wrappers/bin"));
  const [owner, name] = ORIGIN.split("/") as [string, string];
  const server = await GithubServer.start({
    repositories: [{ owner, name, directory: upstream }],
  });
  let head = first;
  return {
    folder,
    machine,
    programs,
    server,
    upstream,
    first,
    push: async (message, changes) =>
      head = await commit(upstream, { from: head, message, changes }),
    text: (path) => Deno.readTextFileSync(`${REPOSITORY}/${path}`),
    reset: async (to) => {
      await server.repository(ORIGIN).updateRef("refs/heads/main", to);
      head = to;
    },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      if (keep) await makeRemovable(folder);
      else await removeFolder(folder);
    },
  };
}

async function removeFolder(folder: string): Promise<void> {
  await makeRemovable(folder);
  await Deno.remove(folder, { recursive: true });
}

/** The folders of the machine's store are read-only for their owner too. */
async function makeRemovable(folder: string): Promise<void> {
  await new Deno.Command("find", {
    args: [folder, "-type", "d", "-exec", "chmod", "u+rwx", "{}", "+"],
    stderr: "null",
  }).output();
}

function* firstFiles(): Generator<Change> {
  for (const part of PARTS) yield* filesOf(REPOSITORY, part);
  for (const path of FILES) yield { path, content: Deno.readFileSync(`${REPOSITORY}/${path}`) };
}
