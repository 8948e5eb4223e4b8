import { equal, match, rejects } from "node:assert/strict";
import { ExitCode } from "../../lib/machine/exit_code.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";
import { parseNix } from "../../lib/validate/parse_nix.ts";
import { testContext } from "../support/context.ts";
import { makeFifo, withScratch } from "../support/scratch_files.ts";
import { type Answer, answering } from "./look.ts";

const FILES = { "a.nix": "{ }", "folder/": "" };

/** Expects a refusal with this code and text where Nix answers so. */
async function expectError(
  path: string,
  answer: Answer,
  code: ExitCode,
  says: RegExp,
): Promise<void> {
  await withScratch(FILES, async (root) => {
    const ctx = answering(testContext({ root }), { "nix-instantiate": answer });
    await rejects(parseNix(ctx, [`${root}/${path}`]), (error) => {
      if (!(error instanceof ToolError)) return false;
      equal(error.code, code, error.message);
      match(error.message, says);
      return true;
    });
  });
}

Deno.test("parseNix() gives what Nix prints, of all files at once", async () => {
  await withScratch(FILES, async (root) => {
    const asked: string[][] = [];
    const ctx = answering(testContext({ root }), {
      "nix-instantiate": (args) => {
        asked.push([...args]);
        return "{ }\n{ }\n";
      },
    });
    equal(await parseNix(ctx, [`${root}/a.nix`, `${root}/b.nix`]), "{ }\n{ }\n");
    equal(asked.length, 1);
  });
});

for (
  const [what, answer, code, says] of [
    [
      "a file that is no Nix",
      { code: 1, stderr: "error: syntax error, unexpected '}'\n\n       at /x/a.nix:1:3:\n" },
      ExitCode.Configuration,
      /syntax error, unexpected '}'.*\(at \/x\/a\.nix/,
    ],
    [
      "a file that is not there",
      { code: 1, stderr: "error: getting status of '/x/a.nix': No such file or directory\n" },
      ExitCode.Configuration,
      /No such file/,
    ],
    [
      "Nix that crashes",
      { code: 134, stderr: "terminate called\n" },
      ExitCode.General,
      /exit code 134/,
    ],
    ["Nix that hangs", { code: 137, timedOut: true }, ExitCode.General, /timed out/],
    [
      "a home that is somebody else's",
      {
        code: 134,
        stderr: "terminate called after throwing\n  what(): error: getting status of " +
          "/home/a/.nix-defexpr/channels: Permission denied\n",
      },
      ExitCode.PermissionDenied,
      /may not look into \/home\/a, which HOME names/,
    ],
  ] as const
) {
  Deno.test(`parseNix() and ${what}: exit ${code}`, () => expectError("a.nix", answer, code, says));
}

Deno.test("parseNix() gives Nix no pipe to wait for", async () => {
  await withScratch(FILES, async (root) => {
    makeFifo(`${root}/pipe.nix`);
    const ctx = answering(testContext({ root }), {});
    await rejects(parseNix(ctx, [`${root}/pipe.nix`]), /pipe\.nix is a pipe/);
  });
});
