/**
 * Run by the runtime that a tool is compiled with: what V8 makes of a script, and whether it takes code.
 *
 *     code-maker make SCRIPT CODE   writes the compiled code
 *     code-maker try SCRIPT CODE    exit code 1 when it is of no use
 */
import { Script } from "node:vm";

const [what, script, code] = Deno.args;
const text = Deno.readTextFileSync(script);
if (what === "make") Deno.writeFileSync(code, new Script(text).createCachedData());
else if (new Script(text, { cachedData: Deno.readFileSync(code) }).cachedDataRejected) Deno.exit(1);
