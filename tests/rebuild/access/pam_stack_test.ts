import { deepEqual, equal } from "node:assert/strict";
import {
  askPam,
  type PamPerson,
  pamRules,
  sameRule,
} from "../../../lib/rebuild/access/pam_stack.ts";

const WHO: PamPerson = { password: "hash", groups: ["wheel"] };
const NOBODY: PamPerson = { password: "none", groups: [] };
const OPEN = "account required pam_permit.so\n";

function lets(stack: string, person = WHO, others: Record<string, string> = {}): boolean {
  return askPam({ login: stack + OPEN, ...others }, "login", person).kind === "in";
}

Deno.test("askPam() decides as Linux-PAM does: the first failure that counts, and what ends a stack", () => {
  const table: readonly (readonly [stack: string, knows: boolean, nobody: boolean])[] = [
    ["auth required pam_unix.so\n", true, false],
    ["auth sufficient pam_unix.so\nauth required pam_deny.so\n", true, false],
    // Only an optional failure: nothing says yes.
    ["auth optional pam_unix.so\n", true, false],
    ["auth required pam_deny.so\nauth sufficient pam_unix.so\n", false, false],
    ["auth requisite pam_deny.so\nauth required pam_permit.so\n", false, false],
    ["auth required pam_unix.so\nauth required pam_permit.so\n", true, false],
    ["auth sufficient pam_unix.so\nauth required pam_permit.so\n", true, true],
    // Debian's: a jump over the refusal.
    [
      "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n",
      true,
      false,
    ],
    ["auth [success=9 default=ignore] pam_unix.so\nauth required pam_permit.so\n", false, true],
    ["auth [default=die success=ok] pam_unix.so\n", true, false],
    ["auth required pam_faildelay.so delay=3\nauth required pam_unix.so\n", true, false],
    ["auth required pam_env.so\n", false, false],
    ["", false, false],
    ["AUTH Required pam_unix.so # as ever\n", true, false],
    ["auth required \\\n  pam_unix.so\n", true, false],
    ["-auth required pam_unix.so\n", true, false],
  ];
  for (const [stack, knows, nobody] of table) {
    deepEqual([lets(stack), lets(stack, NOBODY)], [knows, nobody], stack);
  }
});

Deno.test("askPam() looks into included services, which may include each other", () => {
  const common = { common: "auth sufficient pam_unix.so\nauth required pam_deny.so\n" };
  equal(lets("auth include common\n", WHO, common), true);
  equal(lets("@include common\n", WHO, common), true);
  equal(lets("auth include common\n", NOBODY, common), false);
  equal(lets("auth include constructor\n", NOBODY), false);
  const round = { a: "auth include b\nauth include b\n", b: "auth include a\nauth include a\n" };
  equal(lets("auth include a\n", NOBODY, round), false, "it comes to an end");
  // What ends a substack ends that alone.
  equal(lets("auth substack common\nauth required pam_deny.so\n", WHO, common), false);
  equal(lets("auth substack common\nauth required pam_permit.so\n", WHO, common), true);
  equal(lets("auth substack common\nauth required pam_permit.so\n", NOBODY, common), false);
  const died = { common: "auth requisite pam_unix.so\nauth required pam_permit.so\n" };
  equal(lets("auth substack common\nauth sufficient pam_permit.so\n", NOBODY, died), false);
  // A jump takes a substack for one step, and does not leave its own.
  const jump = "auth [success=1 default=ignore] pam_permit.so\nauth substack common\n";
  equal(lets(`${jump}auth required pam_unix.so\n`, WHO, common), true);
  equal(lets(`${jump}auth required pam_unix.so\n`, NOBODY, common), false);
  const far = { far: "auth [success=7 default=ignore] pam_permit.so\nauth required pam_deny.so\n" };
  equal(lets("auth substack far\nauth required pam_unix.so\n", WHO, far), true);
});

Deno.test("askPam() tells rules that it does not know from those that let in without them", () => {
  const needs = (stack: string) => {
    const answer = askPam({ login: stack + OPEN }, "login", WHO);
    return answer.kind === "in" ? answer.needs.map(({ module }) => module) : answer.kind;
  };
  deepEqual(needs("auth required pam_unix.so\nauth required pam_oath.so\n"), ["pam_oath.so"]);
  deepEqual(needs("auth sufficient pam_oath.so\nauth required pam_unix.so\n"), []);
  deepEqual(needs("auth required pam_deny.so\nauth required pam_oath.so\n"), "out");
  deepEqual(needs("auth required pam_unix.so\nauth optional pam_oath.so\n"), []);
});

Deno.test("askPam() knows empty passwords, groups, and services that are not there", () => {
  const empty: PamPerson = { password: "empty", groups: [] };
  equal(lets("auth required pam_unix.so nullok\n", empty), true);
  equal(lets("auth required pam_unix.so\n", empty), false);
  equal(lets("auth required pam_wheel.so\nauth required pam_unix.so\n", empty), false);
  equal(lets("auth required pam_wheel.so\nauth required pam_unix.so\n"), true);
  equal(askPam({}, "login", WHO).kind, "out");
  equal(askPam({}, "toString", WHO).kind, "out");
  const key = askPam({ sshd: "account required pam_unix.so\n" }, "sshd", NOBODY, {
    types: ["account"],
  });
  equal(key.kind, "in");
  const su = "auth sufficient pam_rootok.so\nauth required pam_deny.so\n" + OPEN;
  equal(askPam({ su }, "su", NOBODY).kind, "out");
  equal(askPam({ su }, "su", NOBODY, { asRoot: true }).kind, "in");
});

Deno.test("sameRule() forgets where in the store a program lies, and in which order its words stand", () => {
  const [a] = pamRules(
    "auth required /nix/store/abc-x/lib/security/pam_x.so a=/nix/store/abc-y/z b\n",
  );
  const [b] = pamRules("auth required pam_x.so b a=/z\n");
  const [c] = pamRules("auth required pam_x.so b a=/other\n");
  deepEqual([sameRule(a!, b!), sameRule(b!, c!)], [true, false]);
});
