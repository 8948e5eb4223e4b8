import assert from "node:assert/strict";
import {
  decideHostName,
  decideStateVersion,
  decideUsers,
} from "../../../lib/install/plan/decisions.ts";
import type { MachineReading } from "../../../lib/install/plan/machine_reading.ts";
import type { InstallOptions } from "../../../lib/install/options.ts";
import type { Account } from "../../../lib/machine/accounts/accounts.ts";
import { encodeHostRecord, type HostRecord } from "../../../lib/machine/host_record.ts";
import { testContext } from "../../support/context.ts";
import { configurationFacts } from "../../support/facts.ts";
import { INSTALL_OPTIONS } from "../../support/install_options.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";

type Read = Pick<
  MachineReading,
  "facts" | "hostName" | "accounts" | "invokingUser" | "writtenStateVersion"
>;

function reading(changes: Partial<Read>): MachineReading {
  const accounts = { accounts: [], groups: [], warnings: [], shadowReadable: true };
  return { accounts, ...changes } as unknown as MachineReading;
}

function named(hostName: string): MachineReading["facts"] {
  return configurationFacts((facts) => {
    facts.hostName = hostName;
  });
}

/** What is decided, with where it came from; or the exit code and what is said. */
async function hostName(
  options: Partial<InstallOptions>,
  read: Partial<Read>,
  answers: Record<string, unknown> = {},
  files: Record<string, ScratchEntry> = {},
): Promise<string> {
  const found: string[] = [];
  await withScratch(files, async (root) => {
    const ctx = testContext({ root, answers });
    try {
      const { value, source } = await decideHostName(
        ctx,
        { ...INSTALL_OPTIONS, ...options },
        reading(read),
      );
      found.push(`${value}, ${source}`);
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      found.push(`${error.code} ${error.message}`);
    }
  });
  return found[0]!;
}

Deno.test("decideHostName() keeps the machine's name, whoever gives it", async () => {
  const runs = (name: string) => ({ name, source: "running system" }) as const;
  const file = { name: "box", source: "/etc/hostname" } as const;
  assert.equal(await hostName({ hostname: "new" }, { facts: named("old") }), "new, --hostname");
  assert.equal(
    await hostName({}, { facts: named("old"), hostName: file }),
    "old, evaluated configuration",
  );
  assert.equal(await hostName({}, { facts: undefined, hostName: file }), "box, /etc/hostname");
  // networking.hostName = "": the name is DHCP's or cloud-init's, often a full one.
  const full = runs("ip-10-0-0-7.eu-west-1.compute.internal");
  assert.equal(
    await hostName({}, { facts: named(""), hostName: full }),
    "ip-10-0-0-7, running system",
  );
  // What NixOS takes beyond RFC 1123, and what somebody already has.
  assert.equal(
    await hostName({}, { facts: named("build_01") }),
    "build_01, evaluated configuration",
  );
});

Deno.test("decideHostName() goes by the name that an earlier installation gave", async () => {
  const record: HostRecord = {
    version: 2,
    hostName: "given",
    system: "x86_64-linux",
    base: null,
    tools: null,
  };
  const place = "etc/hypervisor/configuration/host.json";
  const read = { facts: named("old") };
  assert.equal(
    await hostName({}, read, {}, { [place]: encodeHostRecord(record) }),
    "given, host.json",
  );
  assert.equal(await hostName({}, read, {}, { [place]: "{" }), "old, evaluated configuration");
});

Deno.test("decideHostName() asks for what cannot be kept, and ends with 4 where nobody answers", async () => {
  const bad = { name: "-bad-", source: "/etc/hostname" } as const;
  assert.match(await hostName({}, { hostName: bad }), /^4 .*Host name/);
  assert.match(await hostName({}, {}), /^4 .*Host name/);
  assert.equal(
    await hostName({}, { hostName: bad }, { "--hostname": "good" }),
    "good, your answer",
  );
  // A new name is one of RFC 1123.
  for (const answer of ["other_name", "a.b", ""]) {
    assert.match(
      await hostName({}, { facts: named("old") }, { "--hostname": answer }),
      /^4 /,
      answer,
    );
  }
});

function account(name: string, uid: number, changes: Partial<Account> = {}): Account {
  return {
    name,
    uid,
    gid: 100,
    description: "",
    home: `/home/${name}`,
    shell: "/run/current-system/sw/bin/bash",
    passwordState: "hash",
    ...changes,
  } as Account;
}

const ACCOUNTS = {
  accounts: [
    account("root", 0),
    account("sshd", 998, { shell: "/run/current-system/sw/bin/nologin" }),
    account("ana", 1000),
    account("nixbld1", 30001),
    account("backup", 1001, { shell: "/run/current-system/sw/bin/nologin" }),
    account("bob", 1002),
    account("nobody", 65534),
  ],
  groups: [],
  warnings: [],
  shadowReadable: true,
};

