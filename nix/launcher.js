/**
 * Starts a compiled tool: runs the script that is packed beside it, with V8's compiled code of it, so that
 * a start neither parses nor compiles. Code that another V8, or V8 with other flags, has made is not used:
 * the tool starts all the same, later. compiled_code.ts makes both.
 */
import { getBuiltinModule } from "node:process";
import { Script } from "node:vm";

const { dirname, filename } = import.meta;
const script = new Script(Deno.readTextFileSync(`${dirname}/script`), {
  filename: filename.slice(dirname.length + 1),
  cachedData: Deno.readFileSync(`${dirname}/code`),
});
script.runInThisContext()(
  getBuiltinModule,
  {},
  (builtIn) => import(builtIn),
  // A script would be given Node's.
  { setTimeout, clearTimeout, setInterval, clearInterval, performance },
);
