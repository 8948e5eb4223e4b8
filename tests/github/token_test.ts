import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { findToken } from "../../lib/github/token.ts";
import { testContext } from "../support/context.ts";
import { type ScratchEntry, withScratch } from "../support/scratch_files.ts";

const TOKEN = `ghp_${"a1B2".repeat(9)}`;
const FILE = ".config/github/token";
const NOBODY = { SUDO_USER: "", DOAS_USER: "", PKEXEC_UID: "", GITHUB_TOKEN: "" };

/** What is found in this home: the token's value, and what was warned of. */
async function inHome(
  entry: ScratchEntry | undefined,
  env: Readonly<Record<string, string>> = {},
  more: Readonly<Record<string, ScratchEntry>> = {},
): Promise<{ readonly value: string | undefined; readonly warned: readonly string[] }> {
  let found: Awaited<ReturnType<typeof inHome>> | undefined;
  await withScratch(
    { ...(entry === undefined ? {} : { [FILE]: entry }), ...more },
    async (home) => {
      const ctx = testContext({ env: { ...NOBODY, HOME: home, ...env } });
      const token = await findToken(ctx);
      found = { value: token?.value, warned: ctx.messages("warn") };
    },
  );
  return found!;
}

for (
  const [what, text, value] of [
    ["one line", `${TOKEN}\n`, TOKEN],
    ["no end of line", TOKEN, TOKEN],
    ["line ends of Windows and a mark of byte order", `\ufeff${TOKEN}\r\n\r\n`, TOKEN],
    [
      "a fine-grained one",
      `github_pat_${"11AB_cd".repeat(11)}\n`,
      `github_pat_${"11AB_cd".repeat(11)}`,
    ],
    ["two of them", `${TOKEN}\n${TOKEN}\n`, undefined],
    ["a comment", `# mine\n${TOKEN}\n`, undefined],
    ["an assignment", `GITHUB_TOKEN=${TOKEN}\n`, undefined],
    ["nothing", "\n", undefined],
    ["more than a token has", "a".repeat(2000), undefined],
    ["bytes that are no text", Uint8Array.from({ length: 64 }, (_, at) => at + 128), undefined],
  ] as const
) {
  Deno.test(`findToken() of a file with ${what}`, async () => {
    const found = await inHome(text);
    equal(found.value, value);
    equal(found.warned.length, value === undefined ? 1 : 0);
    // Whatever it holds may be a secret.
    for (const line of found.warned) {
      match(line, /\.config\/github\/token is not used: it /);
      equal(line.includes(TOKEN), false);
    }
  });
}

Deno.test("findToken() says nothing where there is none", async () => {
  deepEqual(await inHome(undefined), { value: undefined, warned: [] });
  deepEqual(await inHome(undefined, { HOME: "" }), { value: undefined, warned: [] });
  deepEqual(await inHome(undefined, { HOME: "relative" }), { value: undefined, warned: [] });
});

Deno.test("findToken() reads a file behind a link, and no folder", async () => {
  equal((await inHome({ link: "../../secret" }, {}, { secret: TOKEN })).value, TOKEN);
  deepEqual(await inHome({ link: "/nowhere/token" }), { value: undefined, warned: [] });
  const folder = await inHome(undefined, {}, { [`${FILE}/x`]: TOKEN });
  match(folder.warned[0]!, /is not used: it is a folder/);
});

Deno.test("findToken() prefers GITHUB_TOKEN, and shows no value that is none", async () => {
  equal((await inHome("12345678", { GITHUB_TOKEN: ` ${TOKEN}\n` })).value, TOKEN);
  equal((await inHome(TOKEN, { GITHUB_TOKEN: "  " })).value, TOKEN);
  await rejects(inHome(TOKEN, { GITHUB_TOKEN: `Bearer ${TOKEN}` }), (error) => {
    match((error as Error).message, /GITHUB_TOKEN does not hold a token/);
    return !(error as Error).message.includes(TOKEN);
  });
});
