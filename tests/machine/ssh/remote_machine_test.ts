import assert from "node:assert/strict";
import { lookOf } from "../../../lib/machine/ssh/remote_machine.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";

const SEEN = {
  uid: "1000",
  name: "vmhost",
  machine: "x86_64",
  nixos: "yes",
  store: "1000 4096 655360 600000",
  elevator: "sudo",
  program: "/run/wrappers/bin/sudo",
  useless: "",
  folder: "/tmp/tmp.AbCdEf1234",
};

/** The lines of a machine that differs in these. */
function told(changes: Partial<typeof SEEN> = {}): string {
  const lines = Object.entries({ ...SEEN, ...changes }).map(([name, value]) => `${name}=${value}`);
  return `${lines.join("\n")}\n`;
}

function look(stdout: string, terminal = false, stderr = "") {
  return lookOf("anna@vmhost", terminal, { stdout, stderr });
}

Deno.test("lookOf() reads what a machine is, whatever its store lies on", () => {
  const { hostName, platform, isNixos, freeStore, folder } = look(told());
  assert.deepEqual([hostName, platform, isNixos, folder], [
    "vmhost",
    "x86_64-linux",
    true,
    "/tmp/tmp.AbCdEf1234",
  ]);
  assert.deepEqual(freeStore, { bytes: 4_096_000, inodes: 600_000 });
  // btrfs counts no inodes (statfs(2)).
  assert.deepEqual(look(told({ store: "1000 4096 0 0" })).freeStore, {
    bytes: 4_096_000,
    inodes: undefined,
  });
  const debian = look(told({ nixos: "", store: "", machine: "aarch64" }));
  assert.deepEqual([debian.isNixos, debian.freeStore, debian.platform], [
    false,
    undefined,
    "aarch64-linux",
  ]);
  assert.equal(look(told({ name: "a=b" })).hostName, "a=b");
});

Deno.test("lookOf() becomes root there in the way that works, and with a question only on a terminal", () => {
  const program = (name: string) => `/run/wrappers/bin/${name}`;
  const cases: [
    changes: Partial<typeof SEEN>,
    silent: string[] | undefined,
    asking: string[] | undefined,
  ][] = [
    [{}, [program("sudo"), "-n", "--"], [program("sudo"), "--"]],
    [
      { elevator: "doas", program: program("doas") },
      [program("doas"), "-n", "--"],
      [program("doas"), "--"],
    ],
    [
      { elevator: "run0", program: "/run/current-system/sw/bin/run0" },
      [
        "/run/current-system/sw/bin/run0",
        "--setenv=SSH_CONNECTION",
        "--no-ask-password",
        "--",
      ],
      ["/run/current-system/sw/bin/run0", "--setenv=SSH_CONNECTION", "--background=", "--"],
    ],
    [{ elevator: "", program: "" }, undefined, undefined],
    // Root needs none of them.
    [{ uid: "0", elevator: "", program: "" }, [], []],
  ];
  for (const [changes, silent, asking] of cases) {
    assert.deepEqual(look(told(changes)).elevation, silent);
    assert.deepEqual(look(told(changes), true).elevation, asking);
  }
  assert.equal(look(told({ useless: "/usr/bin/sudo" })).useless, "/usr/bin/sudo");
  // What `command -v` says of an alias is no program.
  assert.equal("useless" in look(told({ useless: "alias sudo='doas'" })), false);
});

Deno.test("run0 is given only what it knew in systemd 256, its first release", () => {
  // run0(1) of systemd 256; --pty and --pipe came with 257.
  const known =
    /^--(no-ask-password|unit=.*|property=.*|description=.*|slice=.*|slice-inherit|user=.*|group=.*|nice=.*|chdir=.*|setenv=.*|background=.*|machine=.*)?$/;
  for (const terminal of [true, false]) {
    const words = look(told({ elevator: "run0", program: "/bin/run0" }), terminal).elevation!;
    assert.deepEqual(words.slice(1).filter((word) => !known.test(word)), []);
  }
});

Deno.test("lookOf() tells a machine that greets from one that has no room", () => {
  const refused: [stdout: string, stderr: string, said: RegExp][] = [
    [`Welcome!\n${told()}`, "", /not understood: Welcome!/],
    ["", "", /not understood/],
    ["This account is currently not available.\n", "", /not available/],
    [told({ elevator: "su" }), "", /not understood/],
    [told({ folder: "/tmp/a b; rm -rf /" }), "", /not understood/],
    [told({ folder: "tmp.1" }), "", /not understood/],
    [
      told({ folder: "" }),
      "mktemp: failed to create directory via template '/tmp/tmp.X': No space left on device\n",
      /no temporary folder can be made on anna@vmhost: mktemp: .*No space left on device$/,
    ],
  ];
  for (const [stdout, stderr, said] of refused) {
    assert.throws(() => look(stdout, false, stderr), (error) => {
      assert.ok(error instanceof ToolError && error.hint !== undefined);
      assert.match(error.message, said);
      return true;
    });
  }
});
