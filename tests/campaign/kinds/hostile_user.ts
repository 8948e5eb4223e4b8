/**
 * A user without rights who exchanges files, links, pipes and folders wherever he may write while root's
 * tools run: nothing of root's or of another user's changes or is told, and no tool waits for him.
 */
import { copySync } from "../../support/copy.ts";
import { compareFingerprints, fingerprint } from "../../support/hostile/fingerprint.ts";
import { remove } from "../../support/hostile/plant_at.ts";
import {
  ALICE,
  FILE_TRICKS,
  FOLDER_TRICKS,
  Stranger,
  TEMPORARY_TRICK,
  type Trick,
} from "../../support/hostile/stranger.ts";
import { unowned } from "../../e2e/installer.ts";
import { randomStrike, type Strike } from "../strike.ts";
import { OWNED, type Trial } from "../trial.ts";
import type { Workshop } from "../workshop.ts";

const ENOUGH: Strike = { kind: "timed", signal: "SIGTERM", ms: 10_000, group: false };
const REACH = { calls: 20, milliseconds: 1500 };
const HOME = "/home/alice";
const SOURCE = `${HOME}/hyper-nixos`;
const CONFIG = `${HOME}/config`;

/** Where he may write, and what is there. */
const FILES = [
  `${HOME}/.config/github/token`,
  `${HOME}/.ssh/authorized_keys`,
  `${SOURCE}/flake.nix`,
  `${SOURCE}/nix/host.nix`,
  `${SOURCE}/README.md`,
  `${CONFIG}/configuration.nix`,
  `${CONFIG}/.git/config`,
  "/var/log/hypervisor/validator.log",
  "/var/log/hypervisor/smart-sync.log",
];
const FOLDERS = [
  `${HOME}/.config/github`,
  `${HOME}/.config`,
  `${HOME}/.ssh`,
  SOURCE,
  `${SOURCE}/nix`,
  `${SOURCE}/lib`,
  CONFIG,
];

/** His, or the tools'. */
const SHAPED = [/^home\/alice(\/|$)/, /^tmp(\/|$)/, ...OWNED, ...unowned];

const BY_ALICE = { SUDO_USER: "alice", SUDO_UID: String(ALICE.uid), SUDO_GID: String(ALICE.gid) };
const CONFIGURATION = "{ ... }: { imports = [ /etc/nixos/configuration.nix ]; }\n";

