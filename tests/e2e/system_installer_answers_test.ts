/** system-installer --answers: the plan of one machine decides for the next, and nobody is asked. */
import { deepEqual, equal, match } from "node:assert/strict";
import { needsNix } from "../support/needs.ts";
import { InstallerHost } from "./installer_host.ts";

const FILE = "/root/answers.json";
const PLAN = ["--dry-run", "--json", "--skip-update-check"];
const ANSWERED = ["--answers", FILE, "--skip-update-check"];

/** Runs with these answers and expects the refusal. */
async function refused(host: InstallerHost, text: string, code: number, says: RegExp) {
  host.machine.write(FILE, text);
  const result = await host.run(ANSWERED);
  equal(result.code, code, `${text}: ${result.stdout} ${result.stderr}`);
  match(result.stderr, says);
  equal(host.machine.exists("/etc/hypervisor/configuration/host.json"), false);
}

needsNix("system-installer --answers decides as the plan of another machine", async () => {
  using first = new InstallerHost("uefi");
  const decided = ["--hostname", "vmhost", "--users", "alice", "--action", "build"];
  const plan = await first.run([...PLAN, ...decided]);
  equal(plan.code, 0, plan.stderr);
  const { decisions } = JSON.parse(plan.stdout);
  deepEqual(decisions, {
    hostName: "vmhost",
    users: ["alice"],
    keepConfig: true,
    config: null,
    stateVersion: null,
    action: "build",
  });

  using next = new InstallerHost("uefi");
  next.machine.write(FILE, plan.stdout);
  const read = JSON.parse((await next.run([...PLAN, "--answers", FILE])).stdout);
  deepEqual(read.decisions, decisions);
  // The command line wins, an option with its default's value too.
  next.machine.write(
    FILE,
    JSON.stringify({ version: 1, decisions: { ...decisions, keepConfig: false } }),
  );
  const other = ["--answers", FILE, "--keep-config", "--hostname", "other", "--users", "bob"];
  const won = JSON.parse((await next.run([...PLAN, ...other])).stdout);
  deepEqual(won.decisions, { ...decisions, hostName: "other", users: ["bob"] });
  const without = JSON.parse((await next.run([...PLAN, "--answers", FILE])).stdout);
  equal(without.decisions.keepConfig, false);
  equal(without.base, null);

  next.machine.write(FILE, plan.stdout);
  const installed = await next.run(ANSWERED);
  equal(installed.code, 0, installed.stderr);
  const record = JSON.parse(next.machine.read("/etc/hypervisor/configuration/host.json"));
  equal(record.hostName, "vmhost");
  match(next.machine.read("/etc/hypervisor/configuration/users-local.nix"), /"alice"/);
  deepEqual(next.actions(), [], "built, not activated");
});

needsNix("system-installer --answers refuses what it cannot answer with", async () => {
  using host = new InstallerHost("uefi");
  const answers = (decisions: object) => JSON.stringify({ version: 1, decisions });
  await refused(host, "{", 6, /holds no answers/);
  await refused(host, '{"version": 2, "decisions": {}}', 6, /of version 2/);
  await refused(
    host,
    answers({ hostname: "x" }),
    4,
    /answers "hostname", which nobody asks\n.*hostName\?/,
  );
  await refused(
    host,
    answers({ hostName: "a.b" }),
    4,
    /no good answer for hostName: give the host name/,
  );
  await refused(host, answers({ users: "alice" }), 4, /no good answer for users/);
  await refused(host, answers({ action: "boot" }), 4, /no good answer for action/);
  await refused(host, answers({ users: ["nobody-here"] }), 4, /there is no user "nobody-here"/);
  await refused(host, answers({ config: "/nowhere" }), 4, /\/nowhere/);
  host.machine.write(FILE, answers({}));
  Deno.chmodSync(host.machine.host(FILE), 0o666);
  const open = await host.run(ANSWERED);
  equal(open.code, 3, open.stderr);
  match(open.stderr, /the answers cannot be trusted: .*answers.json can be written by everyone/);
  const missing = await host.run(["--answers", "/root/none.json"]);
  equal(missing.code, 4);
  equal((await host.run(["--undo", "--answers", FILE])).code, 4);
});

needsNix("system-installer --answers leaves to nobody what only a person can decide", async () => {
  using host = new InstallerHost("uefi");
  const file = "/etc/nixos/configuration.nix";
  const text = host.machine.read(file);
  host.machine.write(file, text.replace('hostName = "workbench"', 'hostName = "elsewhere"'));
  const answers = JSON.stringify({ version: 1, decisions: { action: "switch" } });
  await refused(host, answers, 6, /is not what this machine runs/);
});
