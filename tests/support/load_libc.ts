/**
 * For `deno test --preload` of Deno 2.6, which takes a library that the first test loads for a leak of
 * that test: loaded before any, it is none.
 */
import { libc } from "../../lib/machine/files/libc.ts";

libc();