/** The case. */
export async function hostileUserCase(trial: Trial, workshop: Workshop): Promise<void> {
  const { random } = trial;
  const from = await workshop.updatable;
  const updated = from.copy();
  const { machine, launch } = updated;
  trial.onEnd(() => machine.stand[Symbol.dispose]());
  trial.adopt(machine.root);
  trial.useServer(from.server);
  trial.setFaults([]);
  machine.write("/etc/precious", "precious\n");
  machine.write(`${HOME}/.config/github/token`, "token-of-alice\n", 0o644);
  machine.write(`${HOME}/.ssh/authorized_keys`, "ssh-ed25519 AAAA alice\n");
  machine.write(`${CONFIG}/configuration.nix`, CONFIGURATION);
  machine.write(`${CONFIG}/.git/config`, gitConfig());
  copySync(workshop.source.path, machine.host(SOURCE));
  chown(machine.host(HOME));
  if (random.chance(0.4)) {
    // As the shell scripts left it.
    Deno.mkdirSync(machine.host("/var/log/hypervisor"), { recursive: true });
    chown(machine.host("/var/log/hypervisor"));
  }
  trial.owned = SHAPED;
  trial.remember();
  const before = fingerprint(machine.root, SHAPED);
  const tricks: (readonly [Trick, string])[] = [
    ...random.some(FILES, random.integer(0, 3)).map((path) =>
      [random.pick(FILE_TRICKS), machine.host(path)] as const
    ),
    ...random.some(FOLDERS, random.integer(0, 2)).map((path) =>
      [random.pick(FOLDER_TRICKS), machine.host(path)] as const
    ),
  ];
  trial.says(`alice: ${tricks.map(([{ name }, path]) => `${name} at ${path}`).join(", ")}`);
  const own = [SOURCE, CONFIG];
  const waits = tricks.some(([{ name }, path]) =>
    name === "a pipe" && own.some((folder) => path.includes(folder))
  );
  {
    await using _alice = new Stranger([...tricks, [TEMPORARY_TRICK, trial.folder]], machine.root);
    for (let round = random.integer(2, 4); round > 0 && trial.problems.length === 0; round--) {
      const [tool, args, how] = random.pick(COMMANDS);
      // What is her own process she may disturb.
      trial.sharedTemporary = how !== "as alice" && random.chance(0.5);
      const drawn = random.chance(0.3) ? randomStrike(random, REACH, trial.canTrace) : undefined;
      // Nix waits for a pipe that is put into what root was told to build; but it is ended.
      const strike = waits && own.some((folder) => args.includes(folder)) ? ENOUGH : drawn;
      const env = { ...launch.env, ...(how === "by alice" ? BY_ALICE : {}) };
      const run = await trial.run(tool, args, {
        ...launch,
        env,
        strike,
        ...(how === "as alice" ? { uid: ALICE.uid } : {}),
      });
      if (trial.problems.length > 0) trial.tell(run);
    }
  }
  // Whatever was cut off is brought in order by the next tool.
  await trial.run("smart-sync", [], { ...launch, env: trial.offline });
  const changes = compareFingerprints(before, fingerprint(machine.root, SHAPED));
  trial.add(changes.map((line) => `alice changed ${line}`));
  trial.add(rootsFiles(machine.host(HOME)).map((path) => `root's file in her home: ${path}`));
  for (const path of ["home/alice", "etc/hypervisor/src"]) remove(`${machine.root}/${path}.kept`);
  trial.check();
}

const COMMANDS: readonly (readonly [
  tool: string,
  args: readonly string[],
  how: "by root" | "by alice" | "as alice",
])[] = [
  ["validator", ["--quick", "--fix", "--yes"], "by root"],
  ["validator", ["--fix", "--yes"], "by alice"],
  ["smart-sync", ["--ref", "main", "--repo", "owner/hyper-nixos"], "by alice"],
  ["smart-sync", ["--check-only", "--repo", "owner/hyper-nixos"], "by alice"],
  ["smart-sync", ["--check-only", "--repo", "owner/hyper-nixos"], "as alice"],
  ["system-installer", ["--dry-run", "--source", SOURCE], "by alice"],
  ["system-installer", ["--dry-run", "--source", SOURCE, "--config", CONFIG], "by alice"],
  ["system-installer", ["--dry-run", "--source", SOURCE], "as alice"],
  [
    "system-installer",
    ["--action", "build", "--skip-update-check", "--source", SOURCE, "--yes"],
    "by alice",
  ],
  ["rebuild-helper", ["--flake", CONFIG, "build"], "by alice"],
  ["rebuild-helper", ["build"], "by root"],
  ["dev-update", ["--ref", "main", "--yes", "--repo", "owner/hyper-nixos"], "by alice"],
];

/** Whoever runs git in her checkout with root's rights runs what she likes. */
function gitConfig(): string {
  const bait = `id -u >> ${HOME}/ran-by-$(id -u)`;
  return [
    "[core]",
    "repositoryformatversion = 0",
    `fsmonitor = "sh -c '${bait}'"`,
    `sshCommand = "sh -c '${bait}'"`,
    `pager = "sh -c '${bait}'"`,
    "hooksPath = /home/alice/hooks",
    "[include]",
    "path = /etc/shadow",
    "",
  ].join("\n");
}

function chown(host: string): void {
  const { success } = new Deno.Command("chown", {
    args: ["-R", `${ALICE.uid}:${ALICE.gid}`, host],
  }).outputSync();
  if (!success) throw new Error(`chown ${host}`);
}

/** What root made where she can write. */
function rootsFiles(top: string): string[] {
  const { stdout } = new Deno.Command("find", { args: [top, "-user", "0"] }).outputSync();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}
