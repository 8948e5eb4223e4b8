/** The demo tool (demo_tool.ts) as tests of lib/program start it. */
export const demo: string = new URL("./demo_tool.ts", import.meta.url).pathname;