Deno.test("decideUsers() takes all, those named, or those picked; root always, services never", async () => {
  const users = async (options: Partial<InstallOptions>, answers: Record<string, unknown> = {}) => {
    const { users, leftBehind } = await decideUsers(
      testContext({ answers }),
      { ...INSTALL_OPTIONS, ...options },
      reading({ accounts: ACCOUNTS }),
    );
    return [
      users.map(({ name }) => name),
      leftBehind.map(({ name, reason }) => `${name}: ${reason}`),
    ];
  };
  const backup = "backup: no login shell (/run/current-system/sw/bin/nologin)";
  assert.deepEqual(await users({}), [["root", "ana", "bob"], [backup]]);
  assert.deepEqual(await users({ users: ["bob", "root", "bob"] }), [["root", "bob"], [
    "ana: not chosen",
    backup,
  ]]);
  assert.deepEqual(await users({ users: [] }), [["root"], [
    "ana: not chosen",
    "bob: not chosen",
    backup,
  ]]);
  assert.deepEqual(await users({}, { "--users": ["ana"] }), [["root", "ana"], [
    "bob: not chosen",
    backup,
  ]]);
});

Deno.test("decideUsers() leaves nobody's account behind without being told to", async () => {
  const decide = async (options: Partial<InstallOptions>, answer: boolean) => {
    const ctx = testContext({ answers: { "--users": ["ana"] } });
    const asked: unknown[] = [];
    const ui = {
      ...ctx.ui,
      confirm: (question: { readonly message: string; readonly default?: boolean }) => {
        asked.push(question.message, question.default);
        return Promise.resolve(answer);
      },
    };
    const chosen = await decideUsers(
      { ...ctx, ui },
      { ...INSTALL_OPTIONS, keepConfig: false, ...options },
      reading({ accounts: ACCOUNTS }),
    );
    return { asked, users: chosen.users.map(({ name }) => name) };
  };
  // Picked at the keyboard: asked once more, and a hasty Enter loses nobody.
  const question = "Leave behind bob? Declared accounts are removed, home folders stay";
  assert.deepEqual(await decide({}, true), { asked: [question, false], users: ["root", "ana"] });
  await assert.rejects(decide({}, false), {
    code: 4,
    message: "not confirmed: leaving behind bob",
  });
  // Named on the command line: that is consent. On a base everybody stays.
  assert.deepEqual(await decide({ users: ["ana"] }, false), { asked: [], users: ["root", "ana"] });
  assert.deepEqual((await decide({ keepConfig: true }, false)).asked, []);
});

Deno.test("decideUsers() names what is wrong with a name, and who there is", async () => {
  const decide = (name: string) =>
    decideUsers(
      testContext(),
      { ...INSTALL_OPTIONS, users: [name] },
      reading({ accounts: ACCOUNTS }),
    );
  const refused: [name: string, message: RegExp, hint: RegExp][] = [
    ["anna", /there is no user "anna"/, /did you mean ana\?/],
    ["zzzzzz", /there is no user "zzzzzz"/, /users here: ana, bob/],
    ["backup", /"backup" cannot be carried over: no login shell/, /./],
    ["sshd", /"sshd" cannot be carried over: a system account/, /./],
    ["", /there is no user ""/, /./],
  ];
  for (const [name, message, hint] of refused) {
    await assert.rejects(decide(name), (error) => {
      assert.ok(error instanceof Error && "hint" in error && "code" in error);
      assert.equal(error.code, 4, name);
      assert.match(error.message, message);
      assert.match(String(error.hint), hint);
      return true;
    });
  }
});

Deno.test("decideStateVersion() never guesses: databases are migrated by it", async () => {
  const version = async (
    options: Partial<InstallOptions>,
    read: Partial<Read>,
    answers: Record<string, unknown> = {},
  ) =>
    await decideStateVersion(
      testContext({ answers }),
      { ...INSTALL_OPTIONS, ...options },
      reading(read),
    );
  const facts = configurationFacts((facts) => {
    facts.stateVersion = "16.09";
  });
  const silent = configurationFacts((facts) => {
    facts.stateVersion = null;
  });
  assert.equal((await version({ stateVersion: "23.11" }, { facts })).source, "--state-version");
  assert.equal((await version({}, { facts, writtenStateVersion: "20.03" })).value, "16.09");
  assert.equal((await version({}, { facts: silent, writtenStateVersion: "20.03" })).value, "20.03");
  await assert.rejects(version({}, {}), { code: 4 });
  await assert.rejects(version({}, {}, { "--state-version": "24.06" }), { code: 4 });
  assert.deepEqual(await version({}, {}, { "--state-version": "19.09" }), {
    value: "19.09",
    source: "your answer",
  });
});
