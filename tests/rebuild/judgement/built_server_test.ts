import { deepEqual, match } from "node:assert/strict";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { builtServerRefusals } from "../../../lib/rebuild/judgement/built_server.ts";
import { proofQuestion } from "../../../lib/rebuild/proofs/proof_question.ts";
import { readMachineNow } from "../../../lib/rebuild/proofs/read_machine_now.ts";
import { testContext } from "../../support/context.ts";
import { rentedServerFacts } from "../../support/facts.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";

type Files = Record<string, ScratchEntry>;

const SSHD = "/nix/store/aaaa-openssh-9.7p1/bin/sshd";
const CONFIG = "Port 2222\nPermitRootLogin prohibit-password\nUsePAM yes\n" +
  "AuthorizedKeysFile %h/.ssh/authorized_keys /etc/ssh/authorized_keys.d/%u\n";

/** A system as NixOS 24.05 builds it, as far as its SSH server goes. */
function system(name: string, changes: Files = {}): Files {
  const etc = `nix/store/${name}/etc`;
  const files: Files = {
    "ssh/sshd_config": CONFIG,
    "systemd/system/sshd.service":
      `[Service]\nX-StopIfChanged=false\nExecStart=${SSHD} -D -f /etc/ssh/sshd_config\n`,
    "systemd/system/multi-user.target.wants/sshd.service": { link: "../sshd.service" },
    ...changes,
  };
  return Object.fromEntries(
    Object.entries(files).filter(([, entry]) => entry !== "").map(([path, entry]) => [
      `${etc}/${path}`,
      entry,
    ]),
  );
}

/** A rented server, root alone, by key; what is said against its new system. */
async function refused(
  changes: Files,
  { running = {}, change = () => {} }: {
    running?: Files;
    change?: (facts: ConfigurationFacts) => void;
  } = {},
): Promise<string[]> {
  let found: string[] = [];
  const files = {
    "etc/passwd": "root:x:0:0:root:/root:/run/current-system/sw/bin/bash\n",
    "etc/shadow": "root:!:19000::::::\n",
    "etc/group": "root:x:0:\n",
    ...system("old", running),
    ...system("new", changes),
  };
  await withScratch(files, (root) => {
    const ctx = testContext({ root });
    const [before, after] = [rentedServerFacts(), rentedServerFacts(change)];
    const question = proofQuestion(before, after, readMachineNow(ctx, before, after));
    found = builtServerRefusals(ctx, "/nix/store/new", "/nix/store/old", question)
      .map(({ what, why }) => `${what}: ${why}`);
    return Promise.resolve();
  });
  return found;
}

Deno.test("builtServerRefusals() has nothing against the server that services.openssh makes", async () => {
  deepEqual(await refused({}), []);
  const socket: Files = {
    "systemd/system/multi-user.target.wants/sshd.service": "",
    "systemd/system/sshd.service": "",
    "systemd/system/sockets.target.wants/sshd.socket": { link: "../sshd.socket" },
    "systemd/system/sshd.socket": "[Socket]\nListenStream=2222\n",
    "systemd/system/sshd@.service": `[Service]\nExecStart=-${SSHD} -i -D -f /etc/ssh/sshd_config\n`,
  };
  deepEqual(await refused(socket), []);
});

Deno.test("builtServerRefusals() finds a server that would not start", async () => {
  const table: readonly (readonly [changes: Files, why: RegExp])[] = [
    [
      { "systemd/system/multi-user.target.wants/sshd.service": "" },
      /nothing starts sshd\.service$/,
    ],
    [{ "systemd/system/sshd.service": { link: "/dev/null" } }, /nothing starts|masked$/],
    [
      { "systemd/system/sshd.service": "[Service]\nExecStart=/bin/false\n" },
      /sshd\.service starts \/bin\/false$/,
    ],
  ];
  for (const [changes, why] of table) {
    const [one, ...more] = await refused(changes);
    deepEqual(more, []);
    match(one ?? "", why);
    // What runs that way now is what lets people in, somehow.
    deepEqual(await refused(changes, { running: changes }), []);
  }
});

Deno.test("builtServerRefusals() reads the sshd_config that was built, which may be another file than the options make", async () => {
  const says = (text: string) => ({ "ssh/sshd_config": text });
  match((await refused(says("Port 22\n")))[0] ?? "", /listens on port 2222: it would listen on 22/);
  match((await refused(says(CONFIG + "AllowUsers git\n")))[0] ?? "", /root is not among/);
  match((await refused(says(`PermitRootLogin no\n${CONFIG}`)))[0] ?? "", /root may not log in/);
  const elsewhere = {
    "systemd/system/sshd.service": `[Service]\nExecStart=${SSHD} -D -f /etc/ssh/own_config\n`,
    "ssh/own_config": "Port 2200\n",
  };
  match((await refused(elsewhere))[0] ?? "", /would listen on 2200/);
});

Deno.test("builtServerRefusals() leaves what the options already say to the proofs of these", async () => {
  const off = await refused({ "systemd/system/multi-user.target.wants/sshd.service": "" }, {
    change: (f) => f.ssh.enable = false,
  });
  deepEqual(off, []);
  const port = await refused({ "ssh/sshd_config": CONFIG.replace("2222", "22") }, {
    change: (f) => f.ssh.ports = [22],
  });
  deepEqual(port, []);
});
