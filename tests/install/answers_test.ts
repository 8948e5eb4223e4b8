import { deepEqual, equal, throws } from "node:assert/strict";
import { decisionsOf, withAnswers } from "../../lib/install/answers.ts";
import { testContext } from "../support/context.ts";
import { INSTALL_OPTIONS } from "../support/install_options.ts";
import { withScratch } from "../support/scratch_files.ts";

const NONE: ReadonlySet<string> = new Set();

/** Does something with a file of answers that the one who runs the tests owns. */
async function withFile(text: string, test: (file: string) => void): Promise<void> {
  await withScratch({ "answers.json": text }, (folder) => {
    Deno.chmodSync(`${folder}/answers.json`, 0o600);
    test(`${folder}/answers.json`);
  });
}

const document = (decisions: unknown) => JSON.stringify({ version: 1, decisions });

Deno.test("withAnswers() takes the decisions of a plan again, and the command line wins", async () => {
  const options = { ...INSTALL_OPTIONS, hostname: "tower", users: ["dana"], keepConfig: false };
  await withFile(document(decisionsOf(options)), (file) => {
    const again = withAnswers(testContext(), INSTALL_OPTIONS, file, NONE);
    deepEqual(decisionsOf(again), decisionsOf(options));
    const given = { ...INSTALL_OPTIONS, hostname: "mine" };
    equal(withAnswers(testContext(), given, file, new Set(["hostname"])).hostname, "mine");
  });
  await withFile(document({ hostName: null }), (file) => {
    const given = { ...INSTALL_OPTIONS, hostname: "mine" };
    equal(withAnswers(testContext(), given, file, NONE).hostname, "mine", "null is as found");
  });
});

Deno.test("withAnswers() refuses answers that are no good, by name", async () => {
  const bad: readonly (readonly [text: string, code: number, message: RegExp])[] = [
    ["", 6, /holds no answers/],
    ["null", 6, /holds no answers/],
    ["[]", 6, /holds no answers: it is no plan/],
    ["{}", 6, /holds no answers: it is no plan/],
    // Plans before there were decisions; what rebuild-helper or validator prints.
    [JSON.stringify({ version: 1, host: "h", steps: [] }), 6, /it has no decisions/],
    [JSON.stringify({ version: 2, decisions: {} }), 6, /of version 2; .* reads version 1/],
    [JSON.stringify({ version: 2, answers: {} }), 6, /of version 2; .* reads version 1/],
    [document(null), 6, /holds no answers/],
    [document({ sshPort: 22 }), 4, /answers "sshPort", which nobody asks/],
    [document({ hostname: "x" }), 4, /answers "hostname", which nobody asks/],
    [document({ hostName: "a.b" }), 4, /no good answer for hostName: give the host name without/],
    [document({ hostName: 4 }), 4, /no good answer for hostName/],
    [document({ users: "dana" }), 4, /no good answer for users/],
    [document({ users: ["dana", 4] }), 4, /no good answer for users/],
    [document({ stateVersion: "24.06" }), 4, /no good answer for stateVersion/],
    [document({ action: "format" }), 4, /no good answer for action/],
    [document({ action: "dry-run" }), 4, /no good answer for action/],
  ];
  for (const [text, code, message] of bad) {
    await withFile(text, (file) => {
      const read = () => withAnswers(testContext(), INSTALL_OPTIONS, file, NONE);
      throws(read, { name: "ToolError", code, message }, text);
    });
  }
});

Deno.test("withAnswers() reads no file that others can change, nor one that is none", async () => {
  await withFile(document({}), (file) => {
    Deno.chmodSync(file, 0o666);
    const read = (path: string) => () => withAnswers(testContext(), INSTALL_OPTIONS, path, NONE);
    throws(read(file), { code: 3, message: /cannot be trusted/ });
    throws(read(`${file}.none`), { code: 4, message: /there is no answers file/ });
    throws(read(file.slice(0, file.lastIndexOf("/"))), { name: "ToolError" });
  });
});
