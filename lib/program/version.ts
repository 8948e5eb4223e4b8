import config from "../../deno.json" with { type: "json" };

/** The toolkit's version; deno.json is its one source. */
export const VERSION: string = config.version;
